# Rules that every target of this project follows.

# The warnings are ours alone: PRIVATE, so that no embedder inherits them.
function(concertres_target_rules target)
    target_compile_options(
        ${target}
        PRIVATE
            -Wall
            -Wextra
            -Wpedantic
            -Wcast-qual
            -Wconversion
            -Wextra-semi
            -Wformat=2
            -Wimplicit-fallthrough
            -Wnon-virtual-dtor
            -Wold-style-cast
            -Woverloaded-virtual
            -Wshadow
            -Wundef
            -Wunused
            # Commands are built with designated initializers that leave the defaults alone.
            -Wno-missing-field-initializers
            $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers>
            # libstdc++ 12's stable algorithms use what it deprecates itself.
            $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
            $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond>
            $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op>
            # False alarms of g++ 12: on std::string, on Asio's coroutines, under the sanitizers.
            $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
            $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
            $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
            $<$<BOOL:${CONCERTRES_WERROR}>:-Werror>
    )
    # There are no modules: newer versions of CMake would look through every file for them.
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF CXX_SCAN_FOR_MODULES OFF)
    if(CONCERTRES_LTO)
        set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
    endif()
endfunction()

# Fails when a file below `directory` that matches `pattern` is not in the list that follows;
# paths are relative to `directory`. The glob only checks, it never adds: a file that nobody
# listed is a mistake to be told, not a test to be skipped.
function(concertres_check_listed directory pattern)
    if(NOT PROJECT_IS_TOP_LEVEL)
        return()
    endif()
    file(
        GLOB_RECURSE present
        CONFIGURE_DEPENDS
        RELATIVE ${directory}
        ${directory}/${pattern}
    )
    list(FILTER present EXCLUDE REGEX "^(consumer|fixtures)/")
    list(REMOVE_ITEM present ${ARGN})
    if(present)
        list(JOIN present "\n    " lines)
        message(
            FATAL_ERROR
            "These files below ${directory} are in no list; "
            "add them to ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt:\n    ${lines}"
        )
    endif()
endfunction()

# project(VERSION) is the one place; the header repeats it for the preprocessor.
function(concertres_check_version_header header)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
    file(READ ${header} text)
    foreach(part MAJOR MINOR PATCH)
        if(NOT text MATCHES "#define CONCERTRES_VERSION_${part} ${PROJECT_VERSION_${part}}\n")
            message(FATAL_ERROR "${header}: CONCERTRES_VERSION_${part} is not that of project() "
                                "(${PROJECT_VERSION})")
        endif()
    endforeach()
    if(NOT text MATCHES "#define CONCERTRES_VERSION_STRING \"${PROJECT_VERSION}\"\n")
        message(FATAL_ERROR "${header}: CONCERTRES_VERSION_STRING is not that of project() "
                            "(${PROJECT_VERSION})")
    endif()
endfunction()
