// Clients that take their time: thousands of them, who keep a server's connections for as long as
// it lets them.
//
//   SlowCrowd crowd(server.port(), target, {.heads = 1'000, .bodies = 100, .readers = 100});
//   ... crowd.end(); crowd.cut(Kind::head)
//
// Each sends a byte now and then, or takes one. Who is cut does not come again.
//
// Threads: one owner; the crowd has a thread of its own.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace concertres::test {

class SlowCrowd {
  public:
    enum class Kind : std::uint8_t { head, body, reader };

    struct Shape {
        int heads = 0;
        int bodies = 0;
        int readers = 0;  // of a large answer that `request` asks for
        std::string request{};
        std::chrono::milliseconds pause = std::chrono::milliseconds(500);  // between two bytes
    };

    // Returns when all are connected.
    SlowCrowd(std::uint16_t port, const Shape& shape);
    ~SlowCrowd();
    SlowCrowd(const SlowCrowd&) = delete;
    SlowCrowd& operator=(const SlowCrowd&) = delete;

    // How many the server has cut.
    [[nodiscard]] int cut(Kind kind) const { return cut_[static_cast<std::size_t>(kind)]; }
    // Whether it cuts all of them, sooner or later.
    [[nodiscard]] bool all_are_cut(std::chrono::seconds at_most) const;

  private:
    struct Client {
        int socket = -1;
        Kind kind{};
    };

    void connect_all(std::uint16_t port);
    void begin(Client& client) const;
    void run();
    void nudge(Client& client);
    void close(Client& client);

    Shape shape_;
    std::vector<Client> clients_;
    std::array<std::atomic<int>, 3> cut_{};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace concertres::test
