// Payments with money from outside while everything goes wrong: a provider that is away, whose
// answers are lost before or after the effect, that declines; holds that end too early, seats that
// others take meanwhile; an office and its settler that are gone at any step, and come back.
// Whatever happens, nobody pays twice, what was taken and bought nothing is given back, everything
// is settled in the end, and the audit finds nothing.
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "concertres/payment_settler.hpp"
#include "support/reopened_store.hpp"
#include "support/scripted_gateway.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Call = ScriptedGateway::Call;
using Fault = ScriptedGateway::Fault;

constexpr int users = 4;
constexpr SeatNumber seats = 12;

class Chaos {
  public:
    Chaos(const Backend& backend, std::uint32_t seed)
        : random_(seed), store_(backend), has_room_(draw(2) == 0) {
        gateway_.script = [this](Call call, const PaymentId&) { return fault(call); };
        open();
        ConcertDraft draft = SmallSale::draft(seats, 2);
        if (has_room_) draft.room = RoomPolicy{};
        sale_ = SmallSale::add(*office_, draft);
    }

    // One thing happens.
    void step() {
        const int what = draw(100);
        if (what < 15) {
            hold();
        } else if (what < 30) {
            pay();
        } else if (what < 70) {
            for (auto& settler : settlers_) (void)settler->step();
        } else if (what < 80) {
            clock_.advance(std::chrono::seconds(draw(100)));
        } else if (what < 83) {
            clock_.advance(4min);
        } else if (what < 86) {
            give_up();
        } else if (what < 89) {
            for (int i = draw(20); i > 0; --i) office_->step();
        } else if (what < 92) {
            is_away_ = !is_away_;
        } else if (what < 94) {
            stale_answer();
        } else {
            open();
        }
    }

    void end() {
        is_away_ = false;
        is_healthy_ = true;
        for (int round = 0; round < 2'000; ++round) {
            if (office_->open_payments({}).value().empty()) break;
            Duration pause = 1s;
            for (auto& settler : settlers_) pause = std::min(pause, settler->step());
            clock_.advance(std::max(pause, Duration(1ms)));
        }
        CHECK(office_->open_payments({}).value().empty());
        check_payments();
        const auto report = office_->audit();
        REQUIRE(report);
        for (const Finding& finding : report->findings) {
            MESSAGE(finding.rule << ": " << finding.what);
        }
        CHECK(report->clean());
    }

  private:
    [[nodiscard]] int draw(int below) {
        return std::uniform_int_distribution<int>(0, below - 1)(random_);
    }
    [[nodiscard]] Fault fault(Call call) {
        if (is_healthy_) return Fault::none;
        if (is_away_) return Fault::lost_before;
        const int what = draw(100);
        if (what < 10) return Fault::lost_before;
        if (what < 30) return Fault::lost_after;
        if (what < 32) return Fault::throws;
        if (call == Call::authorize && what < 42) return Fault::declined;
        if (call == Call::authorize && what < 46) return Fault::other_sum;
        return Fault::none;
    }

