// Folding: what is in the journal gets into the tables, in an order that costs little, and soon
// enough that the journal keeps within its bound.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sqlite/fold_queue.hpp"
#include "sqlite/row_cache.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/sample_rows.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

struct Item {
    int order = 0;
    std::string name;
};
struct ItemOrder {
    int operator()(const Item& item) const { return item.order; }
};
using Queue = sqlite::FoldQueue<Item, ItemOrder>;

std::vector<std::string> write(Queue& queue, std::size_t budget) {
    std::vector<std::string> written;
    queue.write(budget, [&](const Item& item) { written.push_back(item.name); });
    return written;
}
std::vector<std::string> settle(Queue& queue) {
    std::vector<std::string> settled;
    queue.settle([&](Item&& item) { settled.push_back(std::move(item.name)); });
    return settled;
}

using Names = std::vector<std::string>;

// As many events of one wallet's stream as that, in one commit.
ChangeSet events_of(Storage& storage, std::int64_t first, std::int64_t count,
                    std::size_t detail = 300) {
    ChangeSet changes;
    changes.at = storage.now();
    for (std::int64_t i = 0; i < count; ++i) {
        Event event;
        event.stream = {StreamKind::wallet, 1};
        event.number = first + i;
        event.kind = EventKind::wallet_charged;
        event.at = changes.at;
        event.detail = std::string(detail, 'x');
        changes.events.push_back(event);
    }
    return changes;
}

std::unique_ptr<sqlite::SqliteStorage> open(const TempDir& dir, std::int64_t journal_bytes_max) {
    return sqlite::open_with(dir.path() / "sale.db", {.journal_bytes_max = journal_bytes_max},
                             sqlite::current_schema());
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: folding");

TEST_CASE("a round is written in its order, and what is alike as it came") {
    Queue queue;
    for (const auto& [order, name] : {std::pair(2, "d"), {1, "b"}, {2, "e"}, {1, "c"}, {0, "a"}}) {
        queue.push({order, name});
    }
    queue.begin_round();
    queue.push({0, "of the next round"});
    CHECK(write(queue, 2) == Names{"a", "b"});
    CHECK(settle(queue) == Names{"a", "b"});
    CHECK(queue.size() == 4);
    CHECK_FALSE(queue.round_is_over());
    CHECK(write(queue, 100) == Names{"c", "d", "e"});
    CHECK(queue.round_is_over());
    CHECK(settle(queue) == Names{"c", "d", "e"});
    CHECK(queue.size() == 1);
    CHECK(queue.round_is_over());
    queue.begin_round();
    CHECK(write(queue, 100) == Names{"of the next round"});
    CHECK(settle(queue) == Names{"of the next round"});
    CHECK(queue.size() == 0);
}

TEST_CASE("what was written and not committed is written again, and nothing before it") {
    Queue queue;
    for (const auto& [order, name] : {std::pair(3, "c"), {1, "a"}, {2, "b"}}) {
        queue.push({order, name});
    }
    queue.begin_round();
    CHECK(write(queue, 1) == Names{"a"});
    CHECK(settle(queue) == Names{"a"});
    CHECK(write(queue, 1) == Names{"b"});
    queue.unwrite();
    CHECK(write(queue, 100) == Names{"b", "c"});
    queue.unwrite();
    CHECK_FALSE(queue.round_is_over());
    CHECK(write(queue, 100) == Names{"b", "c"});
    CHECK(settle(queue) == Names{"b", "c"});
}

TEST_CASE("what was pushed stays where it is until it is settled") {
    Queue queue;
    std::vector<const Item*> pushed;
    for (int i = 0; i < 1'000; ++i) pushed.push_back(&queue.push({-i, std::to_string(i)}));
    queue.begin_round();
    for (int i = 1'000; i < 2'000; ++i) pushed.push_back(&queue.push({0, std::to_string(i)}));
    CHECK(write(queue, 300).size() == 300);
    CHECK(settle(queue).size() == 300);
    for (int i = 0; i < 2'000; ++i) {
        const bool is_settled = i >= 700 && i < 1'000;
        if (!is_settled) CHECK(pushed[static_cast<std::size_t>(i)]->name == std::to_string(i));
    }
}

TEST_CASE("rows that the tables have are folded by key, and after them the new ones as they came") {
    sqlite::RowCache<Wallet> cache(100);
    const auto wallet = [](std::int64_t user, std::uint64_t version) {
        return Versioned<Wallet>{{.user = {user}, .balance = {1}}, version};
    };
    for (const auto& [user, version] :
         {std::pair(9, 1U), {5, 2U}, {2, 7U}, {8, 1U}, {9, 2U}, {1, 3U}}) {
        cache.change(wallet(user, version), [](const auto*) { return true; });
    }
    std::vector<std::int64_t> order;
    cache.for_each_unfolded([&](auto, auto& queue) {
        queue.begin_round();
        std::size_t budget = 100;
        queue.write(budget, [&](const auto& slot) { order.push_back(slot->key.value); });
    });
    CHECK(order == std::vector<std::int64_t>{1, 2, 5, 9, 8});
}

TEST_CASE("a crowd's commits do not outgrow the journal") {
    constexpr std::int64_t bound = 16 << 20;
    for (const std::size_t detail : {250u, 333u, 420u}) {
        CAPTURE(detail);
        const TempDir dir;
        auto storage = open(dir, bound);
        std::int64_t next = 1;
        std::int64_t largest = 0;
        std::int64_t record = 0;
        for (int commit = 0; commit < 60; ++commit) {
            const std::int64_t before = storage->journal_bytes();
            const ChangeSet changes = events_of(*storage, next, 4'000, detail);
            REQUIRE(storage->commit(changes) == CommitOutcome::committed);
            next += 4'000;
            record = std::max(record, storage->journal_bytes() - before);
            largest = std::max(largest, storage->journal_bytes());
        }
        REQUIRE(record > 1 << 20);  // more than is deleted at once where little comes in
        CHECK(largest <= bound + record);
        CHECK(largest > bound / 2);
    }
}

TEST_CASE("of small commits one folds for many") {
    const TempDir dir;
    auto storage = open(dir, 400'000);
    std::int64_t next = 1;
    // Until a quarter of the journal is full nothing is folded.
    while (storage->journal_bytes() <= 100'000) {
        REQUIRE(storage->commit(events_of(*storage, next++, 1)) == CommitOutcome::committed);
    }
    const auto pages_written = [&] {
        const std::int64_t before = storage->connection().wal_bytes();
        REQUIRE(storage->commit(events_of(*storage, next++, 1)) == CommitOutcome::committed);
        return storage->connection().wal_bytes() - before;
    };
    std::vector<std::int64_t> written;
    for (int i = 0; i < 250; ++i) written.push_back(pages_written());
    std::ranges::sort(written);
    // Two events fall due with each commit, and 500 together.
    CHECK(written.back() > 4 * written[125]);
    CHECK(written[248] < written.back());
    storage.reset();
    CHECK(run_sql(dir.path() / "sale.db", "SELECT count(*) FROM event") ==
          std::to_string(next - 1) + "\n");
}

TEST_SUITE_END();

}  // namespace concertres::test
