// The outbox of a box office's own store: it is asked between groups, and says why where it cannot
// be.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// Whatever it is asked, it fails.
class FailingOutbox final : public Outbox {
  public:
    explicit FailingOutbox(StorageError::Kind kind) : kind_(kind) {}

    void attach(const std::string&) override { fail(); }
    void detach(const std::string&) override { fail(); }
    void rewind(const std::string&, Time) override { fail(); }
    void disable(const std::string&) override { fail(); }
    void enable(const std::string&) override { fail(); }
    std::vector<SinkState> sinks() override { fail(); }
    Claimed claim(const std::string&, const std::string&, Duration) override { fail(); }
    void leave(const std::string&, const std::string&) override { fail(); }
    std::vector<Unpublished> take(const std::string&, const std::vector<Lease>&,
                                  const TakeOptions&) override {
        fail();
    }
    std::vector<Shard> mark(const std::string&, const std::vector<Lease>&,
                            const std::vector<Mark>&) override {
        fail();
    }

  private:
    [[noreturn]] void fail() const { throw StorageError(kind_, "as it was told to"); }
    StorageError::Kind kind_;
};

class FailingStore final : public KeptStorage {
  public:
    FailingStore(std::shared_ptr<Storage> inner, StorageError::Kind kind)
        : KeptStorage(std::move(inner)), outbox_(kind) {}
    Outbox* outbox() override { return &outbox_; }

  private:
    FailingOutbox outbox_;
};

}  // namespace

TEST_SUITE_BEGIN("engine: the outbox of a box office");

TEST_CASE("a sink gets what is committed, and is done with what was marked") {
    TestClock clock;
    BoxOffice office(open_memory({.clock = &clock}));
    const auto outbox = office.outbox();
    outbox->attach("sink");
    REQUIRE(office.charge({.user = SmallSale::user(1), .amount = {100}, .key = "charge"}));
    REQUIRE(outbox->sinks().size() == 1);
    CHECK(outbox->sinks()[0].events == 1);
    const Claimed claimed = outbox->claim("sink", "relay", 10s);
    REQUIRE(claimed.leases.size() == std::size_t{outbox_shards});
    const auto taken = outbox->take("sink", claimed.leases, {});
    REQUIRE(taken.size() == 1);
    CHECK(outbox->mark("sink", claimed.leases, {{taken[0].stream, 1}}).empty());
    CHECK(outbox->sinks()[0].events == 0);
    outbox->rewind("sink", Time::min());
    CHECK(outbox->sinks()[0].events == 1);
    outbox->disable("sink");
    CHECK(outbox->sinks()[0].disabled_at == clock.wall());
    CHECK(outbox->claim("sink", "relay", 10s).disabled);
    outbox->enable("sink");
    CHECK(!outbox->sinks()[0].disabled_at);
    outbox->leave("sink", "relay");
    outbox->detach("sink");
    CHECK(outbox->sinks().empty());
}

TEST_CASE("an outbox that fails says whether the disk is full; else the engine stops") {
    TestClock clock;
    const auto ask = [&](StorageError::Kind kind, bool goes_on) {
        BoxOffice office(std::make_unique<FailingStore>(open_memory({.clock = &clock}), kind));
        const auto outbox = office.outbox();
        try {
            outbox->enable("sink");
            FAIL_CHECK("it was enabled");
        } catch (const StorageError& failure) {
            CHECK(failure.kind() == (kind == StorageError::Kind::full
                                         ? StorageError::Kind::full
                                         : StorageError::Kind::unavailable));
            CHECK(std::string(failure.what()).find("as it was told to") != std::string::npos);
        }
        CHECK_THROWS_AS(static_cast<void>(outbox->sinks()), StorageError);
        const Charge charge{.user = SmallSale::user(1), .amount = {100}, .key = "charge"};
        CHECK(office.charge(charge).has_value() == goes_on);
    };
    ask(StorageError::Kind::full, true);
    ask(StorageError::Kind::unavailable, false);
}

TEST_CASE("a store that has no outbox of its own gives none") {
    TestClock clock;
    BoxOffice office(std::make_unique<KeptStorage>(open_memory({.clock = &clock})));
    CHECK(office.outbox() == nullptr);
}

TEST_SUITE_END();

}  // namespace concertres::test
