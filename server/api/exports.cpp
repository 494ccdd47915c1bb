// What a concert has sold, and all that happened to it, as CSV. A download reads its streams of
// events page by page: the next page is asked for once the reader has taken the one before, so that
// a large concert is never in memory and a slow reader slows down nobody else.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/answers.hpp"
#include "api/chores.hpp"
#include "api/csv.hpp"
#include "api/handlers.hpp"
#include "base/hex.hpp"
#include "concertres/operations.hpp"
#include "http/stream.hpp"

namespace concertres::server {

namespace {

// Each is a page in memory, and takes turns with the buyers at the writer.
constexpr int exports_max = 4;
// About 1 ms from a file.
constexpr std::size_t events_per_page = 200;

enum class What : std::uint8_t { sales, events };

// Whose events are read; `performance` is nil for the room's.
struct Source {
    Uuid owner{};
    PerformanceView performance{};

    [[nodiscard]] bool is_room() const { return performance.id.is_nil(); }
};

class Export {
  public:
    // Refuses where too many are under way.
    static void start(Exchange exchange, What what);

  private:
    using Page = std::vector<Event>;
    using Owned = std::unique_ptr<Export>;

    Export(const Exchange& exchange, What what, std::shared_ptr<void> turn)
        : services_(&exchange.services()),
          home_(exchange.home()),
          what_(what),
          turn_(std::move(turn)) {}

    static void answer(Owned self, Exchange exchange, const Page& first);
    static void go_on(Owned self, const std::shared_ptr<http::Stream>& stream, std::string text,
                      const Page& page);
    static void ask_next(Owned self);

    void read_from(const ConcertView& concert);
    [[nodiscard]] ListEvents query() const;
    void write_names(CsvWriter& csv) const;
    void write(CsvWriter& csv, const Event& event) const;
    void write_sale(CsvWriter& csv, const Event& event) const;
    void write_event(CsvWriter& csv, const Event& event) const;

