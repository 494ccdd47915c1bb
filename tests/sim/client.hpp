// A Client is one who wants to buy: it charges its wallet, joins, waits, holds, extends, releases,
// pays, leaves, wants its money back and comes again; some are absent, and some try what they may
// not. What it does next is drawn from the world's dice; it does one thing at a time, and asks
// until it is answered.
#pragma once

#include <string>
#include <vector>

#include "sim/network.hpp"
#include "sim/world.hpp"

namespace concertres::sim {

class Client {
  public:
    Client(World& world, int number);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void start();
    [[nodiscard]] bool is_gone() const { return is_gone_; }
    [[nodiscard]] std::string state() const;

  private:
    struct Kept {
        ReservationId id;
        PerformanceId performance;
    };
    using Act = void (Client::*)();

    template <class Command>
    void ask(Command command, void (Client::*then)(const AnswerTo<Command>&));
    void later(Duration most, Act act);
    [[nodiscard]] std::string next_key();
    [[nodiscard]] bool mischief() { return world_.dice().chance(world_.mix().mischief_percent); }

    void charge();
    void charged(const Result<ChargeView>& answer);
    void join();
    void joined(const Result<PlaceView>& answer);
    void wait();
    void waited(const Result<PlaceView>& answer);
    void shop();
    void hold();
    void held(const Result<ReservationView>& answer);
    void extend();
    void extended(const Result<ReservationView>& answer);
    void release();
    void released(const Result<ReservationView>& answer);
    void pay();
    void paid(const Result<PaymentView>& answer);
    void pay_at_the_deadline();
    void ask_again();
    void refund();
    void refunded(const Result<PaymentView>& answer);
    void leave();
    void left(const Result<PlaceView>& answer);
    void look_at_wallet();
    void saw_wallet(const Result<WalletView>& answer);
    void misbehave();
    void use_anothers();
    void use_bought();
    void forge();
    void go();
    // Nothing it has opens anything any more: it comes again, or goes.
    void lost_pass();

    World& world_;
    int number_;
    UserId user_;
    PlaceNumber place_{};
    std::string token_;
    bool is_in_ = false;
    bool is_gone_ = false;
    int acts_ = 0;
    int visits_ = 0;
    int keys_ = 0;
    int empty_waits_ = 0;
    std::vector<Kept> holds_;
    std::vector<PaymentId> payments_;
    std::vector<ReservationId> bought_;
    std::optional<Hold> last_hold_;
    std::optional<Pay> last_payment_;  // that was done
    std::optional<Charge> last_charge_;
    const char* doing_ = "nothing";
};

}  // namespace concertres::sim
