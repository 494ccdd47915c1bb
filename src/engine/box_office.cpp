#include "concertres/box_office.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

#include "engine/handlers/hold.hpp"
#include "engine/handlers/money.hpp"
#include "engine/handlers/reservations.hpp"
#include "engine/handlers/room.hpp"
#include "engine/handlers/settle.hpp"
#include "engine/line_desk.hpp"
#include "engine/office_outbox.hpp"
#include "engine/queries.hpp"
#include "engine/query_work.hpp"
#include "engine/replaceable.hpp"
#include "engine/restore.hpp"
#include "engine/slices.hpp"
#include "engine/tickets.hpp"
#include "engine/turns.hpp"
#include "engine/writer.hpp"

namespace concertres {

namespace {

// Longer than a crowd that has been answered takes to come again.
constexpr std::chrono::milliseconds lull{5};

// A query that is done in slices.
template <class Query>
class SlicedWork final : public QueryTask {
  public:
    using Answer = typename Query::Answer;

    SlicedWork(const QueryContext& at, Query query, Callback<void(Result<Answer>)> done)
        : at_(at), slices_(std::in_place, std::move(query)), done_(std::move(done)) {}

    [[nodiscard]] bool is_sliced() const override { return true; }
    Ran run() override {
        answer_ = slices_->step(at_);
        return answer_ ? Ran::whole : Ran::slice;
    }
    // Nothing is left of it when its caller hears how it ended: no half-made copy, above all.
    void answer() override {
        slices_.reset();
        done_(std::move(*answer_));
    }
    void fail(Error error) override {
        slices_.reset();
        done_(std::move(error));
    }

  private:
    const QueryContext& at_;
    std::optional<Slices<Query>> slices_;
    Callback<void(Result<Answer>)> done_;
    std::optional<Result<Answer>> answer_;
};

template <class Query>
concept SlicedQuery = requires(Query q) {
    Slices<Query>(std::move(q));
};

// About a place in a line, which may be outside.
template <class Command>
concept LineCommand = requires(LineDesk& desk, Command c, Done<Command> done) {
    desk.ask(std::move(c), std::move(done));
};

template <class Command>
concept HandledCommand = requires(Command c) {
    Handler<Command>(std::move(c));
};

}  // namespace

class BoxOffice::Impl {
  public:
    Impl(std::unique_ptr<Storage> storage, Options options)
        : storage_(std::move(storage)),
          options_(checked(std::move(options))),
          ids_(storage_->secrets().ids),
          // No other copy of the caller's keys stays behind: they may be taken away later.
          tokens_(TokenKeys(options_.token_keys.empty() ? storage_->secrets().tokens
                                                        : std::exchange(options_.token_keys, {}))),
          tickets_(TicketKeys(options_.ticket_keys.empty()
                                  ? own_ticket_keys(storage_->secrets())
                                  : std::exchange(options_.ticket_keys, {}))),
          board_(catalog_, options_.load_stale),
          surroundings_{&catalog_, &options_, &ids_, &board_},
          writer_(*storage_, catalog_, board_, surroundings_),
          query_rows_(surroundings_),
          queries_{storage_.get(), &board_, &catalog_, &options_, &query_rows_} {
        for (const NewConcert& stored : storage_->concerts()) {
            restore(*storage_, catalog_, board_, stored);
        }
        open_desk();
        if (options_.running == Running::own_thread) {
            writer_.tidy_after(lull);
            thread_ = std::thread([this] { run(); });
        }
    }
    ~Impl() { stop(); }

    template <class Command>
    void submit(Command command, Done<Command> done) {
        if constexpr (LineCommand<Command>) {
            if (desk_) return submit_by_line(std::move(command), std::move(done));
        }
        submit_to_writer(std::move(command), std::move(done));
    }

    template <class Command>
    AnswerTo<Command> call(Command command) {
        // Shared, because the writer may still be telling of the answer when the caller has left.
        struct Waiting {
            std::mutex mutex;
            std::condition_variable answered;
            std::optional<AnswerTo<Command>> answer;
            std::atomic<bool> done{false};
        };
        auto waiting = std::make_shared<Waiting>();
        submit<Command>(std::move(command), [waiting](AnswerTo<Command> answer) {
            std::lock_guard lock(waiting->mutex);
            waiting->answer.emplace(std::move(answer));
            waiting->done.store(true, std::memory_order_release);
            waiting->answered.notify_one();
        });
        drive_until(waiting->done);
        std::unique_lock lock(waiting->mutex);
        const auto is_answered = [&] { return waiting->answer.has_value(); };
        // What a line outside answers meanwhile may be work for a writer that nobody else runs.
        while (desk_ && options_.running == Running::by_host &&
               !waiting->answered.wait_for(lock, std::chrono::milliseconds(1), is_answered)) {
            lock.unlock();
            drive_until(waiting->done);
            lock.lock();
        }
        waiting->answered.wait(lock, is_answered);
        return std::move(*waiting->answer);
    }

