// A provider that stalls, repeats, loses and lies: what it says is not believed, and what it did
// is found out afterwards.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "payment_provider/provider_scene.hpp"

namespace concertres::test {
namespace {

// With a machine that has much else to do.
constexpr auto patience = 30s;
const Words posts = {"authorize", "capture", "cancel", "refund"};

// By the step that leads there.
std::string status_after(const std::string& step) {
    if (step == "authorize") return "authorized";
    if (step == "capture") return "captured";
    return step == "cancel" ? "voided" : "refunded";
}
std::string answer_after(const std::string& step) {
    return status_after(step) + (step == "cancel" ? " 0" : " 70000");
}

// One call goes wrong so, and is then sent again: the money has moved once.
void check_once(const std::string& fault, const std::string& said, bool it_acted) {
    CAPTURE(fault);
    Scene scene;
    for (const std::string& step : posts) {
        CAPTURE(step);
        const GatewayPayment payment = scene.ready_for(step);
        const Words before = scene.provider.effects(payment.id);
        // libcurl sends a request again itself where a kept connection turns out to be closed; so
        // this gateway has none.
        scene.set_timeout(said == "timed out" ? 500ms : patience);
        scene.provider.fault(step + ' ' + fault);
        const std::string answer = scene.call(step, payment);
        CHECK_MESSAGE(contains(answer, said), answer);
        CHECK(answer.starts_with(step + ": "));
        Words after = before;
        after.push_back(status_after(step));
        CHECK(scene.provider.effects(payment.id) == (it_acted ? after : before));
        CHECK(scene.provider.requests(step, payment.id) == 1);
        scene.set_timeout(patience);
        CHECK(scene.call(step, payment) == answer_after(step));
        CHECK(scene.provider.effects(payment.id) == after);
        CHECK(scene.call("lookup", payment) == answer_after(step));
    }
}

}  // namespace

TEST_SUITE_BEGIN("payment_provider");

// --- Away and slow -----------------------------------------------------------------------------

TEST_CASE("a call that is refused before it acted has had no effect, and can be sent again") {
    check_once("refuse", "it answered 503", false);
    check_once("busy", "it answered 429", false);
    check_once("drop", "Empty reply", false);
}

TEST_CASE("a call whose answer is lost has had its effect once, however often it is sent") {
    check_once("lose", "Empty reply", true);
    check_once("cut", "partial file", true);
}

TEST_CASE("a provider that stalls is given up at the time-out, whether it acts or not") {
    const auto began = std::chrono::steady_clock::now();
    check_once("stall", "timed out", false);
    check_once("hang", "timed out", true);
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(took > 8 * 500ms);
    CHECK(took < 60s);
    Scene scene;
    const GatewayPayment payment = scene.ready_for("capture");
    scene.set_timeout(300ms);
    scene.provider.fault("lookup stall");
    const auto asked = std::chrono::steady_clock::now();
    CHECK(contains(scene.call("lookup", payment), "lookup: "));
    CHECK(std::chrono::steady_clock::now() - asked > 250ms);
    CHECK(std::chrono::steady_clock::now() - asked < 10s);
}

TEST_CASE("threads whose provider stalls all end at the time-out, not one after the other") {
    Scene scene;
    scene.set_timeout(500ms);
    scene.provider.fault("authorize stall 0");
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] { CHECK_FALSE(scene.gateway->authorize(some_payment())); });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::chrono::steady_clock::now() - began < 7s);
}

TEST_CASE("a provider that is down is told of at once, and asked again when it is up") {
    const Scene scene;
    const GatewayPayment payment = scene.ready_for("capture");
    scene.provider.set_down(true);
    for (const std::string& step : posts) CHECK(contains(scene.call(step, payment), "connect"));
    CHECK(contains(scene.call("lookup", payment), "connect"));
    scene.provider.set_down(false);
    CHECK(scene.call("capture", payment) == "captured 70000");
    CHECK(scene.provider.effects(payment.id) == Words{"authorized", "captured"});
}

TEST_CASE("a provider may be told on its command line what to do wrong") {
    const Scene scene({"authorize refuse 2", "* busy"});
    const GatewayPayment payment = some_payment();
    CHECK(scene.call("authorize", payment) == "authorize: it answered 503");
    CHECK(scene.call("lookup", payment) == "lookup: it answered 429");
    CHECK(scene.call("authorize", payment) == "authorize: it answered 503");
    CHECK(scene.call("authorize", payment) == "authorized 70000");
}

// --- Order and repetition ----------------------------------------------------------------------

TEST_CASE("a call that was given up and comes late finds the payment voided") {
    Scene scene;
    const GatewayPayment payment = some_payment();
    scene.set_timeout(300ms);
    const auto began = std::chrono::steady_clock::now();
    scene.provider.fault("authorize late 1 4000");
    CHECK(contains(scene.call("authorize", payment), "timed out"));
    scene.set_timeout(patience);
    CHECK(scene.call("lookup", payment) == "absent 0");
    CHECK(scene.call("cancel", payment) == "voided 0");
    std::this_thread::sleep_until(began + 5s);
    CHECK(scene.call("lookup", payment) == "voided 0");
    CHECK(scene.provider.effects(payment.id) == Words{"voided"});
}

