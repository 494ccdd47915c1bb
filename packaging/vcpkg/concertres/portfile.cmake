# The library of the checkout that this port stands in, without the server:
#
#   vcpkg install concertres --overlay-ports=packaging/vcpkg
#
# Written by the manual of vcpkg and never run: where this was made there was no vcpkg.

cmake_path(ABSOLUTE_PATH CMAKE_CURRENT_LIST_DIR NORMALIZE OUTPUT_VARIABLE port)
cmake_path(SET SOURCE_PATH NORMALIZE "${port}/../../..")

vcpkg_check_features(
    OUT_FEATURE_OPTIONS feature_options
    FEATURES
        postgres CONCERTRES_POSTGRES
        sqlite CONCERTRES_WITH_SQLITE
)
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${feature_options}
        -DCONCERTRES_BUILD_SERVER=OFF
        -DCONCERTRES_BUILD_TESTS=OFF
        -DCONCERTRES_BUILD_EXAMPLES=OFF
        -DCONCERTRES_BUILD_BENCHMARKS=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/concertres)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
