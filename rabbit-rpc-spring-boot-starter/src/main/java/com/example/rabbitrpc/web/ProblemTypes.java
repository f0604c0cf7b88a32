package com.example.rabbitrpc.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.MappingMatch;

/** Where a problem's page is: below whatever the application is mounted at. */
public final class ProblemTypes {

    private ProblemTypes() {}

    /** The path of a problem's type, such as {@code /problems/no-server}. */
    public static String path(HttpServletRequest request, String slug) {
        return prefix(request) + "/problems/" + slug;
    }

    /** What stands before all paths of the application: its context path, as the caller has it, and its servlet's path. */
    public static String prefix(HttpServletRequest request) {
        String servlet =
                request.getHttpServletMapping().getMappingMatch() == MappingMatch.PATH ? request.getServletPath() : "";
        return request.getContextPath() + servlet;
    }
}
