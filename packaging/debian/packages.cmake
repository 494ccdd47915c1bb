# Packages of Debian, by `cpack -G DEB` in a build of the preset `package`: one for each shared
# library, which is named by its soname; one to compile against them; one of the server.
# `./dev package` makes them, and `--try` installs them on a fresh Debian 12 and buys there; DEBFULLNAME
# and DEBEMAIL say who answers for them.

if(NOT BUILD_SHARED_LIBS OR NOT CONCERTRES_POSTGRES OR NOT CONCERTRES_KAFKA
   OR NOT CONCERTRES_WEBHOOK OR NOT CONCERTRES_PAYMENT_HTTP OR NOT CONCERTRES_REDIS
   OR NOT CONCERTRES_BUILD_SERVER)
    message(FATAL_ERROR
            "CONCERTRES_DEB needs shared libraries, libpq, librdkafka, libcurl, hiredis and the server")
endif()

set(abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(name_of_core libconcertres${abi})
set(name_of_sqlite libconcertres-sqlite${abi})
set(name_of_postgres libconcertres-postgres${abi})
set(name_of_kafka libconcertres-kafka${abi})
set(name_of_webhook libconcertres-webhook${abi})
set(name_of_payment_http libconcertres-payment-http${abi})
set(name_of_redis libconcertres-redis${abi})
set(name_of_dev libconcertres-dev)
set(name_of_server concertres)
set(components core sqlite postgres kafka webhook payment_http redis dev server)

find_program(gzip_program gzip REQUIRED)
set(changelog ${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian.gz)
set(manual ${CMAKE_CURRENT_BINARY_DIR}/concertres.1.gz)
foreach(file changelog manual)
    set(plain ${CMAKE_CURRENT_LIST_DIR}/changelog)
    if(file STREQUAL manual)
        set(plain ${CMAKE_CURRENT_LIST_DIR}/concertres.1)
    endif()
    execute_process(
        COMMAND ${gzip_program} -9nc ${plain} OUTPUT_FILE ${${file}} COMMAND_ERROR_IS_FATAL ANY
    )
endforeach()

foreach(component IN LISTS components)
    set(documents ${CMAKE_INSTALL_DATADIR}/doc/${name_of_${component}})
    install(
        FILES LICENSE DESTINATION ${documents} RENAME copyright COMPONENT ${component}
    )
    install(FILES ${changelog} DESTINATION ${documents} COMPONENT ${component})
endforeach()
set(deploy ${PROJECT_SOURCE_DIR}/server/deploy)
install(
    FILES ${deploy}/concertres.service ${deploy}/concertres-shared.service
    DESTINATION lib/systemd/system
    COMPONENT server
)
install(FILES ${deploy}/concertres.toml DESTINATION /etc/concertres COMPONENT server)
install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT server)
install(
    DIRECTORY ${deploy}/grafana ${deploy}/prometheus
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/concertres/examples
    COMPONENT server
)
install(
    FILES ${CMAKE_CURRENT_LIST_DIR}/README.Debian
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/concertres
    COMPONENT server
)
install(
    FILES examples/01_hold_and_pay.cpp
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name_of_dev}/examples
    COMPONENT dev
)

set(maintainer "concertres contributors <packages@concertres.invalid>")
if(DEFINED ENV{DEBFULLNAME} AND DEFINED ENV{DEBEMAIL})
    set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "${maintainer}")
# Each package has a summary of its own: the first line of its description.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_SQLITE_DEPENDS core)
set(CPACK_COMPONENT_POSTGRES_DEPENDS core)
set(CPACK_COMPONENT_KAFKA_DEPENDS core)
set(CPACK_COMPONENT_WEBHOOK_DEPENDS core)
set(CPACK_COMPONENT_PAYMENT_HTTP_DEPENDS core)
set(CPACK_COMPONENT_REDIS_DEPENDS core)
set(CPACK_COMPONENT_DEV_DEPENDS core sqlite postgres kafka webhook payment_http redis)
set(CPACK_COMPONENT_SERVER_DEPENDS core sqlite postgres kafka webhook payment_http redis)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR}/src)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY =)

# concertres_package(COMPONENT SECTION "WHAT IT IS" "more")
macro(concertres_package component section summary)
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name_of_${component}})
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
    set(CPACK_COMPONENT_${upper}_DESCRIPTION "${summary}\n${ARGN}")
endmacro()

set(what "concertres sells the seats of concerts: a waiting room, holds, a wallet and\n\
payment, decided in one commit, so that no seat is sold twice and no answered\n\
sale is lost.")
concertres_package(core libs "box office as a library" "${what}")
concertres_package(
    sqlite libs "box office as a library, kept in one file of SQLite"
    "${what}\n.\nThis is the library that keeps a sale in a file."
)
concertres_package(
    postgres libs "box office as a library, kept in PostgreSQL"
    "${what}\n.\nThis is the library that keeps a sale in a database, for several servers."
)
concertres_package(
    kafka libs "box office as a library, its events in Kafka"
    "${what}\n.\nThis is the library that passes a sale's events on to Kafka."
)
concertres_package(
    webhook libs "box office as a library, its events as webhooks"
    "${what}\n.\nThis is the library that passes a sale's events on to a web address."
)
concertres_package(
    payment_http libs "box office as a library, its payments by a provider"
    "${what}\n.\nThis is the library that asks a provider of payments, by HTTP."
)
concertres_package(
    redis libs "box office as a library, its line in Redis"
    "${what}\n.\nThis is the library that keeps who waits in Redis."
)
concertres_package(
    dev libdevel "box office as a library, to compile against"
    "${what}\n.\nHeaders, and what CMake and pkg-config need. concertres::asio needs Boost\n\
1.81."
)
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS libboost1.81-dev)
concertres_package(
    server web "box office with an HTTP server, a page to buy from and a console"
    "${what}\n.\nThis is the server: a JSON API, the page that people buy from, the console of\n\
those who sell, and tools to import, audit and back up a sale."
)
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/conffiles ${CMAKE_CURRENT_LIST_DIR}/postinst
    ${CMAKE_CURRENT_LIST_DIR}/prerm
)

# Who has shared libraries has them found.
foreach(upper CORE SQLITE POSTGRES KAFKA WEBHOOK PAYMENT_HTTP REDIS)
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/triggers)
endforeach()

include(CPack)
