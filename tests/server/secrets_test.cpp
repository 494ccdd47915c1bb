#include "config/secrets.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "base/base64url.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::server;
using concertres::test::TempDir;

namespace {

constexpr std::string_view good_key = "0123456789abcdef0123456789abcdef";

std::filesystem::path write(const TempDir& dir, std::string_view text, mode_t mode = 0600) {
    const auto path = dir.path() / "key";
    std::ofstream(path, std::ios::binary) << text;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
}

// What is wrong with a file of this text, without its path.
std::string fault_of(std::string_view text, mode_t mode = 0600) {
    const TempDir dir;
    const auto path = write(dir, text, mode);
    const auto read = read_secret_file(path);
    REQUIRE(!read);
    const std::string& detail = read.error().detail;
    CHECK(detail.find(path.native()) != std::string::npos);
    CHECK((text.size() < 8 || detail.find(text.substr(0, 8)) == std::string::npos));
    const std::size_t at = detail.find(path.native());
    return detail.substr(0, at) + "FILE" + detail.substr(at + path.native().size());
}

std::string encoded(char byte, std::size_t size = 32) {
    return encode_base64url(std::string(size, byte));
}

std::string token_fault(const std::string& text) {
    const auto keys = parse_token_keys(text, "keys");
    REQUIRE(!keys);
    return keys.error().detail;
}

}  // namespace

TEST_CASE("a secret is the first line of its file without the blanks around it") {
    const TempDir dir;
    for (const char* around : {"", "\n", "\r\n", " \t\n", "\nanything else\n"}) {
        CAPTURE(around);
        const auto read = read_secret_file(write(dir, std::string(good_key) + around));
        REQUIRE(read);
        CHECK(*read == good_key);
    }
    CHECK(*read_secret_file(write(dir, "  " + std::string(good_key))) == good_key);
    CHECK(read_secret_file(write(dir, std::string(16, 'x'))));
    CHECK(read_secret_file(write(dir, std::string(512, 'x'))));
}

TEST_CASE("a secret that others could read is refused, and the message says what to run") {
    const std::string text(good_key);
    for (mode_t mode : {0604u, 0644u, 0602u, 0601u, 0666u}) {
        CAPTURE(mode);
        const std::string fault = fault_of(text, mode);
        CHECK(fault.starts_with("FILE is open to every user of this machine; run: chmod 600 /"));
    }
    const TempDir dir;
    for (mode_t mode : {0600u, 0400u, 0640u, 0440u}) {
        CAPTURE(mode);
        CHECK(read_secret_file(write(dir, text, mode)));
    }
}

TEST_CASE("a secret that is no secret is refused") {
    CHECK(fault_of("") == "FILE has no key in its first line");
    CHECK(fault_of("\n" + std::string(good_key)) == "FILE has no key in its first line");
    CHECK(fault_of("   \n") == "FILE has no key in its first line");
    CHECK(fault_of("short-but-secre").starts_with("FILE has a key of 15 characters; it must have"));
    CHECK(fault_of(std::string(513, 'x')).starts_with("FILE has a key of 513 characters"));
    CHECK(fault_of("with a blank in between").starts_with("FILE has a key with blanks"));
    CHECK(fault_of("with-sm\xc3\xb8rrebr\xc3\xb8"
                   "d-in-it")
              .starts_with("FILE has a key with blanks"));
    CHECK(fault_of(std::string("with-a-nul-\0-in-it-oh", 21)).starts_with("FILE has a key with"));
    CHECK(fault_of(std::string(70'000, 'x')).starts_with("FILE is larger than"));
}

TEST_CASE("a file that cannot be read is named with the reason") {
    const TempDir dir;
    auto read = read_secret_file(dir.path() / "none");
    REQUIRE(!read);
    CHECK(read.error().detail ==
          "cannot read " + (dir.path() / "none").string() + ": No such file or directory");
    read = read_secret_file(dir.path());
    REQUIRE(!read);
    CHECK(read.error().detail == dir.path().string() + " is a folder; it must be a file");
}

TEST_CASE("token keys stand one a line, and the first is the first") {
    const TempDir dir;
    const auto path =
        write(dir, "# of this year\n 7:" + encoded('a') + " \r\n\n\t# of last year\n" +
                       "4294967295 : " + encoded('b') + "\n0:" + encoded('c'));
    const auto keys = read_token_keys(path);
    REQUIRE(keys);
    REQUIRE(keys->size() == 3);
    CHECK((*keys)[0].id == 7);
    CHECK((*keys)[0].secret[31] == 'a');
    CHECK((*keys)[1].id == 4'294'967'295u);
    CHECK((*keys)[2].id == 0);
    CHECK((*keys)[2].secret[0] == 'c');
    CHECK_NOTHROW(TokenKeys{*keys});
}

TEST_CASE("each line that is no key is named, and what is in it is not shown") {
    const std::string fault = token_fault(
        "nonsense\n1:" + encoded('a') + "\nx:" + encoded('b') + "\n2:" + encoded('c', 31) +
        "\n3:" + encoded('d') + "=\n1:" + encoded('e') + "\n-1:" + encoded('f') +
        "\n4294967296:" + encoded('g') + "\n5:\n6:" + encoded('\0') + "\n");
    CHECK(fault ==
          "keys:1: must be ID:KEY; "
          "keys:3: the ID before the colon must be a number from 0 to 4294967295; "
          "keys:4: the key has 31 bytes; it must have 32; "
          "keys:5: the key after the colon is not base64url without padding; "
          "keys:6: the ID 1 is that of line 2 already; "
          "keys:7: the ID before the colon must be a number from 0 to 4294967295; "
          "keys:8: the ID before the colon must be a number from 0 to 4294967295; "
          "keys:9: the key has 0 bytes; it must have 32; "
          "keys:10: the key is all zeros, so nobody has set it");
    CHECK(token_fault("") == "keys has no key");
    CHECK(token_fault("# nothing\n\n") == "keys has no key");
}

TEST_CASE("token keys are as private as other secrets") {
    const TempDir dir;
    const auto keys = read_token_keys(write(dir, "1:" + encoded('a'), 0644));
    REQUIRE(!keys);
    CHECK(keys.error().detail.find("chmod 600") != std::string::npos);
}

TEST_CASE("webhooks' secrets are whsec_ and base64, one a line, and faults name lines alone") {
    const TempDir dir;
    const std::string secret = "whsec_" + std::string(32, 'A');
    const auto read = read_webhook_secrets(
        write(dir, "# new\n" + secret + "AAAA\n\n  " + secret + "\r\n# old\n"));
    REQUIRE(read);
    CHECK(*read == std::vector<std::string>{secret + "AAAA", secret});
    const auto fault = [&](const std::string& text) {
        const auto refused = read_webhook_secrets(write(dir, text));
        REQUIRE(!refused);
        CHECK(refused.error().detail.find("hush") == std::string::npos);
        return refused.error().detail;
    };
    CHECK(fault("").ends_with("key has no secret"));
    CHECK(fault(secret + "\nhush\nwhsec_hush\n").find("key:2: must be whsec_") !=
          std::string::npos);
    CHECK(fault(secret + "\nhush\nwhsec_hush\n").find("key:3: must be whsec_") !=
          std::string::npos);
    CHECK_FALSE(read_webhook_secrets(write(dir, secret, 0604)));
    CHECK_FALSE(read_webhook_secrets(dir.path() / "none"));
}
