#include "support/sqlite_sample.hpp"

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>

#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

class Collector final : public ScanVisitor {
  public:
    StoreContents found;

    void on_concert(const NewConcert& concert) override { found.concerts.push_back(concert); }
    void on(const User& row) override { keep(row); }
    void on(const Sale& row) override { keep(row); }
    void on(const Line& row) override { keep(row); }
    void on(const Member& row) override { keep(row); }
    void on(const Place& row) override { keep(row); }
    void on(const Pass& row) override { keep(row); }
    void on(const PerformanceState& row) override { keep(row); }
    void on(const Limit& row) override { keep(row); }
    void on(const Reservation& row) override { keep(row); }
    void on(const Payment& row) override { keep(row); }
    void on(const Seat& row) override { keep(row); }
    void on(const Wallet& row) override { keep(row); }
    void on(const Transfer& row, bool intact) override { keep(row, intact); }
    void on(const Event& row, bool intact) override { keep(row, intact); }
    void on_damage(const std::string& what) override { found.damage.push_back(what); }

  private:
    template <class Row>
    void keep(const Row& row, bool intact = true) {
        found.of<Row>().push_back(row);
        if (!intact) ++found.flipped;
    }
};

// The keys of the sample, as allocate() gives them to a new store.
constexpr ConcertKey concert{1};
constexpr PerformanceKey first_date{2};
constexpr PerformanceKey second_date{3};
constexpr UserKey alice{4};
constexpr UserKey bob{5};
constexpr ReservationKey paid{6};
constexpr ReservationKey held{7};
constexpr PaymentKey payment{8};
constexpr std::size_t keys = 8;

