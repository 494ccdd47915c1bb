// A SQLite file whose bytes were changed: it is refused when it is opened, or what is read fails,
// or the audit finds it, or all that it says is what it said before. Never a crash, never a hang,
// and never a wrong answer about seats, money, passes, payments or events that nobody notices.
//
// What is not covered by a checksum or told twice is not demanded: the catalog (titles, labels,
// coordinates), users, settings of the sale, the line's places, how far holds and passes may be
// extended, the fingerprints of what was asked for, and the store's secrets.
//
// An input is a list of changes of 6 bytes each: where (4 bytes, modulo the file's size), how, and
// with what.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>

#include "concertres/audit.hpp"
#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"
#include "fuzz/fuzzer.hpp"
#include "support/shown_sale.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using test::StoreContents;

namespace {

constexpr std::size_t page = 4096;

template <class Row>
std::uint64_t next_version(Storage& store, const Row& row) {
    RowKeys wanted;
    wanted.of<Row>().push_back({row.key()});
    Rows found;
    store.read(wanted, found);
    const auto& stored = found.of<Row>().front().row;
    return stored ? stored->version + 1 : 1;
}

// The sale of shown_sale.hpp, which says the same every time, in a file.
void write_sale(const std::filesystem::path& file, test::TestClock& clock) {
    test::ShownStore sale = test::a_sale();
    const auto store = open_sqlite(file, {.clock = &clock});
    if (store->allocate(1'000) != test::the_concert.value) std::abort();
    store->add(sale.catalog.front(), {});
    ChangeSet changes;
    changes.at = sale.time;
    changes.rows.for_each([&]<class Row>(std::vector<Versioned<Row>>& rows) {
        for (const Row& row : sale.of<Row>()) rows.push_back({row, next_version(*store, row)});
    });
    changes.transfers = sale.transfers_shown;
    changes.events = sale.events_shown;
    if (store->commit(changes) != CommitOutcome::committed) std::abort();
}

struct Original {
    test::TempDir folder;
    std::filesystem::path file = folder.path() / "sale.db";
    test::TestClock clock{test::t0 + std::chrono::minutes(5)};
    std::string bytes;
    StoreContents contents;

    Original() {
        write_sale(file, clock);
        bytes = test::bytes_of(file);
        const auto store = open_sqlite(file, {.clock = &clock});
        contents = test::everything_in(*store);
        const AuditReport report = audit(*store);
        fuzz::demand(report.clean() && contents.intact(), "the store is clean to begin with",
                     report.clean() ? "" : report.findings.front().what);
    }
};

Original& original() {
    static Original made;
    return made;
}

std::string changed(std::string bytes, std::string_view changes) {
    for (; changes.size() >= 6; changes.remove_prefix(6)) {
        std::uint32_t where = 0;
        std::memcpy(&where, changes.data(), sizeof where);
        const std::size_t at = where % bytes.size();
        const char what = changes[5];
        switch (static_cast<unsigned char>(changes[4]) % 6) {
            case 0:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << (what & 7)));
                break;
            case 1:
                bytes[at] = what;
                break;
            case 2:  // a piece is overwritten
                std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                            std::min<std::size_t>(bytes.size() - at, 16), what);
                break;
            case 3: {  // a page stands in another's place
                const std::size_t from = static_cast<unsigned char>(what) % (bytes.size() / page);
                bytes.replace(at / page * page, page, bytes.substr(from * page, page));
                break;
            }
            case 4:  // the end is missing
                bytes.resize(std::max(at, page));
                break;
            default:  // the file's header, or a page's, where most is decided
                bytes[at / page * page + static_cast<unsigned char>(what) % 112] ^= 0x11;
        }
    }
    return bytes;
}

// Blanks what nothing else tells.
template <class Row>
void blank(Row&) {}
void blank(Reservation& row) {
    row.extend_until = {};
    row.fingerprint = 0;
}
void blank(Payment& row) { row.fingerprint = 0; }
void blank(Pass& row) { row.ceiling = {}; }

template <class Row>
void demand_same(StoreContents& found, const char* what) {
    auto is = found.of<Row>();
    auto was = original().contents.of<Row>();
    for (auto* rows : {&is, &was}) {
        for (Row& row : *rows) blank(row);
    }
    fuzz::demand(is == was, "what is wrong is found, or nothing is wrong", what);
}

// What events and transfers, with their checksums, tell a second time.
void demand_covered_same(StoreContents& found) {
    demand_same<Event>(found, "events");
    demand_same<Transfer>(found, "transfers");
    demand_same<Seat>(found, "seats");
    demand_same<Wallet>(found, "wallets");
    demand_same<PerformanceState>(found, "performances");
    demand_same<Limit>(found, "limits");
    demand_same<Reservation>(found, "reservations");
    demand_same<Payment>(found, "payments");
    demand_same<Pass>(found, "passes");
}

template <class Command>
void ask(BoxOffice& office, Command command) {
    bool answered = false;
    office.submit(std::move(command), [&](const auto&) { answered = true; });
    for (int steps = 0; steps < 1'000 && !answered; ++steps) office.step();
    fuzz::demand(answered, "whoever asks is answered");
}

// Somebody goes on selling on it: whatever is answered, it ends.
void use(std::unique_ptr<Storage> store) {
    BoxOffice office(std::move(store), {.running = Running::by_host});
    const UserId user = test::id_of(test::bob);
    ask(office, Charge{.user = user, .amount = Money{1'000}, .key = "again"});
    ask(office, ListReservations{.user = user});
    ask(office, Tick{test::id_of(test::the_concert)});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Original& whole = original();
    for (const auto& entry : std::filesystem::directory_iterator(whole.folder.path())) {
        std::filesystem::remove(entry.path());
    }
    test::write_bytes(whole.file, changed(whole.bytes, fuzz::text_of(data, size)));
    try {
        auto store = open_sqlite(whole.file, {.clock = &whole.clock});
        StoreContents found = test::everything_in(*store);
        if (found.intact() && audit(*store).clean()) demand_covered_same(found);
        use(std::move(store));
    } catch (const StorageError&) {
        // Refused, or found while it was read.
    }
    return 0;
}
