package com.example.rabbitrpc;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which package may know which. */
class ArchitectureTests {

    private final JavaClasses library = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("com.example.rabbitrpc");

    @Test
    void onlyAutoConfigurationKnowsSpringBoot() {
        noClasses()
                .that()
                .resideOutsideOfPackage("com.example.rabbitrpc.autoconfigure")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.boot..")
                .check(library);
    }

    @Test
    void clientAndServerDoNotKnowEachOther() {
        noClasses()
                .that()
                .resideInAPackage("..rabbitrpc.client..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..rabbitrpc.server..", "..rabbitrpc.web..")
                .allowEmptyShould(true)
                .check(library);
        noClasses()
                .that()
                .resideInAPackage("..rabbitrpc.server..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..rabbitrpc.client..", "..rabbitrpc.web..")
                .allowEmptyShould(true)
                .check(library);
    }

    @Test
    void noPackagesKnowEachOtherInACircle() {
        slices().matching("com.example.rabbitrpc.(*)..")
                .should()
                .beFreeOfCycles()
                .check(library);
    }
}
