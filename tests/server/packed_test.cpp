// Answers that many share, packed by gzip for who takes them so.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zlib.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "api/shared_text.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;
using server::RenderedBytes;
using server::SharedText;

namespace {

std::string unpacked(const std::string& packed) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    std::string in = packed;
    std::string out(std::size_t{16} << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    CHECK(result == Z_STREAM_END);
    CHECK(stream.avail_in == 0);
    return out;
}

// A hall, and who looks at it.
struct Hall {
    explicit Hall(SeatNumber seats)
        : server({.engine = {.tick = 1h, .sweeps = false}}),
          sale(server.add(SmallSale::draft(seats))),
          ann(server.buyer("ann", sale.concert)),
          target(fmt::format("/v1/performances/{}/seats?status=all",
                             sale.performance().to_string())) {}

    Reply seats(const std::string& accepted, const std::string& known = {},
                const char* method = "GET") {
        Ask ask{.method = method, .target = target, .token = ann.token};
        if (!accepted.empty()) ask.fields.emplace_back("Accept-Encoding", accepted);
        if (!known.empty()) ask.fields.emplace_back("If-None-Match", known);
        return server.ask(ask);
    }

    TestServer server;
    SmallSale sale;
    Buyer ann;
    std::string target;
};

// Holds up what is packed until it is told to go on.
class Holdup {
  public:
    explicit Holdup(boost::asio::thread_pool& threads) {
        boost::asio::post(threads, [goes_on = goes_on_.get_future().share()] { goes_on.wait(); });
    }
    ~Holdup() { end(); }
    void end() {
        if (!std::exchange(ended_, true)) goes_on_.set_value();
    }

  private:
    std::promise<void> goes_on_;
    bool ended_ = false;
};

constexpr SeatNumber small_hall = 50;     // packed at once
constexpr SeatNumber large_hall = 1'000;  // packed elsewhere

}  // namespace

TEST_CASE("seats are packed for who takes them so, and say the same") {
    for (const SeatNumber seats : {small_hall, large_hall}) {
        CAPTURE(seats);
        Hall hall(seats);
        const Reply plain = hall.seats("");
        CHECK_FALSE(plain.has_field("Content-Encoding"));
        CHECK(plain.at("/seats").as_array().size() == static_cast<std::size_t>(seats));
        CHECK((plain.body.size() > SharedText::packed_at_once) == (seats == large_hall));
        for (const char* accepted : {"gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.1"}) {
            CAPTURE(accepted);
            const Reply packed = hall.seats(accepted);
            CHECK(packed.status == 200);
            CHECK(packed.field("Content-Encoding") == "gzip");
            CHECK(packed.field("Content-Type") == "application/json");
            CHECK(packed.field("Content-Length") == std::to_string(packed.body.size()));
            CHECK(packed.body.size() * 5 < plain.body.size());
            CHECK(unpacked(packed.body) == plain.body);
        }
        for (const char* accepted : {"gzip;q=0", "identity", "br"}) {
            CHECK(hall.seats(accepted).body == plain.body);
        }
    }
}

TEST_CASE("packed and plain are two texts: the ETag of the former is weak, and either is known") {
    Hall hall(large_hall);
    const Reply plain = hall.seats("");
    const Reply packed = hall.seats("gzip");
    const std::string strong = plain.field("ETag");
    CHECK(strong.starts_with('"'));
    CHECK(packed.field("ETag") == "W/" + strong);
    for (const std::string& known : {strong, "W/" + strong, "\"other\", W/" + strong}) {
        CAPTURE(known);
        for (const char* accepted : {"", "gzip"}) {
            const Reply same = hall.seats(accepted, known);
            CHECK(same.status == 304);
            CHECK(same.body.empty());
            CHECK(same.field("Vary") == "Accept-Encoding");
            CHECK_FALSE(same.has_field("Content-Encoding"));
            CHECK(same.field("ETag") == (*accepted == '\0' ? strong : "W/" + strong));
        }
    }
    CHECK(plain.field("Vary") == "Accept-Encoding");
    CHECK(packed.field("Vary") == "Accept-Encoding");
    REQUIRE(hall.server.hold(hall.ann, hall.sale.performance(), {1}).status == 201);
    CHECK(eventually([&] { return hall.seats("gzip", "W/" + strong).status == 200; }));
}

TEST_CASE("HEAD tells of the packed answer what GET does") {
    Hall hall(large_hall);
    const Reply whole = hall.seats("gzip");
    const Reply head = hall.seats("gzip", {}, "HEAD");
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    for (const char* name : {"Content-Encoding", "Content-Length", "ETag", "Vary"}) {
        CAPTURE(name);
        CHECK(head.field(name) == whole.field(name));
    }
}

TEST_CASE("what is one packet anyway is not packed") {
    Hall hall(2);
    const Reply seats = hall.seats("gzip");
    CHECK(seats.body.size() < SharedText::worth_packing);
    CHECK_FALSE(seats.has_field("Content-Encoding"));
    CHECK(seats.field("ETag").starts_with('"'));
    CHECK(seats.field("Vary") == "Accept-Encoding");
}

TEST_CASE("while a large answer is packed, others are answered, and none is made in its place") {
    Hall hall(large_hall);
    const std::string before = hall.seats("").field("ETag");
    Holdup holdup(hall.server.services().packing);
    std::future<Reply> packed = std::async(std::launch::async, [&] {
        http::Client client(hall.server.url());
        return TestServer::send(client, {.target = hall.target,
                                         .token = hall.ann.token,
                                         .fields = {{"Accept-Encoding", "gzip"}}});
    });
    // It waits for the thread; others do not. What is packed is what all see until then.
    std::this_thread::sleep_for(server::Snapshots::age_max);
    CHECK(packed.wait_for(0ms) == std::future_status::timeout);
    REQUIRE(hall.server.hold(hall.ann, hall.sale.performance(), {1}).status == 201);
    std::this_thread::sleep_for(2 * server::Snapshots::age_max);
    CHECK(hall.seats("").field("ETag") == before);
    CHECK(hall.seats("gzip", before).status == 304);
    holdup.end();
    CHECK(packed.get().field("ETag") == "W/" + before);
    CHECK(eventually([&] { return hall.seats("").field("ETag") != before; }));
}

TEST_CASE("a text is packed once, however many ask for it, and counted until all have it") {
    boost::asio::thread_pool threads(1);
    const auto rendered = std::make_shared<RenderedBytes>();
    const std::string long_text(1'000'000, 'x');
    auto text = SharedText::make(long_text, rendered);
    CHECK(rendered->now == 1'000'000);
    CHECK_FALSE(text->is_being_packed());
    std::vector<std::promise<SharedText::Bytes>> asked(8);
    {
        Holdup holdup(threads);
        for (auto& one : asked) {
            text->pack(threads, [&one](SharedText::Bytes bytes) { one.set_value(bytes); });
        }
        CHECK(text->is_being_packed());
    }
    SharedText::Bytes first = asked[0].get_future().get();
    REQUIRE(first);
    CHECK(unpacked(*first) == long_text);
    for (std::size_t i = 1; i < asked.size(); ++i) CHECK(asked[i].get_future().get() == first);
    CHECK_FALSE(text->is_being_packed());
    const auto size = static_cast<std::int64_t>(first->size());
    CHECK(rendered->now == 1'000'000 + size);
    // A slow reader has the one while nobody has the other any more.
    asked.clear();
    text.reset();
    CHECK(rendered->now == 1'000'000 + size);
    threads.join();
    first.reset();
    CHECK(rendered->now == 0);
}
