// What many people look at: the concerts, their dates and the seats of each date. An answer is made
// once and shared. Commits only mark which seats have changed; the first who asks after that, or
// after a hold has ended, has the answer made anew, at most every 50 ms. So a crowd that looks at
// seats costs the writer nothing, and what it sees may be 50 ms old; no decision is based on it.
//
// Threads: any. on_committed: the writer's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/seat_map.hpp"
#include "concertres/box_office.hpp"
#include "concertres/callback.hpp"
#include "concertres/event_sink.hpp"

namespace concertres::server {

// Called once: at once where the answer is there, or else on the writer's thread.
template <class T>
using Ready = Callback<void(Result<T>)>;
using SnapshotReady = Ready<Snapshot>;

// An answer that is asked for from the box office at most every `age_max`; those who come meanwhile
// wait for the same one.
template <class T>
class SharedAnswer {
  public:
    using Ask = std::function<void(Ready<T>)>;

    SharedAnswer(Ask ask, std::chrono::milliseconds age_max)
        : ask_(std::move(ask)), age_max_(age_max) {}

    static void get(const std::shared_ptr<SharedAnswer>& self, Ready<T> ready);

  private:
    void arrived(const Result<T>& answer);

    Ask ask_;
    std::chrono::milliseconds age_max_;
    std::mutex mutex_;
    std::optional<T> last_;
    std::chrono::steady_clock::time_point made_;
    bool asking_ = false;
    std::vector<Ready<T>> waiting_;
};

// The concerts, and a seat of one of them that is to be had.
struct OnSale {
    struct Sample {
        ConcertId concert{};
        PerformanceId performance{};
        SeatNumber seat = 1;
        Money price{};
        std::string area{};  // of which the seat is; empty: it is numbered
    };

    std::vector<ConcertView> concerts;
    std::optional<Sample> sample;
};

class Snapshots final : public EventSink {
  public:
    static constexpr std::chrono::milliseconds age_max{50};
    // Seats of performances that are kept, 24 bytes a seat and the texts of their answers; whoever
    // has not been looked at for longest goes first.
    static constexpr std::size_t maps_max = 512;

    // REQUIRES: called before anything is asked for.
    // Lifetime: the office outlives what is asked for.
    void bind(BoxOffice& office, std::string currency);

    void on_committed(std::span<const Event> events) override;

    void concerts(SnapshotReady ready);
    void dates(const ConcertId& concert, bool all, SnapshotReady ready);
    void seats(const PerformanceId& performance, bool all, SnapshotReady ready);
    void on_sale(Ready<std::shared_ptr<const OnSale>> ready);

    // Which seats of the concert have changed since this was last called, of the performances that
    // anybody has looked at. For one caller.
    [[nodiscard]] std::vector<SeatChanges> take_changes(const ConcertId& concert);

    // How old the newest answer about seats was when it was last given out.
    [[nodiscard]] std::chrono::steady_clock::duration age() const { return age_; }

  private:
    struct Entry {
        std::shared_ptr<SeatMap> map;
        ConcertId concert{};
        std::int64_t stream = 0;  // its owner: the performance
        std::uint64_t asked = 0;  // when it was last asked for, in asks
    };

    using MapReady = Ready<std::shared_ptr<SeatMap>>;

    void ask_on_sale(Ready<std::shared_ptr<const OnSale>> ready);
    void find_sample(std::shared_ptr<OnSale> found, std::size_t from, std::size_t tries,
                     Ready<std::shared_ptr<const OnSale>> ready);
    void find_seat(std::shared_ptr<OnSale> found, std::size_t at, const PerformanceId& performance,
                   std::size_t tries, Ready<std::shared_ptr<const OnSale>> ready);

    void with_map(const PerformanceId& performance, MapReady ready);
    std::shared_ptr<SeatMap> find(const PerformanceId& performance);
    void load(const PerformanceId& performance, MapReady ready);
    void loaded(const PerformanceId& performance, const ConcertId& concert,
                const Result<SeatsView>& view);
    std::shared_ptr<SeatMap> keep(const ConcertId& concert, const SeatsView& view);
    void forget_oldest();
    std::shared_ptr<const HallTexts> hall_of(const ConcertId& concert, const SeatsView& view);

    BoxOffice* office_ = nullptr;
    std::string currency_;
    std::mutex mutex_;
    std::shared_ptr<SharedAnswer<Snapshot>> concerts_;
    std::shared_ptr<SharedAnswer<std::shared_ptr<const OnSale>>> on_sale_;
    std::map<std::pair<ConcertId, bool>, std::shared_ptr<SharedAnswer<Snapshot>>> dates_;
    std::unordered_map<PerformanceId, Entry> maps_;
    std::unordered_map<std::int64_t, std::shared_ptr<SeatMap>> by_stream_;
    std::unordered_map<ConcertId, std::weak_ptr<const HallTexts>> halls_;
    std::unordered_map<PerformanceId, std::vector<MapReady>> loading_;
    std::shared_ptr<RenderedBytes> rendered_ = std::make_shared<RenderedBytes>();
    std::uint64_t asks_ = 0;
    std::atomic<std::chrono::steady_clock::duration> age_{};
};

}  // namespace concertres::server
