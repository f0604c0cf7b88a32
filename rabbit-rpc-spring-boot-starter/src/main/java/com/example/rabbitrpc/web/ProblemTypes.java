package com.example.rabbitrpc.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.MappingMatch;

/** The paths of problems, below the path at which the application is mounted. */
public final class ProblemTypes {

    private ProblemTypes() {}

    /** The path of a problem's type, such as {@code /problems/no-server}. */
    public static String path(HttpServletRequest request, String slug) {
        return prefix(request) + "/problems/" + slug;
    }

    /** What all paths of the application begin with: its context path, as the caller sees it, and its servlet's path. */
    public static String prefix(HttpServletRequest request) {
        String servlet =
                request.getHttpServletMapping().getMappingMatch() == MappingMatch.PATH ? request.getServletPath() : "";
        return request.getContextPath() + servlet;
    }
}
