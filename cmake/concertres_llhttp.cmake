# The target concertres::llhttp: the HTTP/1.1 parser llhttp, always strict. From version 9 on it is
# taken as it is installed; before, its default build lets requests be smuggled, so Debian 12's
# sources (package node-llhttp, 8.1) are compiled here, in strict mode.

if(TARGET concertres::llhttp)
    return()
endif()

# GLOBAL: who links the server links it too, in other folders.
find_package(llhttp CONFIG QUIET GLOBAL)
if(llhttp_FOUND AND llhttp_VERSION VERSION_GREATER_EQUAL 9)
    foreach(candidate llhttp::llhttp_shared llhttp::llhttp_static llhttp::llhttp)
        if(TARGET ${candidate})
            add_library(concertres::llhttp ALIAS ${candidate})
            return()
        endif()
    endforeach()
endif()

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(concertres_llhttp QUIET IMPORTED_TARGET GLOBAL libllhttp>=9)
    if(concertres_llhttp_FOUND)
        add_library(concertres::llhttp ALIAS PkgConfig::concertres_llhttp)
        return()
    endif()
endif()

find_path(
    CONCERTRES_LLHTTP_INCLUDE
    llhttp.h
    PATHS /usr/share/include /usr/include
    PATH_SUFFIXES llhttp
    NO_DEFAULT_PATH
)
find_path(CONCERTRES_LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
mark_as_advanced(CONCERTRES_LLHTTP_INCLUDE CONCERTRES_LLHTTP_SOURCES)
if(NOT CONCERTRES_LLHTTP_INCLUDE OR NOT CONCERTRES_LLHTTP_SOURCES)
    message(
        FATAL_ERROR
        "llhttp is missing. Install libllhttp-dev (9 or later) or Debian 12's node-llhttp, "
        "or set CONCERTRES_BUILD_SERVER=OFF."
    )
endif()

enable_language(C)
# Not ours, so without our warnings.
add_library(
    concertres_llhttp
    STATIC
    ${CONCERTRES_LLHTTP_SOURCES}/api.c
    ${CONCERTRES_LLHTTP_SOURCES}/http.c
    ${CONCERTRES_LLHTTP_SOURCES}/llhttp.c
)
add_library(concertres::llhttp ALIAS concertres_llhttp)
target_include_directories(concertres_llhttp SYSTEM PUBLIC ${CONCERTRES_LLHTTP_INCLUDE})
target_compile_definitions(concertres_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(concertres_llhttp PRIVATE -w)
set_target_properties(
    concertres_llhttp
    PROPERTIES C_COMPILER_LAUNCHER "${CMAKE_CXX_COMPILER_LAUNCHER}"
)