    std::optional<PlaceView> place_in_memory(const GetPlace& query) const {
        const CatalogConcert* concert = catalog_.find(query.concert);
        PlaceView view{.user = query.user};
        if (concert == nullptr || !board_.fill(*concert, query.place, storage_->now(), view)) {
            return std::nullopt;
        }
        // One who waits or is in has no later place; of one past its time only storage knows, and
        // of one that is not this user's it is the writer that refuses.
        if (view.status == TokenStatus::expired) return std::nullopt;
        return capped(view, query);
    }

    AnswerTo<GetPlace> place(const GetPlace& query) {
        if (auto view = place_in_memory(query)) return std::move(*view);
        auto view = call(query);
        return view ? capped(std::move(*view), query) : view;
    }

    AnswerTo<GetConcert> concert(const GetConcert& query) const {
        return concertres::run(queries_, query);
    }
    AnswerTo<GetDraw> draw(const GetDraw& query) const { return concertres::run(queries_, query); }
    const Catalog& catalog() const { return catalog_; }

    Result<void> report_load(const ConcertId& id, double load) {
        const CatalogConcert* concert = catalog_.find(id);
        if (concert == nullptr) return unknown(Errc::unknown_concert, "concert", id.uuid);
        if (!(load >= 0) || !std::isfinite(load)) {
            return Error{Errc::request_invalid,
                         "load: must be a finite number from 0, which is idle; 1 is full",
                         {}};
        }
        board_.signals().report_load(concert->concert.key, load, storage_->now());
        return {};
    }

    // After a submit from outside: somebody must run what was submitted.
    void wake() {
        if (options_.running == Running::own_thread) {
            std::lock_guard lock(wake_mutex_);
            woken_ = true;
            wake_.notify_one();
        }
    }

    bool step() {
        std::lock_guard lock(running_);
        return writer_.step();
    }
    std::optional<Time> next_wake() {
        std::lock_guard lock(running_);
        return writer_.next_wake();
    }

    void stop() {
        if (desk_) desk_->close();
        writer_.close();
        {
            std::lock_guard lock(wake_mutex_);
            stopping_ = true;
            wake_.notify_one();
        }
        if (thread_.joinable()) thread_.join();
        {
            std::lock_guard lock(running_);
            while (writer_.has_work() && writer_.step()) {
            }
        }
        if (desk_) desk_->wait_until_idle();
    }

    const Storage& storage() const { return *storage_; }
    Storage& storage() { return *storage_; }
    const Options& options() const { return options_; }
    Replaceable<TokenKeys>& tokens() { return tokens_; }
    Replaceable<TicketKeys>& tickets() { return tickets_; }
    Statistics statistics() const { return writer_.statistics(); }
    const QueryContext& queries() const { return queries_; }

  private:
    template <class Command>
    void submit_to_writer(Command command, Done<Command> done) {
        if constexpr (HandledCommand<Command>) {
            writer_.submit(
                std::make_unique<CommandTask<Command>>(std::move(command), std::move(done)));
        } else if constexpr (SlicedQuery<Command>) {
            writer_.submit(std::make_unique<SlicedWork<Command>>(queries_, std::move(command),
                                                                 std::move(done)));
        } else {
            writer_.submit(std::make_unique<QueryWork<Command>>(queries_, std::move(command),
                                                                std::move(done)));
        }
    }

    // A concert that is not in the catalog may be another instance's of just now, and nobody here
    // knows where its line is. When its turn comes the writer may have heard of it, or refuses.
    template <class Command>
    void submit_by_line(Command command, Done<Command> done) {
        const ConcertId concert = command.concert;
        if (catalog_.find(concert) == nullptr) {
            submit_to_writer<GetConcert>(
                {concert}, [this, command = std::move(command),
                            done = std::move(done)](AnswerTo<GetConcert> found) mutable {
                    if (!found) return done(found.error());
                    submit_by_line(std::move(command), std::move(done));
                    wake();
                });
        } else if (desk_->keeps(concert)) {
            desk_->ask(std::move(command), std::move(done));
        } else {
            submit_to_writer(std::move(command), std::move(done));
        }
    }