    // The office that there was is gone, whatever it was about to do; two settlers are about.
    void open() {
        settlers_.clear();
        office_.reset();
        office_ = std::make_unique<BoxOffice>(
            store_.open(clock_), Options{.running = Running::by_host, .sweeps = draw(2) == 0});
        for (int i = 0; i < 2; ++i) {
            settlers_.push_back(std::make_unique<PaymentSettler>(
                *office_, gateway_,
                PaymentSettlerOptions{.poll = 100ms, .poll_all = 1s, .clock = &clock_}));
        }
    }
    [[nodiscard]] PlaceNumber place_of(const UserId& user) {
        if (!has_room_) return {};
        const auto place =
            office_->join({.concert = sale_.concert, .user = user, .again = draw(2) == 0});
        (void)office_->tick({.concert = sale_.concert});
        return place ? place->number : PlaceNumber{};
    }
    void hold() {
        const UserId user = SmallSale::user(draw(users));
        Hold hold{.user = user,
                  .place = place_of(user),
                  .performance = sale_.performances[static_cast<std::size_t>(draw(2))],
                  .seats = {draw(seats - 1) + 1},
                  .key = key()};
        if (draw(2) == 0) hold.seats.push_back(hold.seats[0] + 1);
        if (const auto held = office_->hold(hold)) holds_.push_back(*held);
    }
    void pay() {
        if (holds_.empty()) return;
        const ReservationView& first = any_hold();
        Pay pay{.user = first.user,
                .place = place_of(first.user),
                .reservations = {first.id},
                .key = key(),
                .method = draw(5) == 0 ? "" : "card"};
        const ReservationView& second = any_hold();
        if (second.user == first.user && second.id != first.id && draw(2) == 0) {
            pay.reservations.push_back(second.id);
        }
        if (pay.method.empty()) {
            charged_ += 100'000;
            REQUIRE(office_->charge({.user = pay.user, .amount = {100'000}, .key = key()}));
        }
        const auto made = office_->pay(pay);
        if (!made) return;
        payments_.push_back({*made, !pay.method.empty()});
        CHECK(office_->pay(pay)->id == made->id);
    }
    void give_up() {
        if (holds_.empty()) return;
        const ReservationView& hold = any_hold();
        if (draw(2) == 0) {
            (void)office_->admin_release({.reservation = hold.id, .actor = "op"});
        } else {
            (void)office_->leave(
                {.concert = sale_.concert, .user = hold.user, .place = place_of(hold.user)});
        }
    }
    // What the provider has said is said again.
    void stale_answer() {
        if (payments_.empty()) return;
        const PaymentId id =
            payments_[static_cast<std::size_t>(draw(static_cast<int>(payments_.size())))].view.id;
        const auto account = gateway_.account(id);
        (void)office_->settle(
            {.payment = id, .answer = {.status = account.status, .amount = account.amount}});
    }
    [[nodiscard]] const ReservationView& any_hold() {
        return holds_[static_cast<std::size_t>(draw(static_cast<int>(holds_.size())))];
    }
    [[nodiscard]] std::string key() { return "k" + std::to_string(++keys_); }

    void check_payments() {
        std::int64_t from_wallets = 0;
        for (const Made& made : payments_) {
            const auto view = office_->payment({.user = made.view.user, .payment = made.view.id});
            REQUIRE(view);
            CAPTURE(view->failure);
            const auto account = gateway_.account(view->id);
            CHECK(account.captures <= 1);
            if (!made.from_outside) {
                CHECK(view->stage == PaymentStage::none);
                from_wallets += view->amount.minor;
                continue;
            }
            CHECK(view->stage == PaymentStage::done);
            const bool is_ours = account.status == GatewayStatus::captured;
            CHECK((view->status == PaymentStatus::completed) == is_ours);
            CHECK((view->status == PaymentStatus::failed) == !is_ours);
            CHECK(account.status != GatewayStatus::authorized);
            if (is_ours) CHECK(account.amount == view->amount);
            for (const ReservationId& id : view->reservations) {
                const auto seat =
                    office_->reservation({.user = view->user, .reservation = id}).value();
                CHECK((seat.status == ReservationStatus::paid && seat.payment == view->id) ==
                      is_ours);
            }
        }
        std::int64_t wallets = 0;
        for (int user = 0; user < users; ++user) {
            wallets += office_->wallet({.user = SmallSale::user(user)})->balance.minor;
        }
        CHECK(wallets == charged_ - from_wallets);
    }

    struct Made {
        PaymentView view;
        bool from_outside = false;
    };

    std::mt19937 random_;
    TestClock clock_;
    ReopenedStore store_;
    bool has_room_;
    ScriptedGateway gateway_;
    bool is_away_ = false;
    bool is_healthy_ = false;
    SmallSale sale_;
    std::vector<ReservationView> holds_;
    std::vector<Made> payments_;
    std::int64_t charged_ = 0;
    int keys_ = 0;
    std::unique_ptr<BoxOffice> office_;
    std::vector<std::unique_ptr<PaymentSettler>> settlers_;
};

}  // namespace

TEST_SUITE_BEGIN("property: payments with money from outside");

CONCERTRES_BACKEND_TEST("whatever goes wrong, nobody pays twice and all is settled") {
    const std::uint32_t runs = backend.shared ? 2 : 25;
    for (std::uint32_t seed = 1; seed <= runs; ++seed) {
        CAPTURE(seed);
        Chaos chaos(backend, seed);
        for (int i = 0; i < (backend.shared ? 120 : 300); ++i) chaos.step();
        chaos.end();
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
