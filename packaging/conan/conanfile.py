# The library, without the server, for Conan 2:
#
#   conan create packaging/conan --build=missing
#
# Where the system has what it needs, as Debian 12 does (./dev test installs that), the profile
# beside this file takes it from there:
#
#   conan create packaging/conan --profile:all packaging/conan/debian-12
#
# With that profile Conan 2.34 resolved it and CMake configured it; it has not been built by Conan, nor
# with the packages of a remote.
import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir


class Concertres(ConanFile):
    name = "concertres"
    version = "0.1.0"
    description = "The box office as a library: waiting room, seat holds, wallet and payment"
    license = "MIT"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "sqlite": [True, False],
        "postgres": [True, False],
    }
    default_options = {"shared": False, "fPIC": True, "sqlite": True, "postgres": False}
    implements = ["auto_shared_fpic"]

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    def requirements(self):
        # asio.hpp shows Boost; nothing else shows anything.
        self.requires("boost/[>=1.81 <2]", transitive_headers=True)
        self.requires("fmt/[>=9 <12]")
        self.requires("openssl/[>=3 <4]")
        if self.options.sqlite:
            self.requires("sqlite3/[>=3.37 <4]")
            self.requires("sqlitecpp/[>=3.2 <4]")
        if self.options.postgres:
            self.requires("libpq/[>=14 <18]")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.variables["CONCERTRES_WITH_SQLITE"] = bool(self.options.sqlite)
        toolchain.variables["CONCERTRES_POSTGRES"] = bool(self.options.postgres)
        for part in ("SERVER", "TESTS", "EXAMPLES", "BENCHMARKS"):
            toolchain.variables["CONCERTRES_BUILD_" + part] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        # Conan's own descriptions are in their place.
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        def component(name, library, requires):
            info = self.cpp_info.components[name]
            info.set_property("cmake_target_name", "concertres::" + name)
            info.libs = [library] if library else []
            info.libdirs = info.libdirs if library else []
            info.requires = requires

        component("concertres", "concertres", ["boost::json", "fmt::fmt", "openssl::crypto"])
        self.cpp_info.components["concertres"].system_libs = ["pthread"]
        component("asio", None, ["concertres", "boost::headers"])
        if self.options.sqlite:
            component(
                "sqlite",
                "concertres_sqlite",
                ["concertres", "boost::headers", "sqlite3::sqlite3", "sqlitecpp::sqlitecpp"],
            )
        if self.options.postgres:
            component("postgres", "concertres_postgres", ["concertres", "libpq::pq"])