    void open_desk() {
        if (!options_.line) return miss_line();
        desk_ = std::make_unique<LineDesk>(*options_.line, queries_,
                                           [this](std::unique_ptr<Work> work) {
                                               writer_.submit(std::move(work));
                                               wake();
                                           });
        writer_.tick_outside_by([this](ConcertKey concert) { desk_->tick(concert); });
    }

    // Nobody joins a room whose line is outside, or is let in there.
    void miss_line() const {
        const auto concerts = catalog_.all();
        const auto missed = std::ranges::count_if(concerts, [&](const CatalogConcert* concert) {
            return board_.outside(concert->concert.key).has_value();
        });
        if (missed == 0 || !options_.log) return;
        options_.log(LogLevel::warning,
                     "the lines of " + std::to_string(missed) +
                         " waiting rooms are kept outside of the store, and there is no "
                         "Options::line: nobody joins them or is let in");
    }

    static Options checked(Options options) {
        if (auto valid = check(options); !valid) {
            throw std::invalid_argument(valid.error().detail);
        }
        return options;
    }

    // Runs the writer on this thread until the answer is there; what is left then is the writer's
    // thread's, and so is what takes more than one slice.
    void drive_until(const std::atomic<bool>& done) {
        const auto answered = [&] { return done.load(std::memory_order_acquire); };
        if (answered()) return;  // it was refused
        if (options_.running == Running::by_host) return take_turns_until(answered);
        std::unique_lock turn(running_, std::try_to_lock);
        // Whoever runs it now looks for work again when it ends: in hand_over, or in run.
        if (!turn) return;
        while (!answered() && writer_.step() && !writer_.after_slice()) {
        }
        turn.unlock();
        hand_over();
    }
    // Nobody else need come by, so this thread goes on to the end; but all others who want to run
    // the writer get a turn between two slices.
    void take_turns_until(const auto& answered) {
        for (bool there_is_more = true; there_is_more;) {
            std::lock_guard turn(running_);
            do {
                there_is_more = !answered() && writer_.step();
            } while (there_is_more && !writer_.after_slice());
        }
    }
    void hand_over() {
        if (writer_.has_work()) wake();
    }

    void run() {
        std::unique_lock lock(wake_mutex_);
        while (!stopping_) {
            lock.unlock();
            Duration idle_max{};
            {
                std::lock_guard running(running_);
                while (writer_.step()) {
                }
                idle_max = writer_.idle_max();
            }
            lock.lock();
            // Without anything submitted it looks every tick whether a pass or a hold has ended,
            // and in a shared store more often what others have done. A caller that found the
            // writer running relies on whoever runs it to look again.
            wake_.wait_for(lock, idle_max,
                           [this] { return woken_ || stopping_ || writer_.has_work(); });
            woken_ = false;
        }
    }

    std::unique_ptr<Storage> storage_;
    Options options_;
    KeyedHash ids_;
    Replaceable<TokenKeys> tokens_;
    Replaceable<TicketKeys> tickets_;
    Catalog catalog_;
    Board board_;
    Surroundings surroundings_;
    Writer writer_;
    UnitOfWork query_rows_;
    QueryContext queries_;
    std::unique_ptr<LineDesk> desk_;  // where there is a line outside

