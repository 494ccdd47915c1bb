// How a request gets to the box office and its answer back: the templates of World.
#pragma once

#include <algorithm>

#include "sim/world.hpp"

namespace concertres::sim {

template <class Command>
void World::ask(int who, const std::string& token, Command command,
                std::function<void(const AnswerTo<Command>&)> then) {
    auto errand = std::make_shared<Errand<Command>>();
    errand->who = who;
    errand->number = ++errands_;
    errand->token = token;
    errand->command = std::move(command);
    errand->then = std::move(then);
    send<Command>(errand);
}

template <class Command>
void World::send(const Shared<Command>& errand) {
    if (errand->is_done) return;
    ++errand->tries;
    trace_.note("ask", {errand->who, errand->number, errand->tries});
    carry(
        Mark::request_came_twice, [this, errand] { arrive<Command>(errand); }, nullptr);
    // Whoever hears nothing asks again.
    const Duration patience =
        2 * mix_.delay_max + dice_.between(std::chrono::seconds(1), std::chrono::seconds(4));
    kernel_.schedule(kernel_.now() + patience, [this, errand] { send<Command>(errand); });
}

template <class Command>
bool World::check_token(Command& command, const std::string& token) {
    if constexpr (requires {
                      command.place;
                      command.concert;
                  }) {
        if (token.empty()) return true;
        const Result<TokenClaims> claims = office_->verify(token);
        if (!claims) return false;
        command.user = claims->user;
        command.place = claims->number;
        command.concert = claims->concert;
    }
    return true;
}

template <class Command>
void World::arrive(const Shared<Command>& errand) {
    if (!office_) return trace_.note("nobody there", {errand->number});
    Command command = errand->command;
    if (!check_token(command, errand->token)) {
        trace_.note("token refused", {errand->number});
        return answer<Command>(errand, token_refusal());
    }
    trace_.note("arrive", {errand->number});
    Copies& copies = copies_[errand->number];
    if constexpr (requires { command.user; }) copies.user = command.user;
    ++copies.asked;
    ++outstanding_;
    copies.is_answered |= errand->is_answered;
    // What was answered from memory may be, whatever storage does; over HTTP it is not told apart.
    bool asks_storage = !(door_ && std::is_same_v<Command, GetPlace>);
    std::optional<AnswerTo<Command>> at_hand;
    if constexpr (std::is_same_v<Command, GetPlace>) {
        auto view = door_ ? std::nullopt : office_->place_in_memory(command);
        if (view) at_hand.emplace(std::move(*view));
        asks_storage = asks_storage && !at_hand;
    }
    const auto told = [this, errand, command, asks_storage,
                       generation = generation_](const AnswerTo<Command>& result) {
        // A connection that is gone carries nothing.
        if (generation != generation_) return;
        --outstanding_;
        const auto asked = copies_.find(errand->number);
        if (result || is_final(result.error().code)) asked->second.is_answered = true;
        if (--asked->second.asked == 0) copies_.erase(asked);
        answers_due_ = false;
        if (result && has_failed_ && asks_storage) {
            complain("D3", "answered though storage has failed");
        }
        model_.answered(command, result);
        answer<Command>(errand, result);
    };
    if (door_ &&
        door_->ask<Command>(command, errand->token, [this, told](const AnswerTo<Command>& result) {
            told(result ? AnswerTo<Command>(as_precise(*result)) : result);
        })) {
        return mark(Mark::asked_over_http);
    }
    if (at_hand) return told(*at_hand);
    office_->submit<Command>(command, told);
}

template <class View>
View World::as_precise(View view) const {
    using std::chrono::milliseconds;
    const auto restore = [](Time& time, Time known) {
        if (time == std::chrono::floor<milliseconds>(known)) time = known;
    };
    if constexpr (requires { view.now; }) {
        restore(view.now, std::is_same_v<View, PlaceView> ? office_->now() : last_load_);
        restore(view.now, last_load_);
    }
    if constexpr (std::is_same_v<View, ReservationView>) {
        if (const auto until = model_.end_of(view.id)) restore(view.held_until, *until);
    }
    return view;
}

template <class View>
std::optional<Uuid> World::id_of(const View& view) {
    if constexpr (requires { view.id.uuid; }) return view.id.uuid;
    return std::nullopt;
}

template <class Command>
void World::answer(const Shared<Command>& errand, const AnswerTo<Command>& answer) {
    trace_.note("answer",
                {errand->number, answer ? 0 : static_cast<std::int64_t>(answer.error().code)});
    errand->is_answered |= answer || is_final(answer.error().code);
    if (answer) {
        const std::optional<Uuid> id = id_of(*answer);
        if (id && errand->first && *errand->first != *id) {
            complain("I1", "a request that was asked again led to another thing");
        }
        if (id && errand->was_lost && errand->first) mark(Mark::lost_answer_retried);
        if (id) errand->first = id;
    }
    carry(
        Mark::answer_came_twice, [this, errand, answer] { receive<Command>(errand, answer); },
        &errand->was_lost);
}

template <class Command>
void World::receive(const Shared<Command>& errand, const AnswerTo<Command>& answer) {
    if (errand->is_done) return;
    if (!answer && !is_final(answer.error().code)) return;  // it asks again
    errand->is_done = true;
    trace_.note("done", {errand->who, errand->number});
    errand->then(answer);
}

template <class Command>
void World::tell(Command command, std::function<void(const AnswerTo<Command>&)> then) {
    if (!office_) return;
    ++outstanding_;
    office_->submit<Command>(
        std::move(command),
        [this, then = std::move(then), generation = generation_](AnswerTo<Command> result) {
            if (generation != generation_) return;
            --outstanding_;
            then(result);
        });
}

}  // namespace concertres::sim
