// Folding: what is in the journal gets into the tables, in an order that costs little, and soon
// enough that the journal keeps within its bound.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sqlite/fold_queue.hpp"
#include "sqlite/row_cache.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/faulty_vfs.hpp"
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
    CHECK(queue.left_of_round() == 3);
    CHECK(write(queue, 100) == Names{"c", "d", "e"});
    CHECK(queue.left_of_round() == 0);
    CHECK(settle(queue) == Names{"c", "d", "e"});
    CHECK(queue.size() == 1);
    queue.begin_round();
    CHECK(queue.left_of_round() == 1);
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
    CHECK(queue.left_of_round() == 2);
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

TEST_CASE("the journal keeps its bound where larger commits follow upon small ones") {
    constexpr std::int64_t bound = 8 << 20;
    const TempDir dir;
    auto storage = open(dir, bound);
    std::int64_t next = 1;
    const auto commit = [&](std::size_t detail) {
        const std::int64_t before = storage->journal_bytes();
        REQUIRE(storage->commit(events_of(*storage, next, 400, detail)) ==
                CommitOutcome::committed);
        next += 400;
        return storage->journal_bytes() - before;
    };
    const auto largest_after_small_ones = [&](std::size_t detail) {
        while (storage->tidy()) {
        }
        while (storage->journal_bytes() < bound * 7 / 10) commit(1);
        std::int64_t largest = 0;
        for (int i = 0; i < 60; ++i) {
            const std::int64_t record = commit(detail);
            largest = std::max(largest, storage->journal_bytes() - record);
        }
        return largest;
    };
    const std::int64_t five_times = largest_after_small_ones(250);
    CHECK(five_times <= bound);
    CHECK(five_times > bound * 7 / 10);
    // No commit folds for as long as it takes to keep this within it.
    CHECK(largest_after_small_ones(4'000) > bound);
}

TEST_CASE("commits that a disk has space for are not refused for want of space to fold in") {
    constexpr std::int64_t bound = 400'000;
    const TempDir dir;
    FaultyVfs disk;
    auto storage = open(dir, bound);
    std::int64_t next = 1;
    const auto commit = [&](std::int64_t count, std::size_t detail) {
        const auto outcome = storage->commit(events_of(*storage, next, count, detail));
        if (outcome == CommitOutcome::committed) next += count;
        return outcome;
    };
    while (storage->journal_bytes() < bound * 7 / 10) {
        REQUIRE(commit(100, 1) == CommitOutcome::committed);
    }
    // No transaction may write more than that, and a large commit needs half of it.
    int writes = 0;
    disk.before = [&](const DiskCall& call) {
        if (call.kind == DiskCall::sync) writes = 0;
        const bool is_more = call.kind == DiskCall::write && call.to_wal && ++writes > 80;
        return is_more ? SQLITE_FULL : SQLITE_OK;
    };
    int refused = 0;
    for (int i = 0; i < 8; ++i) {
        refused += commit(15, 5'000) == CommitOutcome::committed ? 0 : 1;
        writes = 0;
    }
    disk.before = nullptr;
    CHECK(refused == 1);
    storage.reset();
    storage = open(dir, bound);
    const auto events = storage->events({StreamKind::wallet, 1}, 0, SIZE_MAX);
    CHECK(events.size() == static_cast<std::size_t>(next - 1));
}

TEST_CASE("of small commits one folds for many") {
    constexpr std::int64_t bound = 1'600'000;
    const TempDir dir;
    auto storage = open(dir, bound);
    std::int64_t next = 1;
    const auto pages_written = [&] {
        const std::int64_t before = storage->connection().wal_bytes();
        REQUIRE(storage->commit(events_of(*storage, next++, 1)) == CommitOutcome::committed);
        return storage->connection().wal_bytes() - before;
    };
    // Until a quarter of the journal is full nothing is folded.
    while (storage->journal_bytes() <= bound / 4) static_cast<void>(pages_written());
    std::vector<std::int64_t> written;
    while (storage->journal_bytes() <= bound * 2 / 3) written.push_back(pages_written());
    std::ranges::sort(written);
    // Once 500 are due they are written together.
    CHECK(written.back() > 4 * written[written.size() / 2]);
    CHECK(written.back() > 4 * written[written.size() * 9 / 10]);
    storage.reset();
    CHECK(run_sql(dir.path() / "sale.db", "SELECT count(*) FROM event") ==
          std::to_string(next - 1) + "\n");
}

TEST_CASE("the fuller the journal, the more of what comes in is folded on its way") {
    constexpr std::int64_t bound = 4 << 20;
    const TempDir dir;
    auto storage = open(dir, bound);
    std::int64_t next = 1;
    struct Commits {
        std::int64_t count = 0;
        std::int64_t bytes = 0;
    };
    std::vector<Commits> made(8);  // by how many eighths of the bound the journal had
    while (storage->journal_bytes() < bound * 3 / 4) {
        Commits& like_it = made[static_cast<std::size_t>(storage->journal_bytes() * 8 / bound)];
        const std::int64_t before = storage->connection().wal_bytes();
        REQUIRE(storage->commit(events_of(*storage, next, 50)) == CommitOutcome::committed);
        next += 50;
        const std::int64_t bytes = storage->connection().wal_bytes() - before;
        if (bytes < 0) continue;  // there was a checkpoint
        ++like_it.count;
        like_it.bytes += bytes;
    }
    std::vector<std::int64_t> each;
    for (std::size_t i = 0; i < 6; ++i) each.push_back(made[i].bytes / made[i].count);
    CAPTURE(each);
    CHECK(each[1] < each[0] * 5 / 4);
    CHECK(each[2] < each[1] * 3 / 2);
    for (std::size_t i = 2; i < 5; ++i) CHECK(each[i] < each[i + 1]);
    CHECK(each[5] > 2 * each[1]);
}

TEST_CASE("whatever a crash leaves of a round, all rows are found by their names, and once") {
    constexpr std::int64_t bound = 4'000;
    const TempDir dir;
    auto storage = open(dir, bound);
    std::vector<Reservation> reservations;
    std::vector<Payment> payments;
    std::vector<Transfer> transfers;
    const auto check_all = [&](Storage& store) {
        for (const Reservation& each : reservations) {
            const auto name = read_row<ReservationName>(store, each.id);
            REQUIRE(name);
            CHECK(name->row.named == each.row);
        }
        for (const Payment& each : payments) {
            const auto name = read_row<PaymentName>(store, each.id);
            REQUIRE(name);
            CHECK(name->row.named == each.row);
        }
        for (const Transfer& each : transfers) {
            const auto found = read_row<Transfer>(store, each.id);
            REQUIRE(found);
            CHECK(found->row == each);
        }
        for (const UserKey user : {UserKey{1}, UserKey{2}, UserKey{3}}) {
            const auto of_user = [&](const auto& rows) {
                std::decay_t<decltype(rows)> found;
                std::ranges::copy_if(rows, std::back_inserter(found),
                                     [&](const auto& row) { return row.user == user; });
                std::ranges::reverse(found);
                return found;
            };
            CHECK(store.reservations(user, {}, 1'000) == of_user(reservations));
            CHECK(store.payments(user, {}, 1'000) == of_user(payments));
            auto newest = of_user(reservations);
            newest.resize(std::min<std::size_t>(newest.size(), 2));
            CHECK(store.reservations(user, {}, 2) == newest);
        }
    };
    int half_named = 0;
    std::array<std::int64_t, 3> last_numbers{};
    for (int i = 0; i < 100; ++i) {
        const UserKey user{1 + i % 3};
        reservations.push_back({.row = new_key<ReservationKey>(*storage),
                                .id = ReservationId::random(),
                                .user = user});
        payments.push_back(
            {.row = new_key<PaymentKey>(*storage), .id = PaymentId::random(), .user = user});
        std::vector<Transfer> new_transfers;
        for (int more = 0; more < 1 + i * 7 % 23; ++more) {  // so that pieces end everywhere
            new_transfers.push_back(
                {.id = TransferId::random(), .wallet = user, .number = ++last_numbers[i % 3]});
        }
        transfers.insert(transfers.end(), new_transfers.begin(), new_transfers.end());
        put(*storage, reservations.back(), payments.back(), new_transfers);
        CAPTURE(i);
        check_all(*storage);
        const auto crash = [&](const TempDir& crashed) {
            for (const char* name : {"sale.db", "sale.db-wal"}) {
                std::filesystem::copy_file(dir.path() / name, crashed.path() / name);
            }
        };
        const TempDir looked_at;
        crash(looked_at);
        half_named += run_sql(looked_at.path() / "sale.db",
                              "SELECT (SELECT count(*) FROM transfer_name) >"
                              " (SELECT count(*) FROM transfer)") == "1\n"
                          ? 1
                          : 0;
        const TempDir crashed;
        crash(crashed);
        {
            const auto again = open(crashed, bound);
            check_all(*again);
            put(*again, Wallet{.user = {1}, .balance = {1}});
            check_all(*again);
        }
        const auto closed = open(crashed, bound);
        check_all(*closed);
        CHECK(everything_in(*closed).intact());
    }
    CHECK(half_named > 5);
}

TEST_SUITE_END();

}  // namespace concertres::test
