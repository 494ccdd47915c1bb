// What a box office answers, in the words of a scenario's table.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/scenario_table.hpp"

namespace concertres::test {

// The names that a table gives to users, concerts, reservations and so on, and the ids behind them.
class Names {
  public:
    // A name that nobody has learned is the id of nothing.
    template <class Id>
    [[nodiscard]] Id id(const std::string& name) const {
        const auto found = ids_.find(name);
        return found == ids_.end() ? Id::from_name(name) : Id{found->second};
    }
    template <class Id>
    void learn(const std::string& name, Id id) {
        ids_.insert_or_assign(name, id.uuid);
        names_.emplace(id.uuid, name);
    }
    // Its first name, or the id itself.
    template <class Id>
    [[nodiscard]] std::string name(Id id) const {
        const auto found = names_.find(id.uuid);
        return found == names_.end() ? id.to_string() : found->second;
    }
    template <class Id>
    [[nodiscard]] std::string list(const std::vector<Id>& ids) const {
        std::vector<std::string> words;
        for (const Id& each : ids) words.push_back(name(each));
        return words.empty() ? "none" : join_text(words, ',');
    }
    // Tables write numbers as of epoch 0; lines outside of storage begin with epoch 1.
    [[nodiscard]] PlaceNumber number(std::int64_t written) const {
        PlaceNumber number{written};
        if (number.is_valid() && number.epoch() == 0) number.value += first_epoch_.value;
        return number;
    }
    [[nodiscard]] std::int64_t written(PlaceNumber number) const {
        const bool is_shown = number.is_valid() && number.epoch() >= first_epoch_.epoch();
        return is_shown ? number.value - first_epoch_.value : number.value;
    }
    void begin_epochs_at(std::int64_t epoch) { first_epoch_ = PlaceNumber::of(epoch, 0); }

  private:
    PlaceNumber first_epoch_{};
    std::map<std::string, Uuid> ids_;
    std::map<Uuid, std::string> names_;
};

// free is called available, as in the HTTP API.
[[nodiscard]] std::string_view seat_status_text(SeatStatus status);
[[nodiscard]] std::string_view transfer_kind_text(TransferKind kind);

// Times are told as store time since the beginning of the scenario.
class Answers {
  public:
    Answers(const Names& names, Time began) : names_(&names), began_(began) {}

    [[nodiscard]] Answer operator()(const PlaceView& view) const;
    [[nodiscard]] Answer operator()(const ReservationView& view) const;
    [[nodiscard]] Answer operator()(const PaymentView& view) const;
    [[nodiscard]] Answer operator()(const ChargeView& view) const;
    [[nodiscard]] Answer operator()(const ConcertView& view) const;
    [[nodiscard]] Answer operator()(const DrawView& view) const;
    [[nodiscard]] Answer operator()(const std::vector<ConcertView>& list) const;
    [[nodiscard]] Answer operator()(const std::vector<DateView>& list) const;
    [[nodiscard]] Answer operator()(const SeatsView& view) const;
    [[nodiscard]] Answer operator()(const WalletView& view) const;
    // Takings, then for each performance P1:free/held/sold/blocked:takings.
    [[nodiscard]] Answer operator()(const ReportView& view) const;
    // What it is, then for each event whose stream it is in, and its name: P1:reservation.held.
    [[nodiscard]] Answer operator()(const Explanation& view) const;
    [[nodiscard]] Answer operator()(const std::vector<ReservationView>& list) const;
    [[nodiscard]] Answer operator()(const std::vector<PaymentView>& list) const;
    [[nodiscard]] Answer operator()(const std::vector<Transfer>& list) const;
    [[nodiscard]] Answer operator()(const std::vector<Event>& list) const;
    [[nodiscard]] Answer operator()(PerformanceId performance) const;
    [[nodiscard]] Answer operator()(std::int64_t count) const;
    [[nodiscard]] static Answer refusal(const Error& error);

    template <class T>
    [[nodiscard]] Answer of(const Result<T>& result) const {
        return result ? (*this)(*result) : refusal(result.error());
    }

  private:
    [[nodiscard]] std::string at(Time time) const { return duration_text(time - began_); }

    const Names* names_;
    Time began_;
};

}  // namespace concertres::test