TEST_CASE("answers that come in another order than they were asked for each find their call") {
    const Scene scene;
    const GatewayPayment first = scene.ready_for("capture");
    const GatewayPayment second = scene.ready_for("capture");
    scene.provider.fault("capture slow 1 700");
    std::string answer;
    std::thread waiting([&] { answer = scene.call("capture", first); });
    while (scene.provider.requests("capture", first.id) == 0) std::this_thread::sleep_for(2ms);
    CHECK(scene.call("capture", second) == "captured 70000");
    // It has come before the first, whose own is on its way.
    CHECK(scene.call("lookup", first) == "captured 70000");
    waiting.join();
    CHECK(answer == "captured 70000");
}

TEST_CASE("what a provider does twice by itself moves money once") {
    const Scene scene;
    for (const std::string& step : posts) {
        CAPTURE(step);
        const GatewayPayment payment = scene.ready_for(step);
        scene.provider.fault(step + " repeat");
        CHECK(scene.call(step, payment) == answer_after(step));
        const Words effects = scene.provider.effects(payment.id);
        CHECK(std::ranges::count(effects, status_after(step)) == 1);
    }
}

TEST_CASE("a request whose kept connection closes is sent again by itself, and moves money once") {
    const Scene scene;
    for (const std::string& step : {posts[1], posts[2], posts[3]}) {
        CAPTURE(step);
        const GatewayPayment payment = scene.ready_for(step);
        scene.provider.fault(step + " lose");
        CHECK(scene.call(step, payment) == answer_after(step));
        CHECK(scene.provider.requests(step, payment.id) == 2);
        CHECK(std::ranges::count(scene.provider.effects(payment.id), status_after(step)) == 1);
    }
}

TEST_CASE("an answer that comes twice is never taken for that to the next call") {
    const Scene scene;
    for (int i = 0; i < 20; ++i) {
        const GatewayPayment payment = some_payment();
        scene.provider.fault("authorize twice");
        CHECK(scene.call("authorize", payment) == "authorized 70000");
        // Were the second answer still there, this would read it.
        CHECK(scene.call("capture", payment) == "captured 70000");
        scene.provider.fault("lookup twice");
        CHECK(scene.call("lookup", payment) == "captured 70000");
        CHECK(scene.call("refund", payment) == "refunded 70000");
        CHECK(scene.call("lookup", payment) == "refunded 70000");
    }
}

// --- Lies --------------------------------------------------------------------------------------

TEST_CASE("a smaller amount, a larger one and none are not believed") {
    const Scene scene;
    for (const std::string step : {"authorize", "capture", "refund"}) {
        for (const std::string amount : {"69999", "70001", "1", "0"}) {
            CAPTURE(step);
            CAPTURE(amount);
            const GatewayPayment payment = scene.ready_for(step);
            scene.provider.fault(step + " amount 1 " + amount);
            CHECK(scene.call(step, payment) == step + ": its answer is of another amount");
            CHECK(scene.call(step, payment) == answer_after(step));
            CHECK(std::ranges::count(scene.provider.effects(payment.id), status_after(step)) == 1);
        }
    }
}

TEST_CASE("lies about what was done are not believed, and the truth is found out") {
    const Scene scene;
    const std::string other = PaymentId::random().to_string();
    const auto check = [&](const std::string& step, const std::string& fault,
                           const std::string& said) {
        CAPTURE(step);
        CAPTURE(fault);
        const GatewayPayment payment = scene.ready_for(step);
        scene.provider.fault(step + ' ' + fault);
        CHECK(scene.call(step, payment) == step + ": " + said);
        CHECK(scene.call(step, payment) ==
              (step == "lookup" ? "authorized 70000" : answer_after(step)));
    };
    for (const std::string step : {"authorize", "capture", "cancel", "refund", "lookup"}) {
        check(step, "id 1 " + other, "its answer is of another payment");
        check(step, "id 1 x", "its answer's payment_id is no UUID");
        check(step, "currency 1 USD", "its answer is in another currency");
        check(step, "currency 1", "its answer's currency is missing or malformed");
        check(step, "amount 1 -1", "its answer's amount is missing or malformed");
        check(step, "status 1 paid", "its answer's status is none that there is");
        check(step, "status 1 absent", "it answered 200 with a status that belongs elsewhere");
        check(step, "garbage", "its answer is no JSON that can be read");
        check(step, "empty", "its answer is no JSON that can be read");
        check(step, "huge", "its answer is too long");
        check(step, "code 1 302", "it answered 302, and redirects are not followed");
        check(step, "code 1 201", "it answered 201");
        check(step, "code 1 500", "it answered 500");
        check(step, "code 1 400", "it answered 400");
    }
    check("authorize", "status 1 declined", "its answer has an amount where none was to move");
    check("capture", "status 1 authorized",
          "it answered with a status that the call cannot lead to");
    check("refund", "status 1 captured", "it answered with a status that the call cannot lead to");
    check("cancel", "status 1 captured", "its answer is of another amount");
    check("cancel", "amount 1 70000", "its answer has an amount where none was to move");
    check("lookup", "amount 1 0", "its answer is of another amount");
    check("lookup", "code 1 404", "it answered 404 with a status that belongs elsewhere");
    check("capture", "code 1 404", "it answered 404: it is asked elsewhere");
}

TEST_SUITE_END();

}  // namespace concertres::test
