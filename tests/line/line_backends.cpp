#include "line/line_backends.hpp"

#include <fstream>

#include "concertres/redis.hpp"
#include "line/redis_server.hpp"
#include "support/daemon.hpp"
#include "support/memory_line.hpp"

namespace concertres::test {
namespace {

// On a machine that does much else.
const RedisOptions patient{.timeout = std::chrono::seconds(10)};

std::unique_ptr<LineStore> open_one() {
    static const RedisServer server;
    return open_redis_line(server.address(), patient);
}

std::unique_ptr<LineStore> open_encrypted() {
    static const TestCertificate certificate("localhost");
    static const TempDir folder;
    static const std::string file = folder.path() / "password";
    static const RedisServer server([] {
        give_to_daemons(certificate.folder());
        give_to_daemons(certificate.key_file());
        std::ofstream(file) << "open sesame\n";
        return RedisServer::Settings{.certificate = &certificate, .password = "open sesame"};
    }());
    return open_redis_line("rediss://default@localhost:" + std::to_string(server.port()) +
                               "/3?password_file=" + file + "&ca_file=" + certificate.file(),
                           patient);
}

std::unique_ptr<LineStore> open_cluster() {
    static const RedisCluster cluster;
    return open_redis_line(cluster.address(), patient);
}

std::unique_ptr<LineStore> open_behind_sentinels() {
    static const RedisSentinels sentinels;
    return open_redis_line(sentinels.address(), patient);
}

}  // namespace

const std::vector<LineBackend>& line_backends() {
    static const std::vector<LineBackend> all = {
        {"memory", [] { return std::make_unique<MemoryLine>(); }}, {"redis", open_one},
        {"redis by TLS, with a password", open_encrypted},         {"redis cluster", open_cluster},
        {"redis behind sentinels", open_behind_sentinels},
    };
    return all;
}

void on_every_line(void (*body)(LineStore& store)) {
    for (const LineBackend& backend : line_backends()) {
        DOCTEST_SUBCASE(backend.name.c_str()) {
            const auto store = backend.open();
            body(*store);
        }
    }
}

}  // namespace concertres::test
