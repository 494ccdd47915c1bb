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
    Instance& at = pick();
    if (errand->first_at < 0) errand->first_at = at.number;
    if (errand->first_at != at.number) mark(Mark::asked_another_instance);
    carry(
        Mark::request_came_twice, [this, errand, &at] { arrive<Command>(errand, at); }, nullptr);
    // Whoever hears nothing asks again.
    const Duration patience =
        2 * mix_.delay_max + dice_.between(std::chrono::seconds(1), std::chrono::seconds(4));
    kernel_.schedule(kernel_.now() + patience, [this, errand] { send<Command>(errand); });
}

template <class Command>
bool World::check_token(Command& command, const std::string& token, Instance& at) {
    if constexpr (requires {
                      command.place;
                      command.concert;
                  }) {
        if (token.empty()) return true;
        const Result<TokenClaims> claims = at.office->verify(token);
        if (!claims) return false;
        command.user = claims->user;
        command.place = claims->number;
        command.concert = claims->concert;
    }
    return true;
}

template <class Command>
void World::arrive(const Shared<Command>& errand, Instance& at) {
    if (at.stands_until != Duration{}) {
        return kernel_.schedule(at.stands_until, [this, errand, &at] { arrive(errand, at); });
    }
    if (!at.office) return trace_.note("nobody there", {errand->number});
    Command command = errand->command;
    if (!check_token(command, errand->token, at)) {
        trace_.note("token refused", {errand->number});
        return answer<Command>(errand, at.number, token_refusal());
    }
    trace_.note("arrive", {errand->number});
    if constexpr (requires { command.user; }) errand->user = command.user;
    Instance::Copies& copies = at.copies[errand->number];
    copies.errand = errand;
    ++copies.asked;
    ++at.outstanding;
    // What was answered from memory may be, whatever storage does; over HTTP it is not told apart.
    bool asks_storage = !(at.door && std::is_same_v<Command, GetPlace>);
    std::optional<AnswerTo<Command>> at_hand;
    if constexpr (std::is_same_v<Command, GetPlace>) {
        auto view = at.door ? std::nullopt : at.office->place_in_memory(command);
        if (view) at_hand.emplace(std::move(*view));
        asks_storage = asks_storage && !at_hand;
    }
    const auto told = [this, errand, command, asks_storage, &at,
                       generation = at.generation](const AnswerTo<Command>& result) {
        // A connection that is gone carries nothing.
        if (generation != at.generation) return;
        --at.outstanding;
        const auto asked = at.copies.find(errand->number);
        if (--asked->second.asked == 0) at.copies.erase(asked);
        at.answers_due = false;
        if (result && at.has_failed && asks_storage) {
            complain("D3", "answered though storage has failed");
        }
        // Of what it did, if it did, whoever has an answer hears no more.
        const bool is_cut = !result && result.error().code == Errc::engine_failed;
        if (is_shared() && is_cut && errand->is_answered) model_.forgive(errand->user);
        model_.turn_to(at.number);
        model_.answered(command, result);
        if constexpr (std::is_same_v<AnswerTo<Command>, Result<PlaceView>>) {
            // One whose commit was lost may have made it, and does not know.
            if (result && !at.is_failing) model_.check_shown(*result);
        }
        if constexpr (std::is_same_v<Command, GetPlace>) note_heard(at, command.place, result);
        answer<Command>(errand, at.number, result);
    };
    if (at.door && at.door->ask<Command>(
                       command, errand->token, [this, &at, told](const AnswerTo<Command>& result) {
                           told(result ? AnswerTo<Command>(as_precise(*result, at)) : result);
                       })) {
        return mark(Mark::asked_over_http);
    }
    if (at_hand) return told(*at_hand);
    at.office->submit<Command>(command, told);
}

template <class View>
View World::as_precise(View view, const Instance& at) const {
    using std::chrono::milliseconds;
    const auto restore = [](Time& time, Time known) {
        if (time == std::chrono::floor<milliseconds>(known)) time = known;
    };
    if constexpr (requires { view.now; }) {
        restore(view.now, std::is_same_v<View, PlaceView> ? at.office->now() : at.last_load);
        restore(view.now, at.last_load);
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
void World::answer(const Shared<Command>& errand, int by, const AnswerTo<Command>& answer) {
    trace_.note("answer",
                {errand->number, answer ? 0 : static_cast<std::int64_t>(answer.error().code)});
    errand->is_answered |= answer || is_final(answer.error().code);
    if (answer) {
        const std::optional<Uuid> id = id_of(*answer);
        if (id && errand->first && *errand->first != *id) {
            complain("I1", "a request that was asked again led to another thing");
        }
        if (id && errand->was_lost && errand->first) mark(Mark::lost_answer_retried);
        if constexpr (requires { answer->replayed; }) {
            if (answer->replayed && by != errand->first_at) mark(Mark::another_instance_replays);
        }
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
    Instance& at = pick();
    if (!is_running(at)) return;
    ++at.outstanding;
    at.office->submit<Command>(
        std::move(command),
        [this, &at, then = std::move(then), generation = at.generation](AnswerTo<Command> result) {
            if (generation != at.generation) return;
            --at.outstanding;
            model_.turn_to(at.number);
            then(result);
        });
}

}  // namespace concertres::sim
