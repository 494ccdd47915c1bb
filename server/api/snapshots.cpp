#include "api/snapshots.hpp"

#include <algorithm>
#include <utility>

#include "api/answers.hpp"

namespace concertres::server {

using std::chrono::steady_clock;

namespace {

// The start page is for a first look, not for the crowd.
constexpr std::chrono::milliseconds on_sale_age_max{250};
constexpr std::size_t samples_tried_max = 8;

}  // namespace

// --- SharedAnswer ------------------------------------------------------------------------------

template <class T>
void SharedAnswer<T>::get(const std::shared_ptr<SharedAnswer>& self, Ready<T> ready) {
    {
        std::unique_lock lock(self->mutex_);
        if (self->last_ && steady_clock::now() - self->made_ < self->age_max_) {
            T fresh = *self->last_;
            lock.unlock();
            return ready(std::move(fresh));
        }
        self->waiting_.push_back(std::move(ready));
        if (std::exchange(self->asking_, true)) return;
    }
    self->ask_([self](const Result<T>& answer) { self->arrived(answer); });
}

template <class T>
void SharedAnswer<T>::arrived(const Result<T>& answer) {
    std::vector<Ready<T>> waiting;
    {
        std::lock_guard lock(mutex_);
        asking_ = false;
        waiting.swap(waiting_);
        if (answer) {
            last_ = *answer;
            made_ = steady_clock::now();
        }
    }
    for (Ready<T>& ready : waiting) ready(answer);
}

// --- Snapshots ---------------------------------------------------------------------------------

void Snapshots::bind(BoxOffice& office, std::string currency) {
    office_ = &office;
    currency_ = std::move(currency);
    concerts_ = std::make_shared<SharedAnswer<Snapshot>>(
        [this](SnapshotReady ready) {
            office_->submit<ListConcerts>(
                {}, [ready = std::move(ready)](Result<std::vector<ConcertView>> views) mutable {
                    if (!views) return ready(views.error());
                    ready(snapshot_of(concerts_json(*views)));
                });
        },
        age_max);
    on_sale_ = std::make_shared<SharedAnswer<std::shared_ptr<const OnSale>>>(
        [this](auto ready) { ask_on_sale(std::move(ready)); }, on_sale_age_max);
}

void Snapshots::on_committed(std::span<const Event> events) {
    for (const Event& event : events) {
        if (event.stream.kind != StreamKind::performance) continue;
        std::shared_ptr<SeatMap> map;
        {
            std::lock_guard lock(mutex_);
            const auto at = by_stream_.find(event.stream.owner);
            if (at != by_stream_.end()) map = at->second;
        }
        if (map) map->apply(event);
    }
}

void Snapshots::concerts(SnapshotReady ready) {
    SharedAnswer<Snapshot>::get(concerts_, std::move(ready));
}

void Snapshots::dates(const ConcertId& concert, bool all, SnapshotReady ready) {
    std::shared_ptr<SharedAnswer<Snapshot>> answer;
    {
        std::lock_guard lock(mutex_);
        auto& entry = dates_[{concert, all}];
        if (!entry) {
            entry = std::make_shared<SharedAnswer<Snapshot>>(
                [this, concert, all](SnapshotReady done) {
                    office_->submit<ListDates>(
                        {.concert = concert, .all = all},
                        [done = std::move(done)](Result<std::vector<DateView>> views) mutable {
                            if (!views) return done(views.error());
                            done(snapshot_of(dates_json(*views)));
                        });
                },
                age_max);
        }
        answer = entry;
    }
    SharedAnswer<Snapshot>::get(answer, std::move(ready));
}

void Snapshots::seats(const PerformanceId& performance, bool all, SnapshotReady ready) {
    with_map(performance,
             [this, all, ready = std::move(ready)](Result<std::shared_ptr<SeatMap>> map) mutable {
                 if (!map) return ready(map.error());
                 steady_clock::duration age{};
                 Snapshot snapshot = (*map)->get(all, office_->now(), age_max, age);
                 age_ = age;
                 ready(std::move(snapshot));
             });
}

// --- What is on sale

void Snapshots::on_sale(Ready<std::shared_ptr<const OnSale>> ready) {
    SharedAnswer<std::shared_ptr<const OnSale>>::get(on_sale_, std::move(ready));
}

void Snapshots::ask_on_sale(Ready<std::shared_ptr<const OnSale>> ready) {
    office_->submit<ListConcerts>(
        {}, [this, ready = std::move(ready)](Result<std::vector<ConcertView>> views) mutable {
            if (!views) return ready(views.error());
            auto found = std::make_shared<OnSale>(OnSale{std::move(*views), std::nullopt});
            find_sample(std::move(found), 0, samples_tried_max, std::move(ready));
        });
}

// A seat of the first concert, from the one at `from` on, that sells one, and there of the first
// date.
void Snapshots::find_sample(std::shared_ptr<OnSale> found, std::size_t from, std::size_t tries,
                            Ready<std::shared_ptr<const OnSale>> ready) {
    const auto& concerts = found->concerts;
    while (from < concerts.size() && concerts[from].sale != SaleState::open) ++from;
    if (from == concerts.size() || tries == 0)
        return ready(std::shared_ptr<const OnSale>(std::move(found)));
    const ConcertId concert = concerts[from].id;
    office_->submit<ListDates>(
        {.concert = concert},
        [this, found = std::move(found), from, tries,
         ready = std::move(ready)](const Result<std::vector<DateView>>& dates) mutable {
            if (!dates || dates->empty()) {
                return find_sample(std::move(found), from + 1, tries - 1, std::move(ready));
            }
            find_seat(std::move(found), from, dates->front().performance, tries, std::move(ready));
        });
}

void Snapshots::find_seat(std::shared_ptr<OnSale> found, std::size_t at,
                          const PerformanceId& performance, std::size_t tries,
                          Ready<std::shared_ptr<const OnSale>> ready) {
    with_map(performance,
             [this, found = std::move(found), at, performance, tries,
              ready = std::move(ready)](const Result<std::shared_ptr<SeatMap>>& map) mutable {
                 const auto seat = map ? (*map)->free_seat(office_->now()) : std::nullopt;
                 // Somebody was quicker.
                 if (!seat)
                     return find_sample(std::move(found), at + 1, tries - 1, std::move(ready));
                 found->sample = OnSale::Sample{found->concerts[at].id, performance, seat->number,
                                                seat->price, seat->area};
                 ready(std::shared_ptr<const OnSale>(std::move(found)));
             });
}

void Snapshots::with_map(const PerformanceId& performance, MapReady ready) {
    if (auto map = find(performance)) return ready(std::move(map));
    load(performance, std::move(ready));
}

std::shared_ptr<SeatMap> Snapshots::find(const PerformanceId& performance) {
    std::lock_guard lock(mutex_);
    const auto at = maps_.find(performance);
    if (at == maps_.end()) return nullptr;
    at->second.asked = ++asks_;
    return at->second.map;
}

// The answer comes on the writer's thread, between two commits: no event falls between what it
// tells and those that the map is told of from then on.
void Snapshots::load(const PerformanceId& performance, MapReady ready) {
    const auto known = office_->performance({performance});
    if (!known) return ready(known.error());
    {
        std::lock_guard lock(mutex_);
        std::vector<MapReady>& waiting = loading_[performance];
        waiting.push_back(std::move(ready));
        if (waiting.size() > 1) return;
    }
    office_->submit<ListSeats>(
        {.performance = performance, .all = true, .general = true},
        [this, performance, concert = known->concert](const Result<SeatsView>& view) {
            loaded(performance, concert, view);
        });
}

// Whoever came while it was asked for gets the same answer: a crowd costs one look.
void Snapshots::loaded(const PerformanceId& performance, const ConcertId& concert,
                       const Result<SeatsView>& view) {
    std::shared_ptr<SeatMap> map;
    if (view) map = keep(concert, *view);
    std::vector<MapReady> waiting;
    {
        std::lock_guard lock(mutex_);
        waiting = std::move(loading_.extract(performance).mapped());
    }
    for (MapReady& ready : waiting) {
        if (map) {
            ready(map);
        } else {
            ready(view.error());
        }
    }
}

std::shared_ptr<SeatMap> Snapshots::keep(const ConcertId& concert, const SeatsView& view) {
    {
        // Two who asked at once: the second finds it here.
        std::lock_guard lock(mutex_);
        const auto at = maps_.find(view.performance);
        if (at != maps_.end()) return at->second.map;
    }
    auto map = std::make_shared<SeatMap>(hall_of(concert, view), view, rendered_);
    std::lock_guard lock(mutex_);
    if (maps_.size() >= maps_max) forget_oldest();
    maps_[view.performance] = {
        .map = map, .concert = concert, .stream = view.stream.owner, .asked = ++asks_};
    by_stream_[view.stream.owner] = map;
    return map;
}

std::vector<SeatChanges> Snapshots::take_changes(const ConcertId& concert) {
    std::vector<std::shared_ptr<SeatMap>> maps;
    {
        std::lock_guard lock(mutex_);
        for (auto& [performance, entry] : maps_) {
            if (entry.concert != concert) continue;
            entry.asked = ++asks_;  // who is told of its changes looks at it, too
            maps.push_back(entry.map);
        }
    }
    std::vector<SeatChanges> all;
    for (const auto& map : maps) {
        SeatChanges changes = map->take_changes(office_->now());
        if (!changes.empty()) all.push_back(std::move(changes));
    }
    return all;
}

void Snapshots::forget_oldest() {
    const auto oldest =
        std::ranges::min_element(maps_, {}, [](const auto& entry) { return entry.second.asked; });
    by_stream_.erase(oldest->second.stream);
    maps_.erase(oldest);
}

// Made once for a concert: its performances share it as long as one of them is kept.
std::shared_ptr<const HallTexts> Snapshots::hall_of(const ConcertId& concert,
                                                    const SeatsView& view) {
    std::lock_guard lock(mutex_);
    std::weak_ptr<const HallTexts>& kept = halls_[concert];
    if (auto hall = kept.lock()) return hall;
    auto hall = std::make_shared<const HallTexts>(view, currency_);
    kept = hall;
    return hall;
}

}  // namespace concertres::server
