# Five packages in one: core, sqlite, postgres, kafka and asio, so that a consumer finds only what it asks for.

include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/concertres)

install(TARGETS concertres EXPORT concertres_core FILE_SET HEADERS)
install(
    EXPORT concertres_core
    DESTINATION ${package_folder}
    FILE concertres-core.cmake
    NAMESPACE concertres::
)
if(CONCERTRES_WITH_SQLITE)
    install(TARGETS concertres_sqlite EXPORT concertres_sqlite FILE_SET HEADERS)
    install(
        EXPORT concertres_sqlite
        DESTINATION ${package_folder}
        FILE concertres-sqlite.cmake
        NAMESPACE concertres::
    )
endif()
if(CONCERTRES_POSTGRES)
    install(TARGETS concertres_postgres EXPORT concertres_postgres FILE_SET HEADERS)
    install(
        EXPORT concertres_postgres
        DESTINATION ${package_folder}
        FILE concertres-postgres.cmake
        NAMESPACE concertres::
    )
endif()
if(CONCERTRES_KAFKA)
    install(TARGETS concertres_kafka EXPORT concertres_kafka FILE_SET HEADERS)
    install(
        EXPORT concertres_kafka
        DESTINATION ${package_folder}
        FILE concertres-kafka.cmake
        NAMESPACE concertres::
    )
endif()
install(TARGETS concertres_asio EXPORT concertres_asio FILE_SET HEADERS)
install(
    EXPORT concertres_asio
    DESTINATION ${package_folder}
    FILE concertres-asio.cmake
    NAMESPACE concertres::
)

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
)

# An absolute directory stays as it is; a relative one moves with the prefix.
foreach(directory LIBDIR INCLUDEDIR)
    set(pc_${directory} "\${prefix}")
    cmake_path(APPEND pc_${directory} "${CMAKE_INSTALL_${directory}}")
endforeach()
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
foreach(file IN LISTS pc_files)
    configure_file(cmake/${file}.in ${file} @ONLY)
    install(
        FILES ${CMAKE_CURRENT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    )
endforeach()