constexpr Money price{50'000};
const UserId alice_id{uuid_of(101)};
const UserId bob_id{uuid_of(102)};

NewConcert sample_concert() {
    NewConcert added;
    added.concert = {.key = concert,
                     .id = {uuid_of(1)},
                     .title = "Winter Songs",
                     .venue = "세종문화회관",
                     .limits = {.per_performance = 4, .per_concert = 6},
                     .hold_ttl = 5min,
                     .refunds = {.allowed = true, .until_before_start = 24h}};
    for (const PerformanceKey key : {first_date, second_date}) {
        const Time starts_at = at(key == first_date ? 480h : 504h);
        added.performances.push_back({.key = key,
                                      .id = {uuid_of(key.value)},
                                      .concert = concert,
                                      .starts_at = starts_at,
                                      .utc_offset = 9h,
                                      .date = local_date(starts_at, 9h)});
    }
    // Not in the order of their numbers: it is the plan's that is kept.
    for (const SeatNumber number : {3, 1, 2}) {
        added.seats.push_back({.number = number,
                               .label = "Row 1 Seat " + std::to_string(number),
                               .section = "Stalls",
                               .row = "1",
                               .x = 10.5 * number,
                               .y = -2,
                               .price = price,
                               .plan_id = "guid-" + std::to_string(number)});
    }
    added.sale = {.concert = concert,
                  .mode = SaleMode::open,
                  .opens_at = at(-1h),
                  .room = RoomPolicy{.active_max = 100,
                                     .window = AdmissionWindow{50, 1min},
                                     .pass_ttl = 10min,
                                     .custom = "members first"},
                  .policy_state = std::string("\x00\x01\xff", 3),
                  .next_event = 1};
    return added;
}

Transfer sample_transfer(std::int64_t number) {
    const bool charge = number == 1;
    return {.id = {uuid_of(200 + number)},
            .wallet = alice,
            .number = number,
            .kind = charge ? TransferKind::charge : TransferKind::payment,
            .debit = charge ? cash_in : Account{alice.value},
            .credit = charge ? Account{alice.value} : sales,
            .amount = {charge ? 80'000 : 50'000},
            .balance_after = {charge ? 80'000 : 30'000},
            .at = at(charge ? 1min : 3min),
            .reference = {charge ? Uuid{} : uuid_of(300)},
            .fingerprint = 0xfedc'ba98'7654'3210u};
}

Reservation sample_reservation(ReservationKey key) {
    const bool is_paid = key == paid;
    return {.row = key,
            .id = {uuid_of(400 + key.value)},
            .user = is_paid ? alice : bob,
            .user_id = is_paid ? alice_id : bob_id,
            .concert = concert,
            .performance = is_paid ? first_date : second_date,
            .place = {is_paid ? 1 : 2},
            .seats = is_paid ? std::vector<ReservedSeat>{{1, price}}
                             : std::vector<ReservedSeat>{{2, price}, {3, price}},
            .total = {is_paid ? 50'000 : 100'000},
            .status = is_paid ? ReservationStatus::paid : ReservationStatus::held,
            .held_at = at(2min),
            .held_until = at(7min),
            .extend_until = at(17min),
            .payment = is_paid ? payment : PaymentKey{},
            .fingerprint = 77};
}

std::vector<Event> sample_events() {
    std::vector<Event> events;
    const auto add = [&](Event event, Stream stream) {
        event.stream = stream;
        event.number = 1 + std::count_if(events.begin(), events.end(),
                                         [&](const Event& e) { return e.stream == stream; });
        events.push_back(std::move(event));
    };
    const Stream first{StreamKind::performance, first_date.value};
    const Stream wallet{StreamKind::wallet, alice.value};
    const Stream room{StreamKind::room, concert.value};
    const ReservationId reservation = sample_reservation(paid).id;
    add({.kind = EventKind::reservation_held,
         .at = at(2min),
         .user = alice_id,
         .place = {1},
         .items = {{reservation, {1}}},
         .amount = price,
         .until = at(7min),
         .pass_expires_at = at(11min)},
        first);
    add({.kind = EventKind::payment_completed,
         .at = at(3min),
         .user = alice_id,
         .place = {1},
         .payment = {uuid_of(300)},
         .items = {{reservation, {1}}},
         .amount = price},
        first);
    for (const std::int64_t number : {1, 2}) {
        const Transfer transfer = sample_transfer(number);
        add({.kind = number == 1 ? EventKind::wallet_charged : EventKind::wallet_paid,
             .at = transfer.at,
             .user = alice_id,
             .payment = transfer.reference,
             .transfer = transfer.id,
             .amount = transfer.amount,
             .balance = transfer.balance_after},
            wallet);
    }
    add({.kind = EventKind::sale_changed,
         .at = at(4min),
         .actor = "operator \"one\"",
         .detail = "mode=open"},
        room);
    return events;
}

}  // namespace

bool operator==(const StoreContents& a, const StoreContents& b) {
    return std::equal(a.concerts.begin(), a.concerts.end(), b.concerts.begin(), b.concerts.end(),
                      [](const NewConcert& x, const NewConcert& y) { return same(x, y); }) &&
           a.rows == b.rows && a.flipped == b.flipped && a.damage == b.damage;
}

StoreContents everything_in(Storage& storage) {
    Collector collector;
    storage.scan(collector);
    return collector.found;
}

Time sample_mark() { return at(5min); }

StoreContents sample_contents() {
    StoreContents sample;
    sample.concerts.push_back(sample_concert());
    Sale& sale = sample.concerts.front().sale;
    sale.next_event = 2;
    sample.of<Sale>() = {sale};
    sample.of<User>() = {{alice_id, alice}, {bob_id, bob}};
    sample.of<Line>() = {{.concert = concert, .epoch = 0, .next_sequence = 4}};
    sample.of<Member>() = {{concert, alice, {1}}, {concert, bob, {3}}};
    using enum PlaceStatus;
    sample.of<Place>() = {{concert, {1}, alice, alice_id, admitted, at(0s)},
                          {concert, {2}, bob, bob_id, admitted, at(1s)},
                          {concert, {3}, bob, bob_id, waiting, at(2s)}};
    sample.of<Pass>() = {
        {concert, {1}, alice, alice_id, PassStatus::spent, at(1min), at(11min), at(31min), {}},
        {concert, {2}, bob, bob_id, PassStatus::admitted, at(1min), at(11min), at(31min), {held}}};
    sample.of<PerformanceState>() = {{first_date, {2, 0, 0, 1}, 3}, {second_date, {1, 0, 2, 0}, 1}};
    sample.of<Limit>() = {{alice, concert.value, 1, {}},
                          {alice, first_date.value, 1, {}},
                          {bob, concert.value, 0, {{held, 2, at(7min)}}},
                          {bob, second_date.value, 0, {{held, 2, at(7min)}}}};
    sample.of<Reservation>() = {sample_reservation(paid), sample_reservation(held)};
    sample.of<Payment>() = {{.row = payment,
                             .id = {uuid_of(300)},
                             .user = alice,
                             .user_id = alice_id,
                             .concert = concert,
                             .place = {1},
                             .reservations = {paid},
                             .released = {},
                             .amount = price,
                             .balance_after = {30'000},
                             .status = PaymentStatus::completed,
                             .paid_at = at(3min),
                             .refunded_at = {},
                             .fingerprint = 78}};
    using enum SeatStatus;
    sample.of<Seat>() = {{first_date, 1, sold, paid, {}},
                         {first_date, 2, free, {}, {}},
                         {first_date, 3, free, {}, {}},
                         {second_date, 1, free, {}, {}},
                         {second_date, 2, SeatStatus::held, test::held, at(7min)},
                         {second_date, 3, SeatStatus::held, test::held, at(7min)}};
    sample.of<Wallet>() = {{alice, {30'000}, 3}, {bob, {0}, 1}};
    sample.of<Transfer>() = {sample_transfer(1), sample_transfer(2)};
    sample.of<Event>() = sample_events();
    return sample;
}

void write_sample(Storage& storage) {
    if (storage.allocate(keys) != concert.value) std::abort();  // the store is not new
    storage.add(sample_concert(), {});
    StoreContents sample = sample_contents();
    ChangeSet changes;
    changes.at = sample_mark();
    changes.rows.for_each([&]<class Row>(std::vector<Versioned<Row>>& rows) {
        for (const Row& row : sample.of<Row>()) {
            const auto stored = read_row<Row>(storage, row.key());
            if (stored && stored->row == row) continue;
            rows.push_back({row, stored ? stored->version + 1 : 1});
        }
    });
    changes.transfers = sample.of<Transfer>();
    changes.events = sample.of<Event>();
    if (storage.commit(changes) != CommitOutcome::committed) std::abort();
}

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    std::string bytes(in ? static_cast<std::size_t>(in.tellg()) : 0, '\0');
    in.seekg(0);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) std::abort();
}

FolderImage image_of(const std::filesystem::path& folder) {
    FolderImage image;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        image[name] = entry.is_regular_file() ? bytes_of(entry.path()) : "(not a file)";
    }
    return image;
}

std::string run_sql(const std::filesystem::path& file, const std::string& sql) {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    std::string answer;
    const auto keep = [](void* out, int, char** values, char**) {
        if (values[0] != nullptr) *static_cast<std::string*>(out) += values[0];
        *static_cast<std::string*>(out) += '\n';
        return 0;
    };
    char* failure = nullptr;
    if (sqlite3_exec(database.getHandle(), sql.c_str(), keep, &answer, &failure) != SQLITE_OK) {
        throw std::runtime_error("SQL failed: " + std::string(failure ? failure : "?"));
    }
    return answer;
}

}  // namespace concertres::test