    Services* services_;
    Exchange::Home home_;
    What what_;
    std::shared_ptr<void> turn_;
    // The connection's. What waits for its reader owns this, so this does not own it.
    std::weak_ptr<http::Stream> stream_;
    std::vector<Source> sources_;  // the last is read now
    std::int64_t after_ = 0;       // in it
};

void Export::start(Exchange exchange, What what) {
    const auto id = named_concert(exchange);
    if (!id) return;
    const auto concert = exchange.office().concert({*id});
    if (!concert) return exchange.refuse(concert.error());
    auto turn = take_turn(exchange.services().exports_running, exports_max);
    if (!turn) {
        return exchange.refuse(Problem(
            Error{Errc::overloaded, "too many downloads are under way; try again later", {}}));
    }
    Owned self(new Export(exchange, what, std::move(turn)));
    self->read_from(*concert);
    const ListEvents first = self->query();
    Exchange::ask_or_refuse(std::move(exchange), first,
                            [self = std::move(self)](Exchange asked, const Page& page) mutable {
                                answer(std::move(self), std::move(asked), page);
                            });
}

// By start, after what happened to the room.
void Export::read_from(const ConcertView& concert) {
    for (auto id = concert.performances.rbegin(); id != concert.performances.rend(); ++id) {
        if (auto performance = services_->office.performance({*id})) {
            sources_.push_back({id->uuid, std::move(*performance)});
        }
    }
    if (what_ == What::events) sources_.push_back({concert.id.uuid, {}});
    CONCERTRES_ASSERT(!sources_.empty());
}

ListEvents Export::query() const {
    const Source& source = sources_.back();
    ListEvents query{.after = after_, .limit = events_per_page};
    if (source.is_room()) {
        query.room = ConcertId{source.owner};
    } else {
        query.performance = source.performance.id;
    }
    return query;
}

void Export::answer(Owned self, Exchange exchange, const Page& first) {
    // No more than a page ever waits in it.
    const auto stream = std::make_shared<http::Stream>(std::numeric_limits<std::size_t>::max());
    self->stream_ = stream;
    const char* name = self->what_ == What::sales ? "sales" : "events";
    exchange.add_field("Content-Disposition", fmt::format("attachment; filename=\"{}.csv\"", name));
    exchange.add_field("X-Content-Type-Options", "nosniff");
    exchange.answer_with(
        {.status = 200, .content_type = "text/csv; charset=utf-8", .stream = stream});
    std::string names;
    CsvWriter csv(names);
    self->write_names(csv);
    go_on(std::move(self), stream, std::move(names), first);
}

void Export::go_on(Owned self, const std::shared_ptr<http::Stream>& stream, std::string text,
                   const Page& page) {
    CsvWriter csv(text);
    for (const Event& event : page) self->write(csv, event);
    if (page.size() == events_per_page) {
        self->after_ = page.back().number;
    } else {
        self->sources_.pop_back();
        self->after_ = 0;
    }
    if (!stream->push(std::move(text))) return;
    if (self->sources_.empty()) return stream->end();
    stream->when_taken([self = std::move(self)]() mutable { ask_next(std::move(self)); });
}

void Export::ask_next(Owned self) {
    BoxOffice& office = self->services_->office;
    const ListEvents next = self->query();
    const auto home = self->home_;
    async_call(
        office, next,
        boost::asio::bind_executor(home, [self = std::move(self)](Result<Page> page) mutable {
            const auto stream = self->stream_.lock();
            if (!stream) return;  // the reader has gone
            // Half a file must not look like a whole one.
            if (!page) return stream->cut();
            go_on(std::move(self), stream, {}, *page);
        }));
}

// --- Rows --------------------------------------------------------------------------------------

void write_cells(CsvWriter& csv, std::initializer_list<std::string_view> cells) {
    for (const std::string_view cell : cells) csv.text(cell);
    csv.end_row();
}

void Export::write_names(CsvWriter& csv) const {
    if (what_ == What::sales) {
        write_cells(csv,
                    {"at", "event", "payment_id", "reservation_id", "user_id", "performance_id",
                     "starts_at", "section", "seat", "label", "amount", "currency"});
    } else {
        write_cells(csv, {"at", "stream", "stream_id", "number", "event", "user_id", "place",
                          "payment_id", "transfer_id", "reservation_ids", "seats", "amount",
                          "currency", "until", "pass_expires_at", "actor", "detail"});
    }
}

void Export::write(CsvWriter& csv, const Event& event) const {
    if (what_ == What::events) return write_event(csv, event);
    const bool is_sale =
        event.kind == EventKind::payment_completed || event.kind == EventKind::payment_refunded;
    if (is_sale) write_sale(csv, event);
}

// A row for each seat.
void Export::write_sale(CsvWriter& csv, const Event& event) const {
    const PerformanceView& performance = sources_.back().performance;
    for (const EventItem& item : event.items) {
        const auto seats = services_->office.seats_named(performance.id, item.seats);
        CONCERTRES_ASSERT(seats.has_value());
        for (const SeatPrice& seat : *seats) {
            csv.time(event.at)
                .text(event_name(event.kind))
                .id(event.payment)
                .id(item.reservation)
                .id(event.user)
                .id(performance.id)
                .text(to_rfc3339(performance.starts_at, performance.utc_offset))
                .text(seat.section)
                .number(seat.number)
                .text(seat.label)
                .number(seat.price.minor)
                .text(services_->currency)
                .end_row();
        }
    }
}

void write_money(CsvWriter& csv, Money money, std::string_view currency) {
    if (money.minor == 0) {
        csv.empty().empty();
    } else {
        csv.number(money.minor).text(currency);
    }
}

void write_time(CsvWriter& csv, Time time) {
    if (time == Time{}) {
        csv.empty();
    } else {
        csv.time(time);
    }
}

void write_things(CsvWriter& csv, const std::vector<EventItem>& items) {
    std::vector<std::string> reservations;
    std::vector<SeatNumber> seats;
    for (const EventItem& item : items) {
        if (!item.reservation.is_nil()) reservations.push_back(item.reservation.to_string());
        seats.insert(seats.end(), item.seats.begin(), item.seats.end());
    }
    csv.text(fmt::format("{}", fmt::join(reservations, " ")));
    csv.text(fmt::format("{}", fmt::join(seats, " ")));
}

std::string detail_of(const Event& event) {
    if (!event.draw) return event.detail;
    const EventDraw& draw = *event.draw;
    return fmt::format("class {}, epoch {}, size {}, seed {}", draw.line_class, draw.epoch,
                       draw.size, to_hex(draw.seed));
}

void Export::write_event(CsvWriter& csv, const Event& event) const {
    csv.time(event.at)
        .text(stream_name(event.stream.kind))
        .id(sources_.back().owner)
        .number(event.number)
        .text(event_name(event.kind))
        .id(event.user);
    if (event.place.value == 0) {
        csv.empty();
    } else {
        csv.number(event.place.value);
    }
    csv.id(event.payment).id(event.transfer);
    write_things(csv, event.items);
    write_money(csv, event.amount, services_->currency);
    write_time(csv, event.until);
    write_time(csv, event.pass_expires_at);
    csv.text(event.actor).text(detail_of(event)).end_row();
}

}  // namespace

void export_sales(Exchange exchange) { Export::start(std::move(exchange), What::sales); }

void export_events(Exchange exchange) { Export::start(std::move(exchange), What::events); }

}  // namespace concertres::server
