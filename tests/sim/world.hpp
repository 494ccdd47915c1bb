// The World of one seed: a box office that comes and goes, its store, the network in front of it,
// and all that goes wrong with them, in virtual time. Everything that happens is told to the model
// and written into the trace.
//
//   World world(draw_mix(seed), Trace::silent);
//   world.start();
//   world.ask<Hold>(3, token, {...}, [](const Result<ReservationView>& answer) { ... });
//
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "sim/dice.hpp"
#include "sim/door.hpp"
#include "sim/marks.hpp"
#include "sim/mix.hpp"
#include "sim/model.hpp"
#include "sim/observed_storage.hpp"
#include "sim/trace.hpp"
#include "support/faulty_storage.hpp"
#include "support/faulty_vfs.hpp"
#include "support/kernel.hpp"
#include "support/temp_dir.hpp"
#include "support/test_clock.hpp"

namespace concertres::sim {

struct Complaint {
    std::string invariant;
    std::string what;
    std::int64_t line = 0;  // of the trace
};

// A run ends with its first complaint: what follows from one wrong thing tells nothing new. It is
// no std::exception, so that nobody on the way takes it for a fault that they should handle.
struct GaveUp {};

class World final : public EventSink {
  public:
    World(const Mix& mix, Trace::Loudness loudness);
    ~World() override;

    void start();
    // All that went wrong is over: from now on everything works, and an operator opens the sale.
    void heal();
    [[nodiscard]] bool is_healed() const { return is_healed_; }
    // The last look: what should have ended has, and the store is what was committed.
    void finish();

    // Asks until there is an answer that is final; then tells it, once. `token`: what proves user
    // and place to the box office's door; empty: the command says them itself.
    template <class Command>
    void ask(int who, const std::string& token, Command command,
             std::function<void(const AnswerTo<Command>&)> then);

    void complain(const std::string& invariant, const std::string& what);

    test::Kernel& kernel() { return kernel_; }
    Dice& dice() { return dice_; }
    Trace& trace() { return trace_; }
    Model& model() { return model_; }
    // The next request is there at once.
    void hurry() { hurries_ = true; }
    [[nodiscard]] const Mix& mix() const { return mix_; }
    [[nodiscard]] const ConcertView& concert() const { return concert_; }
    [[nodiscard]] const std::vector<Complaint>& complaints() const { return complaints_; }
    [[nodiscard]] std::string sign(const PlaceView& view) const {
        return office_ ? office_->sign(view) : std::string();
    }
    // Nothing where there is no box office now.
    [[nodiscard]] BoxOffice* office() { return office_.get(); }
    // Asks past the network; nothing where there is no box office, or it does not answer.
    template <class Command>
    void tell(Command command, std::function<void(const AnswerTo<Command>&)> then);

    void on_committed(std::span<const Event> events) override;

  private:
    // What is asked for, until there is an answer.
    template <class Command>
    struct Errand {
        int who = 0;
        std::int64_t number = 0;
        std::string token;
        Command command;
        std::function<void(const AnswerTo<Command>&)> then;
        int tries = 0;
        bool is_done = false;
        bool is_answered = false;     // finally, wherever that went: it may not be asked again
        std::optional<Uuid> first{};  // what it was answered with, wherever that went
        bool was_lost = false;        // an answer was
    };
    template <class Command>
    using Shared = std::shared_ptr<Errand<Command>>;

    template <class Command>
    void send(const Shared<Command>& errand);
    template <class Command>
    void arrive(const Shared<Command>& errand);
    template <class Command>
    void answer(const Shared<Command>& errand, const AnswerTo<Command>& answer);
    template <class Command>
    void receive(const Shared<Command>& errand, const AnswerTo<Command>& answer);
    template <class Command>
    [[nodiscard]] bool check_token(Command& command, const std::string& token);
    // A message comes after a while, or twice, or never.
    void carry(Mark twice, std::function<void()> message, bool* lost);
    [[nodiscard]] static bool is_final(Errc code);
    template <class View>
    [[nodiscard]] static std::optional<Uuid> id_of(const View& view);
    // Times that went through JSON as they were before: it has milliseconds.
    template <class View>
    [[nodiscard]] View as_precise(View view) const;
    void deliver() {
        if (door_) door_->deliver();
    }

    // --- the box office's life
    void open();
    void close(bool in_order);
    void crash();
    void stop();
    void reopen_later();
    void note_commit(const ChangeSet& changes, CommitOutcome outcome);
    void note_load(Time now);
    [[nodiscard]] std::shared_ptr<Storage> open_store();
    void check_time(Time now);

    // --- what goes wrong
    void start_troubles();
    void every(Duration about, std::function<void()> what);
    void plan_crash();
    void fail_storage();
    void fail_disk();
    void step_wall();
    void operate();
    void change(SaleChange change);
    void change_room();
    void look_after();
    void watch_line();
    void check_positions();
    void open_twice();

    // --- who follows the events
    void follow();
    void follow(const Stream& stream, ListEvents query);
    void check_followed();
    [[nodiscard]] std::vector<std::pair<Stream, ListEvents>> streams();

    Mix mix_;
    Trace trace_;
    Dice dice_;
    test::TestClock clock_;
    test::Kernel kernel_;
    std::vector<Complaint> complaints_;
    Model model_;

    std::optional<test::TempDir> folder_;
    std::optional<test::FaultyVfs> disk_;
    std::shared_ptr<Storage> kept_;  // in memory: as long as the world
    std::unique_ptr<test::FaultPlan> faults_;
    ObservedStorage::Observer observer_;
    ObservedStorage* observed_ = nullptr;
    std::unique_ptr<Door> door_;  // where there is one; it goes after the office
    std::unique_ptr<BoxOffice> office_;
    ConcertView concert_;

    std::int64_t generation_ = 0;  // of the box office
    std::int64_t errands_ = 0;
    std::int64_t outstanding_ = 0;  // asked of this box office and not answered
    struct Copies {
        UserId user{};
        int asked = 0;
        bool is_answered = false;  // one of them, or one before them
    };
    std::map<std::int64_t, Copies> copies_;  // of those: by errand
    bool is_healed_ = false;
    bool has_given_up_ = false;
    bool is_failing_ = false;   // its storage was told to fail, or it has been stopped
    bool has_failed_ = false;   // it did
    bool answers_due_ = false;  // a commit was made, and nothing was answered since
    bool crash_at_commit_ = false;
    bool crash_at_load_ = false;
    bool is_reopening_ = false;
    bool stop_at_load_ = false;
    bool hurries_ = false;
    std::optional<ChangeSet> pending_;  // of which nobody knows
    bool pending_is_applied_ = false;
    int disk_calls_ = -1;  // until it fails; -1: it works
    int disk_error_ = 0;
    std::int64_t disk_fails_ = 0;  // so many calls in a row

    Time opened_at_{};
    Duration opened_elapsed_{};
    Time last_commit_{};
    Time last_load_{};
    std::optional<PlaceNumber> overdue_;
    std::optional<Duration> overdue_since_;
    std::int64_t overdue_admissions_ = -1;

    std::map<Stream, std::int64_t> sunk_;  // the last event that the sink was told of
    std::map<Stream, std::vector<Event>> followed_;
};

}  // namespace concertres::sim