    Turns running_;  // whoever has it runs the writer
    std::mutex wake_mutex_;
    std::condition_variable wake_;
    bool woken_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

BoxOffice::BoxOffice(std::unique_ptr<Storage> storage, Options options)
    : impl_(std::make_unique<Impl>(std::move(storage), std::move(options))) {}

BoxOffice::~BoxOffice() = default;

template <class Command>
AnswerTo<Command> BoxOffice::call(Command command) {
    return impl_->call(std::move(command));
}

template <class Command>
void BoxOffice::submit(Command command, Done<Command> done) {
    impl_->submit<Command>(std::move(command), std::move(done));
    impl_->wake();
}

AnswerTo<GetPlace> BoxOffice::place(const GetPlace& q) { return impl_->place(q); }

std::optional<PlaceView> BoxOffice::place_in_memory(const GetPlace& q) const {
    return impl_->place_in_memory(q);
}

AnswerTo<GetConcert> BoxOffice::concert(const GetConcert& q) const { return impl_->concert(q); }

AnswerTo<GetDraw> BoxOffice::draw(const GetDraw& q) const { return impl_->draw(q); }

AnswerTo<GetPerformance> BoxOffice::performance(const GetPerformance& q) const {
    return find_in(impl_->catalog(), q);
}

AnswerTo<FindPerformance> BoxOffice::find(const FindPerformance& q) const {
    return find_in(impl_->catalog(), q);
}

Result<std::vector<SeatPrice>> BoxOffice::seats_named(const PerformanceId& performance,
                                                      const std::vector<SeatNumber>& seats) const {
    return find_in(impl_->catalog(), performance, seats);
}

Result<void> BoxOffice::report_load(const ConcertId& concert, double load) {
    return impl_->report_load(concert, load);
}

bool BoxOffice::exclusive() const { return impl_->storage().exclusive(); }

std::string BoxOffice::sign(const PlaceView& place) const {
    return sign_token(
        impl_->tokens().get(), TokenPurpose::place,
        {.concert = place.concert, .number = place.number, .user = place.user, .issued_at = now()});
}

Result<TokenClaims> BoxOffice::verify(std::string_view token) const {
    return verify_token(impl_->tokens().get(), TokenPurpose::place, token, now(),
                        impl_->options().token_max_age);
}

void BoxOffice::replace_token_keys(const std::vector<TokenKey>& keys) {
    impl_->tokens().replace(TokenKeys(keys));
}

Result<SignedTicket> BoxOffice::ticket(const PaymentView& payment) const {
    return issue_ticket(impl_->catalog(), impl_->tickets().get(), payment);
}

std::vector<TicketPublicKey> BoxOffice::ticket_keys() const {
    return impl_->tickets().get().public_keys();
}

void BoxOffice::replace_ticket_keys(const std::vector<TicketKey>& keys) {
    impl_->tickets().replace(TicketKeys(keys));
}

Time BoxOffice::now() const { return impl_->storage().now(); }

Statistics BoxOffice::statistics() const { return impl_->statistics(); }

Result<AuditReport> BoxOffice::audit() { return impl_->call(RunAudit{}); }

std::unique_ptr<Outbox> BoxOffice::outbox() {
    if (impl_->storage().outbox() == nullptr) return nullptr;
    return std::make_unique<OfficeOutbox>(
        [this](const std::function<void(Outbox&)>& use) { return impl_->call(UseOutbox{use}); });
}

void BoxOffice::stop() { impl_->stop(); }

bool BoxOffice::step() { return impl_->step(); }

std::optional<Time> BoxOffice::next_wake() const { return impl_->next_wake(); }

// Every command and query that can be asked.
#define CONCERTRES_ASKABLE(Command)                               \
    template AnswerTo<Command> BoxOffice::call<Command>(Command); \
    template void BoxOffice::submit<Command>(Command, Done<Command>)

CONCERTRES_ASKABLE(Join);
CONCERTRES_ASKABLE(Leave);
CONCERTRES_ASKABLE(Tick);
CONCERTRES_ASKABLE(Hold);
CONCERTRES_ASKABLE(Extend);
CONCERTRES_ASKABLE(Release);
CONCERTRES_ASKABLE(Charge);
CONCERTRES_ASKABLE(Pay);
CONCERTRES_ASKABLE(SettlePayment);
CONCERTRES_ASKABLE(Refund);
CONCERTRES_ASKABLE(AddConcert);
CONCERTRES_ASKABLE(ChangeSale);
CONCERTRES_ASKABLE(AdminRelease);
CONCERTRES_ASKABLE(BlockSeats);
CONCERTRES_ASKABLE(Admit);
CONCERTRES_ASKABLE(GetPlace);
CONCERTRES_ASKABLE(ListConcerts);
CONCERTRES_ASKABLE(GetConcert);
CONCERTRES_ASKABLE(GetDraw);
CONCERTRES_ASKABLE(ListDates);
CONCERTRES_ASKABLE(ListSeats);
CONCERTRES_ASKABLE(GetPerformance);
CONCERTRES_ASKABLE(FindPerformance);
CONCERTRES_ASKABLE(GetReservation);
CONCERTRES_ASKABLE(ListReservations);
CONCERTRES_ASKABLE(GetPayment);
CONCERTRES_ASKABLE(ListPayments);
CONCERTRES_ASKABLE(ListOpenPayments);
CONCERTRES_ASKABLE(GetWallet);
CONCERTRES_ASKABLE(ListTransfers);
CONCERTRES_ASKABLE(ListEvents);
CONCERTRES_ASKABLE(GetReport);
CONCERTRES_ASKABLE(ListAdmissions);
CONCERTRES_ASKABLE(Explain);
CONCERTRES_ASKABLE(Backup);

#undef CONCERTRES_ASKABLE

}  // namespace concertres
