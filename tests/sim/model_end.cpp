// What is left: the store as it was found, and what must have come to an end.
#include <fmt/format.h>

#include <algorithm>

#include "sim/model.hpp"

namespace concertres::sim {

// Compares each row, transfer and event of a store with what was committed.
class StoreCheck final : public ScanVisitor {
  public:
    explicit StoreCheck(Model& model) : model_(model), left_(model.rows_) {}

    void on(const User& row) override { compare(row); }
    void on(const Sale& row) override { compare(row); }
    void on(const Line& row) override { compare(row); }
    void on(const Member& row) override { compare(row); }
    void on(const Place& row) override { compare(row); }
    void on(const Pass& row) override { compare(row); }
    void on(const PerformanceState& row) override { compare(row); }
    void on(const Limit& row) override { compare(row); }
    void on(const Reservation& row) override { compare(row); }
    void on(const Payment& row) override { compare(row); }
    void on(const Seat& row) override { compare(row); }
    void on(const Wallet& row) override { compare(row); }
    void on(const Transfer& row, bool intact) override {
        ++transfers_;
        model_.expect(intact, "L5", "a transfer's checksum is wrong");
        const auto known = model_.transfer_rows_.find({row.wallet, row.number});
        model_.expect(known != model_.transfer_rows_.end() && known->second == row, "D4",
                      "a transfer is not as it was committed");
    }
    void on(const Event& event, bool intact) override {
        ++events_;
        model_.expect(intact, "L5", "an event's checksum is wrong");
        const auto& log = model_.log_[event.stream];
        const auto at = static_cast<std::size_t>(event.number) - 1;
        model_.expect(at < log.size() && log[at] == event, "D4",
                      "an event is not as it was committed");
    }
    void on_damage(const std::string& what) override { model_.complain_("D4", what); }

    void end() {
        std::apply(
            [&](const auto&... table) {
                model_.expect((table.empty() && ...), "D1", "a committed row is gone");
            },
            left_);
        std::size_t events = 0;
        for (const auto& [stream, log] : model_.log_) events += log.size();
        model_.expect(events == events_, "D1", "committed events are gone");
        model_.expect(transfers_ == model_.transfer_rows_.size(), "D1",
                      "committed transfers are gone");
    }

  private:
    template <class Row>
    void compare(const Row& row) {
        auto& table = std::get<Model::Table<Row>>(left_);
        const auto known = table.find(row.key());
        const bool is_same = known != table.end() && known->second == row;
        model_.expect(is_same, "D4", "a row of the store is not as it was committed");
        if (known != table.end()) table.erase(known);
    }

    Model& model_;
    decltype(Model::rows_) left_;
    std::size_t transfers_ = 0;
    std::size_t events_ = 0;
};

void Model::check_store(Storage& store) {
    StoreCheck check(*this);
    store.scan(check);
    check.end();
}

// All of it or nothing.
bool Model::is_made(const ChangeSet& changes, Storage& store) {
    RowKeys keys;
    changes.rows.for_each([&](const auto& column) {
        for (const auto& [row, version] : column) {
            using Row = std::remove_cvref_t<decltype(row)>;
            keys.of<Row>().push_back({row.key()});
        }
    });
    Rows found;
    store.read(keys, found);
    std::int64_t made = 0;
    std::int64_t not_made = 0;
    changes.rows.for_each([&](const auto& column) {
        using Row = std::remove_cvref_t<decltype(column.front().row)>;
        for (const auto& [row, version] : column) {
            for (const auto& one : found.of<Row>()) {
                if (!(one.key == row.key())) continue;
                ++(one.row && one.row->version == version ? made : not_made);
            }
        }
    });
    expect(made == 0 || not_made == 0, "D2", "a commit whose answer was lost is half there");
    return made > 0;
}

void Model::check_all_told() {
    const auto is_told = [&](const auto& thing) {
        return thing.told || forgiven_.count(thing.user) != 0;
    };
    for (const auto& [id, booking] : bookings_) {
        expect(is_told(booking), "I1", "a hold was made that nobody was told of: a key led to two");
    }
    for (const auto& [id, purchase] : purchases_) {
        expect(is_told(purchase), "I1", "a payment was made that nobody was told of");
    }
    for (const auto& [id, charged] : charges_) {
        expect(is_told(charged), "I1", "a charge was made that nobody was told of");
    }
}

void Model::check_all_ended(Time now) {
    for (const auto& [id, booking] : bookings_) {
        const bool is_held = booking.status == ReservationStatus::held;
        expect(!is_held || booking.until <= now, "S4", "a hold does not end");
        expect(!is_held || !mix_.options.sweeps, "S4", "a dead hold is not swept");
    }
    for (const auto& [number, pass] : passes_) {
        const bool is_in = pass.status == PassStatus::admitted;
        expect(!is_in || pass.ends <= now, "T4", "a pass does not end");
        expect(!is_in || !mix_.options.sweeps, "T4", "a pass past its time is not ended");
    }
}

bool Model::any_live_hold(Time now) const {
    return std::any_of(bookings_.begin(), bookings_.end(), [&](const auto& booking) {
        return booking.second.status == ReservationStatus::held && now < booking.second.until;
    });
}

std::optional<Time> Model::end_of(ReservationId id) const {
    const auto booking = bookings_.find(id);
    return booking == bookings_.end() ? std::nullopt : std::optional(booking->second.until);
}

PerformanceId Model::performance_of(PerformanceKey key) const {
    for (const auto& [id, performance] : performance_keys_) {
        if (performance == key) return id;
    }
    return {};
}

// By when they were made: ids are in no order of their own.
std::vector<ReservationId> Model::reservations() const {
    std::vector<ReservationId> ids;
    for (const auto& [row, id] : booking_names_) ids.push_back(id);
    return ids;
}

std::vector<GetPlace> Model::waiting() const {
    std::vector<GetPlace> places;
    for (const auto& [number, place] : places_) {
        if (!waits(number)) continue;
        places.push_back({.concert = concert_.id, .user = place.user, .place = number});
    }
    return places;
}

std::vector<Stream> Model::streams() const {
    std::vector<Stream> streams;
    for (const auto& [stream, log] : log_) {
        if (!log.empty()) streams.push_back(stream);
    }
    return streams;
}

}  // namespace concertres::sim
