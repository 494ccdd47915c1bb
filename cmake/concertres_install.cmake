# Eight packages in one: core, sqlite, postgres, kafka, webhook, payment_http, redis and asio, so that
# a consumer finds only what it asks for.

# Each library is a component of its own, and what is needed to compile against them is `dev`: so
# packaging/debian makes packages of them.

include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/concertres)

# concertres_install_library(TARGET COMPONENT): the component is also the name of what it exports.
function(concertres_install_library target component)
    install(
        TARGETS ${target}
        EXPORT concertres_${component}
        LIBRARY COMPONENT ${component} NAMELINK_COMPONENT dev
        ARCHIVE COMPONENT dev
        FILE_SET HEADERS COMPONENT dev
    )
    install(
        EXPORT concertres_${component}
        DESTINATION ${package_folder}
        FILE concertres-${component}.cmake
        NAMESPACE concertres::
        COMPONENT dev
    )
endfunction()

concertres_install_library(concertres core)
if(CONCERTRES_WITH_SQLITE)
    concertres_install_library(concertres_sqlite sqlite)
endif()
if(CONCERTRES_POSTGRES)
    concertres_install_library(concertres_postgres postgres)
endif()
if(CONCERTRES_KAFKA)
    concertres_install_library(concertres_kafka kafka)
endif()
if(CONCERTRES_WEBHOOK)
    concertres_install_library(concertres_webhook webhook)
endif()
if(CONCERTRES_PAYMENT_HTTP)
    concertres_install_library(concertres_payment_http payment_http)
endif()
if(CONCERTRES_REDIS)
    concertres_install_library(concertres_redis redis)
endif()
concertres_install_library(concertres_asio asio)

# A static library passes its private dependencies on to whoever links it; a shared one does not.
get_target_property(library_type concertres TYPE)
set(CONCERTRES_IS_STATIC OFF)
if(library_type STREQUAL "STATIC_LIBRARY")
    set(CONCERTRES_IS_STATIC ON)
endif()

configure_package_config_file(
    cmake/concertresConfig.cmake.in concertresConfig.cmake INSTALL_DESTINATION ${package_folder}
)
# Before 1.0 a minor version may break.
write_basic_package_version_file(concertresConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(
    FILES
        ${CMAKE_CURRENT_BINARY_DIR}/concertresConfig.cmake
        ${CMAKE_CURRENT_BINARY_DIR}/concertresConfigVersion.cmake
    DESTINATION ${package_folder}
    COMPONENT dev
)

# An absolute directory stays as it is; a relative one moves with the prefix, which is where these
# files turn out to be.
set(pc_PREFIX "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    file(RELATIVE_PATH pc_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" pc_PREFIX "\${pcfiledir}/${pc_PREFIX}")
endif()
foreach(directory LIBDIR INCLUDEDIR)
    set(pc_${directory} "\${prefix}")
    cmake_path(APPEND pc_${directory} "${CMAKE_INSTALL_${directory}}")
endforeach()
# pkg-config wants the packages of what is private to be there, whoever needs it.
set(pc_for_archives "")
if(NOT CONCERTRES_IS_STATIC)
    set(pc_for_archives "# Where it is an archive: ")
endif()
set(pc_files concertres.pc)
if(CONCERTRES_WITH_SQLITE)
    list(APPEND pc_files concertres-sqlite.pc)
endif()
if(CONCERTRES_POSTGRES)
    list(APPEND pc_files concertres-postgres.pc)
endif()
if(CONCERTRES_KAFKA)
    list(APPEND pc_files concertres-kafka.pc)
endif()
if(CONCERTRES_WEBHOOK)
    list(APPEND pc_files concertres-webhook.pc)
endif()
if(CONCERTRES_PAYMENT_HTTP)
    list(APPEND pc_files concertres-payment-http.pc)
endif()
if(CONCERTRES_REDIS)
    list(APPEND pc_files concertres-redis.pc)
endif()
foreach(file IN LISTS pc_files)
    configure_file(cmake/${file}.in ${file} @ONLY)
    install(
        FILES ${CMAKE_CURRENT_BINARY_DIR}/${file}
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT dev
    )
endforeach()
