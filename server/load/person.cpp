#include "load/person.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "concertres/assert.hpp"
#include "concertres/ids.hpp"

namespace concertres::load {

namespace json = boost::json;
using std::chrono::milliseconds;

namespace {

constexpr int tries_max = 5;
constexpr int looks_max = 5;
// What one person keeps of the seats that they have seen: enough to find one that is still free.
constexpr std::size_t seats_kept = 16;
constexpr milliseconds retry_after{1'000};  // where the server names no time
constexpr milliseconds poll_after_min{10};

// The number that follows the name, from `at` on, which moves behind it.
std::optional<std::int64_t> number_after(std::string_view text, std::string_view name,
                                         std::size_t& at) {
    at = text.find(name, at);
    if (at == std::string_view::npos) return std::nullopt;
    at += name.size();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    at = static_cast<std::size_t>(end - text.data());
    return value;
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

// An answer that is no JSON object is as good as an empty one.
json::object object_of(std::string_view body) {
    boost::system::error_code failed;
    auto parsed = json::parse({body.data(), body.size()}, failed);
    if (failed || !parsed.is_object()) return {};
    return std::move(parsed.get_object());
}

Verdict verdict_of(int status) {
    if ((status >= 200 && status < 300) || status == 304) return Verdict::good;
    if (status == 503 || status == 429) return Verdict::shed;
    if (status == 402 || status == 403 || status == 409) return Verdict::refused;
    return Verdict::failed;
}

std::uint64_t random_start() {
    const Uuid random = Uuid::random();
    std::uint64_t first = 0;
    std::memcpy(&first, random.bytes.data(), sizeof first);
    return first;
}

}  // namespace

Person::Person(const Scene& scene) : scene_(&scene), random_(random_start()) {}

const std::vector<Person::Stride>& Person::preparation(Scenario scenario) {
    using enum Stride;
    static const std::vector<Stride> all[] = {
        {},                          // token
        {join},                      // poll
        {join, wait},                // dates
        {join, wait, dates},         // seats
        {join, wait, dates, seats},  // reservation
        {},                          // payment
        {},                          // sale
    };
    return all[static_cast<std::size_t>(scenario)];
}

const std::vector<Person::Stride>& Person::loop(Scenario scenario) {
    using enum Stride;
    static const std::vector<Stride> all[] = {
        {join},
        {poll},
        {dates},
        {seats},
        {seats, hold, release},
        {join, wait, dates, seats, hold, charge, pay},
        {join, wait, dates, seats, hold, charge, pay},
    };
    return all[static_cast<std::size_t>(scenario)];
}

// --- Through the scenario ----------------------------------------------------------------------

const std::vector<Person::Stride>& Person::path() const {
    return preparing_ ? preparation(scene_->scenario) : loop(scene_->scenario);
}

void Person::begin(bool prepare_only) {
    prepare_only_ = prepare_only;
    preparing_ = !prepared_;
    at_ = 0;
    tries_ = 0;
    looks_ = 0;
    begun_ = false;
    ended_ = false;
    outcome_.clear();
}

Move Person::next() {
    if (!ended_ && pause_ > milliseconds(0)) {
        return {Move::Kind::pause, std::exchange(pause_, milliseconds(0))};
    }
    go_on();
    if (ended_) return {Move::Kind::done, std::exchange(pause_, milliseconds(0))};
    const Stride stride = path()[at_];
    if (stride == Stride::wait && poll_after_ > milliseconds(0)) {
        return {Move::Kind::wait, std::exchange(poll_after_, milliseconds(0))};
    }
    write(stride);
    return {.kind = Move::Kind::ask};
}

// To the next thing to be done.
void Person::go_on() {
    while (!ended_) {
        if (at_ == path().size()) {
            arrive();
        } else if (is_needless(path()[at_])) {
            ++at_;
        } else {
            return;
        }
    }
}

// A sale looks at everything anew, as its people are new; where looking is all there is, it is done
// each time.
bool Person::is_needless(Stride stride) const {
    switch (stride) {
        case Stride::wait:
            return admitted_;
        case Stride::dates:
            return !performance_.empty() && scene_->scenario != Scenario::dates;
        case Stride::seats:
            return seat_.number != 0 && scene_->scenario != Scenario::seats;
        case Stride::charge:
            return seat_.price == 0;
        default:
            return false;
    }
}

void Person::arrive() {
    if (!preparing_) {
        const bool buys =
            scene_->scenario == Scenario::payment || scene_->scenario == Scenario::sale;
        return end(buys ? "bought" : "done");
    }
    prepared_ = true;
    preparing_ = false;
    at_ = 0;
    begun_ = false;
    if (prepare_only_) end("prepared");
}

// What was seen is not so any more.
void Person::look_again(Stride from) {
    const auto here = std::ranges::find(path(), from);
    if (++looks_ >= looks_max || here == path().end()) return end("sold out");
    if (from == Stride::dates) performance_.clear();
    seat_ = {};
    at_ = static_cast<std::size_t>(here - path().begin());
}

void Person::end(std::string_view outcome) {
    ended_ = true;
    outcome_ = outcome;
}

// --- Asking ------------------------------------------------------------------------------------

void Person::write(Stride stride) {
    const std::string key = fmt::format("{}-{}", user_, keys_);
    switch (stride) {
        case Stride::join:
            if (tries_ == 0) become_another();
            return compose("POST", fmt::format("/v1/concerts/{}/tokens", scene_->concert),
                           fmt::format(R"({{"user_id":"{}"}})", user_), {});
        case Stride::wait:
        case Stride::poll:
            return compose("GET", "/v1/tokens/current", {}, {});
        case Stride::dates:
            return compose("GET", fmt::format("/v1/concerts/{}/dates", scene_->concert), {}, {});
        case Stride::seats:
            return compose("GET", fmt::format("/v1/performances/{}/seats", performance_), {}, {});
        case Stride::hold:
            return compose("POST", "/v1/reservations",
                           fmt::format(R"({{"performance_id":"{}","seats":[{}]}})", performance_,
                                       seat_.number),
                           key);
        case Stride::release:
            return compose("DELETE", "/v1/reservations/" + reservation_, {}, {});
        case Stride::charge:
            return compose("POST", fmt::format("/v1/users/{}/wallet/charges", user_),
                           fmt::format(R"({{"amount":{}}})", seat_.price), key);
        case Stride::pay:
            return compose("POST", "/v1/payments",
                           fmt::format(R"({{"reservation_id":"{}"}})", reservation_), key);
    }
}

void Person::compose(std::string_view method, std::string_view target, std::string_view body,
                     std::string_view key) {
    text_ = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", method, target, scene_->host);
    if (!token_.empty()) text_ += fmt::format("Authorization: Bearer {}\r\n", token_);
    if (!scene_->api_key.empty()) text_ += fmt::format("X-Api-Key: {}\r\n", scene_->api_key);
    if (!key.empty()) text_ += fmt::format("Idempotency-Key: {}\r\n", key);
    if (!body.empty()) {
        text_ +=
            fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    }
    text_.append("\r\n").append(body);
}

// --- What was heard ----------------------------------------------------------------------------

Taken Person::take(const Heard& heard) {
    constexpr Step meaning[] = {Step::token, Step::poll,    Step::poll,   Step::dates, Step::seats,
                                Step::hold,  Step::release, Step::charge, Step::pay};
    const Step step = meaning[static_cast<std::size_t>(path()[at_])];
    if (heard.status == 0) {
        code_ = heard.failure;
        take_failure(heard, Verdict::failed);
        return {step, Verdict::failed, code_};
    }
    const Verdict verdict = verdict_of(heard.status);
    code_ = std::to_string(heard.status);
    if (verdict == Verdict::good) {
        take_good(heard.body);
        return {step, verdict, code_};
    }
    const std::string name = text_of(object_of(heard.body), "code").substr(0, 64);
    if (!name.empty()) code_ += " " + name;
    if (verdict == Verdict::refused) {
        take_refusal(name);
    } else {
        take_failure(heard, verdict);
    }
    return {step, verdict, code_};
}

void Person::take_good(std::string_view body) {
    const Stride stride = path()[at_++];
    tries_ = 0;
    begun_ = true;
    switch (stride) {
        case Stride::join:
            return take_place(body);
        case Stride::wait:
            --at_;  // it is passed over once they are admitted
            return take_place(body);
        case Stride::dates:
            return take_dates(body);
        case Stride::seats:
            return take_seats(body);
        case Stride::hold:
            reservation_ = text_of(object_of(body), "reservation_id");
            ++keys_;
            return;
        case Stride::charge:
            ++keys_;
            return;
        case Stride::pay:
            ++keys_;
            return choose_seat();
        case Stride::poll:
        case Stride::release:
            return;
    }
}

void Person::take_place(std::string_view body) {
    const json::object place = object_of(body);
    if (auto token = text_of(place, "token"); !token.empty()) token_ = std::move(token);
    const std::string status = text_of(place, "status");
    admitted_ = status == "admitted";
    if (admitted_) return;
    if (status != "waiting") {
        become_another();
        return end("lost the place");
    }
    if (text_of(place, "sale") == "sold_out") return end("sold out");
    const auto* after = place.if_contains("poll_after_ms");
    const bool is_told = after != nullptr && after->is_int64();
    poll_after_ = std::max(poll_after_min, milliseconds(is_told ? after->get_int64() : 1'000));
}

void Person::take_dates(std::string_view body) {
    constexpr std::string_view name = R"("performance_id":")";
    constexpr std::size_t id_length = 36;
    std::vector<std::string_view> found;
    for (std::size_t at = 0; (at = body.find(name, at)) != std::string_view::npos;) {
        at += name.size();
        found.push_back(body.substr(at, id_length));
    }
    if (found.empty()) return end("sold out");
    performance_ = found[draw(found.size())];
}

// Some of them, each with the same chance: not all who look at once shall want the same. The seats
// of a large hall are megabytes, so they are not parsed as a whole.
void Person::take_seats(std::string_view body) {
    free_.clear();
    std::uint64_t seen = 0;
    for (std::size_t at = 0;;) {
        const auto number = number_after(body, R"("number":)", at);
        const auto price = number ? number_after(body, R"("amount":)", at) : std::nullopt;
        if (!price) break;
        const std::uint64_t drawn = draw(++seen);
        if (free_.size() < seats_kept) {
            free_.push_back({*number, *price});
            std::swap(free_.back(), free_[drawn]);
        } else if (drawn < seats_kept) {
            free_[drawn] = {*number, *price};
        }
    }
    choose_seat();
    const bool only_looks = scene_->scenario == Scenario::seats;
    if (seat_.number == 0 && !only_looks) look_again(Stride::dates);
}

void Person::take_refusal(std::string_view code) {
    tries_ = 0;
    ++keys_;
    if (path()[at_] == Stride::hold && (code == "seat_held" || code == "seat_sold")) {
        choose_seat();
        if (seat_.number == 0) look_again(Stride::seats);
        return;
    }
    if (code == "sold_out") return end("sold out");
    // A pass that has ended, a limit that is reached: as somebody else it goes on.
    become_another();
    end(code.empty() ? std::string_view("refused") : code);
}

void Person::take_failure(const Heard& heard, Verdict verdict) {
    pause_ = heard.retry_after ? milliseconds(*heard.retry_after) : retry_after;
    ++tries_;
    if (preparing_) return;
    if (!begun_) return end(verdict == Verdict::shed ? "turned away" : "failed");
    if (tries_ < tries_max) return;
    become_another();
    end("gave up");
}

void Person::choose_seat() {
    seat_ = {};
    if (free_.empty()) return;
    seat_ = free_.back();
    free_.pop_back();
}

// All has to be done again, by a new user; who only pays need not look at everything, though.
void Person::become_another() {
    user_ = UserId::random().to_string();
    prepared_ = false;
    token_.clear();
    admitted_ = false;
    poll_after_ = milliseconds(0);
    reservation_.clear();
    if (scene_->scenario == Scenario::payment) return;
    performance_.clear();
    free_.clear();
    seat_ = {};
}

std::uint64_t Person::draw(std::uint64_t below) {
    random_ = random_ * 6364136223846793005u + 1442695040888963407u;
    return (random_ >> 33) % below;
}

}  // namespace concertres::load
