#include <algorithm>
#include <exception>

#include "engine/handlers/room.hpp"

namespace concertres {

// --- Tick --------------------------------------------------------------------------------------

void Handler<Tick>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    const ConcertKey concert = concert_->concert.key;
    sale_ = rows.want<Sale>(concert);
    line_ = rows.want<RoomLine>(concert);
    to_come_.clear();
    for (const CatalogPerformance& entry : concert_->performances) {
        if (entry.performance.starts_at <= rows.now()) continue;
        to_come_.push_back(rows.want<PerformanceState>(entry.performance.key));
    }
    ended_.clear();
    waiting_.clear();
    first_drawn_ = drawn_ = 0;
    if (!exists(line_) || !exists(sale_)) return;
    for (const auto& end : (*line_)->expiring) {
        if (end.ends_at > rows.now()) break;
        ended_.push_back(rows.want<Pass>({concert, end.name}));
    }
    gather_waiting(rows);
}

// Who is next: those of earlier epochs, by their numbers; those who were drawn, by their ranks;
// then the others, by their numbers.
void Handler<Tick>::gather_waiting(UnitOfWork& rows) {
    const Sale& sale = **sale_;
    std::optional<Drawn> drawn = sale.draw ? sale.draw->drawn : std::nullopt;
    end_ = nullptr;
    if (is_draw_due(sale, rows.now())) {
        end_ = rows.want<Line>(sale.concert);
        if (!exists(end_)) return;
        drawn = draw_of(**end_, rows.now());
    }
    const auto is_full = [this] { return waiting_.size() == RoomLine::batch; };
    auto next = (*line_)->waiting.begin();
    const auto end = (*line_)->waiting.end();
    if (drawn) {
        // Who has a number of an earlier epoch was there before a copy of the store took its place.
        for (; next != end && next->epoch() < drawn->epoch && !is_full(); ++next) {
            waiting_.push_back(rows.want<Place>({sale.concert, *next}));
        }
        first_drawn_ = waiting_.size();
        const Draw order(sale.draw->seed, drawn->size);
        for (std::int64_t rank = drawn->next_rank; rank < drawn->size && !is_full(); ++rank) {
            const auto number = PlaceNumber::of(drawn->epoch, order.sequence_at(rank));
            waiting_.push_back(rows.want<Place>({sale.concert, number}));
        }
        drawn_ = waiting_.size() - first_drawn_;
    }
    for (; next != end && !is_full(); ++next) {
        if (drawn && drawn->covers(*next)) continue;
        waiting_.push_back(rows.want<Place>({sale.concert, *next}));
    }
}

Result<std::int64_t> Handler<Tick>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    again_ = false;
    Sale sale = **sale_;
    if (!sale.room) return std::int64_t{0};
    std::vector<Event> events;
    if (end_ != nullptr) hold_draw(sale, **end_, rows.now(), events);
    const std::int64_t expired = expire_passes(rows, sale, events);
    const std::int64_t admitted = admit_waiting(rows, sale, (*line_)->admitted - expired, events);
    if (!(sale == **sale_)) rows.put(std::move(sale));
    rows.append(events);
    // What it read of the line is past now, for any later tick of this group.
    rows.forget<RoomLine>(concert_->concert.key);
    return admitted;
}

std::int64_t Handler<Tick>::expire_passes(UnitOfWork& rows, Sale& sale,
                                          std::vector<Event>& events) {
    std::int64_t expired = 0;
    for (const auto row : ended_) {
        CONCERTRES_ASSERT(exists(row));
        if ((*row)->status != PassStatus::admitted || (*row)->expires_at > rows.now()) continue;
        Pass pass = **row;
        expire(sale, pass, rows.now(), events);
        rows.put(std::move(pass));
        ++expired;
    }
    again_ = ended_.size() == RoomLine::batch;
    return expired;
}

std::int64_t Handler<Tick>::admit_waiting(UnitOfWork& rows, Sale& sale, std::int64_t admitted,
                                          std::vector<Event>& events) {
    SeatCounts counts;
    for (const auto state : to_come_) {
        counts.free += (*state)->counts.free;
        counts.held += (*state)->counts.held;
        counts.sold += (*state)->counts.sold;
    }
    const SaleState state = state_of(sale, counts, rows.now());
    const bool opened = !sale.opens_at || *sale.opens_at <= rows.now();
    if ((state != SaleState::open && state != SaleState::draining) || !opened) return 0;
    std::vector<const Place*> waiting;
    for (const auto row : waiting_) {
        CONCERTRES_ASSERT(exists(row));
        if ((*row)->status == PlaceStatus::waiting) waiting.push_back(&**row);
    }
    const RoomSnapshot room{.admitted = admitted,
                            .waiting = static_cast<std::int64_t>(waiting.size()),
                            .seats_left = counts.free + counts.held};
    const std::int64_t let_in = consult(rows, sale, room);
    const PassTerms terms{.ttl = sale.room->pass_ttl.value_or(rows.options().pass_ttl),
                          .max = rows.options().pass_max};
    for (std::size_t i = 0; i < static_cast<std::size_t>(let_in); ++i) {
        Place place = *waiting[i];
        Pass pass = admit(sale, place, terms, rows.now(), events);
        rows.put(std::move(place));
        rows.put(std::move(pass));
    }
    pass_over(sale);
    // All who were looked at are in, or had left: there may be more behind them.
    const bool all = let_in == room.waiting;
    again_ = again_ || (all && waiting_.size() == RoomLine::batch);
    return let_in;
}

// Over those who are in by now, or have left.
void Handler<Tick>::pass_over(Sale& sale) const {
    for (std::size_t i = first_drawn_; i < first_drawn_ + drawn_; ++i) {
        if ((*waiting_[i])->status == PlaceStatus::waiting) return;
        ++sale.draw->drawn->next_rank;
    }
}

namespace {

// The policy that the room's settings and the host come to; null where the host's is missing.
std::shared_ptr<const AdmissionPolicy> policy_of(const Options& options, const Sale& sale) {
    auto settings = policy_of(*sale.room);
    if (sale.room->custom.empty()) return settings;
    const auto custom = options.policies.find(sale.room->custom);
    if (custom == options.policies.end()) return nullptr;
    return all_of({std::move(settings), custom->second});
}

}  // namespace

// A host's policy that is missing, or that throws, admits nobody: an operator sees it in the log,
// and nobody is let in by mistake.
std::int64_t Handler<Tick>::consult(const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room) {
    std::string failure;
    try {
        if (const auto policy = policy_of(rows.options(), sale)) {
            const std::int64_t quota = policy->quota(room, sale.policy_state, rows.now());
            const std::int64_t admitted = std::clamp<std::int64_t>(quota, 0, room.waiting);
            sale.policy_state = policy->record(sale.policy_state, admitted, rows.now());
            return admitted;
        }
        failure = "it is not among Options::policies";
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    }
    if (rows.options().log) {
        rows.options().log(LogLevel::error, "room policy '" + sale.room->custom +
                                                "' failed, nobody is admitted: " + failure);
    }
    return 0;
}

}  // namespace concertres
