// The World of one seed: a box office that comes and goes, or several over one store, the network
// in front of them, and all that goes wrong with them, in virtual time. Everything that happens is
// told to the model and written into the trace.
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
#include "sim/instance.hpp"
#include "sim/marks.hpp"
#include "sim/mix.hpp"
#include "sim/model.hpp"
#include "sim/shared_store.hpp"
#include "sim/trace.hpp"
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

class World {
  public:
    World(const Mix& mix, Trace::Loudness loudness);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

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
    [[nodiscard]] std::string sign(const PlaceView& view) {
        return office() != nullptr ? office()->sign(view) : std::string();
    }
    // Any; nothing where there is no box office now.
    [[nodiscard]] BoxOffice* office();
    // Asks past the network; nothing where there is no box office, or it does not answer.
    template <class Command>
    void tell(Command command, std::function<void(const AnswerTo<Command>&)> then);

  private:
    // What is asked for, until there is an answer.
    template <class Command>
    struct Errand : Asked {
        std::string token;
        Command command;
        std::function<void(const AnswerTo<Command>&)> then;
    };
    template <class Command>
    using Shared = std::shared_ptr<Errand<Command>>;

    template <class Command>
    void send(const Shared<Command>& errand);
    template <class Command>
    void arrive(const Shared<Command>& errand, Instance& at);
    template <class Command>
    void answer(const Shared<Command>& errand, int by, const AnswerTo<Command>& answer);
    template <class Command>
    void receive(const Shared<Command>& errand, const AnswerTo<Command>& answer);
    template <class Command>
    [[nodiscard]] bool check_token(Command& command, const std::string& token, Instance& at);
    // A message comes after a while, or twice, or never.
    void carry(Mark twice, std::function<void()> message, bool* lost);
    [[nodiscard]] static bool is_final(Errc code);
    template <class View>
    [[nodiscard]] static std::optional<Uuid> id_of(const View& view);
    // Times that went through JSON as they were before: it has milliseconds.
    template <class View>
    [[nodiscard]] View as_precise(View view, const Instance& at) const;
    void deliver();

    // --- a box office's life
    void open(Instance& at);
    void open_own(Instance& at);
    void begin(Instance& at, std::unique_ptr<Storage> storage);
    void close(Instance& at, bool in_order);
    void crash(Instance& at);
    void stop(Instance& at);
    void stop_answering(Instance& at);
    void reopen_later(Instance& at);
    void note_commit(Instance& at, const ChangeSet& changes, CommitOutcome outcome);
    void note_load(Instance& at, Time now);
    [[nodiscard]] std::shared_ptr<Storage> open_store();
    void check_time(const Instance& at, Time now);
    void prepare(Instance& at);

    // --- where several share one store: sharing.cpp
    [[nodiscard]] bool is_shared() const { return mix_.store == StoreKind::shared; }
    // The only one, or any.
    [[nodiscard]] Instance& pick();
    void prepare_shared(Instance& at);
    void open_shared(Instance& at);
    void after_step();
    void interrupt(Instance& at);
    void step_others(const Instance& than, std::int64_t steps);
    void step(Instance& at);
    [[nodiscard]] bool is_running(const Instance& at) const;
    void start_shared_troubles();
    void crash_all();
    void stall(Instance& at);
    void resume(Instance& at);
    void send_away();
    void move_clock();
    void note_told(Instance& at, const ChangeSet& changes, CommitOutcome outcome, bool stands);
    void note_followed(Instance& at, std::int64_t commits, const News& news);
    void note_heard(Instance& at, PlaceNumber number, const Result<PlaceView>& answer);
    void note_sunk(Instance& at, std::span<const Event> events);
    void check_shown(bool at_rest);
    void check_all_sunk(const Instance& at);
    void check_telling();
    void heal_shared();
    void finish_shared();

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
    [[nodiscard]] bool any_failing() const;

    // --- who follows the events
    void note_events(Instance& at, std::span<const Event> events);
    void follow();
    void follow(const Stream& stream, ListEvents query);
    void check_followed();
    void check_audit(Instance& at);
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
    std::shared_ptr<Storage> kept_;        // in memory: as long as the world
    std::unique_ptr<SharedStore> shared_;  // by several instances
    std::vector<std::unique_ptr<Instance>> instances_;
    ConcertView concert_;

    std::int64_t errands_ = 0;
    bool is_healed_ = false;
    bool has_given_up_ = false;
    const Instance* interrupted_ = nullptr;  // between two reads, while others are stepped
    bool hurries_ = false;
    std::optional<ChangeSet> pending_;  // of which nobody knows
    bool pending_is_applied_ = false;
    int disk_calls_ = -1;  // until it fails; -1: it works
    int disk_error_ = 0;
    std::int64_t disk_fails_ = 0;  // so many calls in a row

    Time last_commit_{};
    std::optional<PlaceNumber> overdue_;
    std::optional<Duration> overdue_since_;
    std::int64_t overdue_admissions_ = -1;

    std::map<Stream, std::vector<Event>> followed_;
};

}  // namespace concertres::sim
