#include "line/small_office.hpp"

#include <algorithm>

namespace concertres::test {

using Kind = LineFault::Kind;

SmallOffice::SmallOffice(std::vector<LineStore*> lines, std::uint32_t seed) : dice_(seed) {
    const ConcertId concert = ConcertId::random();
    for (LineStore* line : lines) instances_.push_back({LineCaller(*line, concert, 0)});
}

SmallOffice::Person& SmallOffice::person_of(const UserId& user) {
    return *std::ranges::find(people_, user, &Person::user);
}

void SmallOffice::step() {
    now_ = ++steps_ / steps_per_second;
    for (Person& person : people_) {
        if (!person.is_in || now_ < person.leaves_at) continue;
        person.is_in = false;
        --inside_;
    }
    Instance& instance = instances_[static_cast<std::size_t>(upto(std::ssize(instances_)))];
    if (instance.plan.empty()) {
        begin_something(instance);
        return;
    }
    const auto next = std::move(instance.plan.back());
    instance.plan.pop_back();
    next();
}

bool SmallOffice::run_to_end(int steps) {
    is_ending_ = true;
    const auto waits = [&](const Person& person) {
        return person.told && !person.has_left && !passes_.contains(*person.told);
    };
    for (int i = 0; i < steps; ++i) {
        if (std::ranges::none_of(people_, waits)) return true;
        step();
    }
    for (const Person& person : people_) {
        if (waits(person)) {
            breach("number " + std::to_string(person.told->value) + " is never let in");
        }
    }
    return false;
}

void SmallOffice::begin_something(Instance& instance) {
    // Whoever is due asks, of whichever instance there is.
    const auto due = std::ranges::find_if(people_, [&](const Person& person) {
        return !person.has_left && person.next_ask <= now_ &&
               !(person.told && passes_.contains(*person.told));
    });
    if (due != people_.end()) return ask(instance, *due);
    const std::int64_t choice = upto(10);
    if (choice < 3 && people_.size() < people_max && !is_ending_) {
        people_.push_back({.user = user_named(std::to_string(people_.size()))});
        return ask(instance, people_.back());
    }
    if (choice == 3 && !people_.empty() && !is_ending_) {
        Person& person = people_[static_cast<std::size_t>(upto(std::ssize(people_)))];
        if (!person.told || person.has_left || passes_.contains(*person.told) || upto(4) != 0) {
            return;
        }
        person.has_left = true;  // whatever the answer, it is not heard of again
        const auto left = instance.line.try_leave({*person.told, person.user});
        if (!left) on_fault(instance, left.fault());
        return;
    }
    if (choice >= 4) peek(instance);
}

// --- People ------------------------------------------------------------------------------------

void SmallOffice::ask(Instance& instance, Person& person) {
    instance.line.room.epoch = epoch_;
    person.next_ask = now_ + 1 + upto(ask_every_max - 1);
    if (person.told) {
        poll(instance, person);
    } else {
        join(instance, person);
    }
}

void SmallOffice::join(Instance& instance, Person& person) {
    const auto joined = instance.line.try_join(person.user);
    if (joined) return tell(person, joined.value().number);
    person.next_ask = now_ + 1 + upto(5);
    on_fault(instance, joined.fault());
}

void SmallOffice::poll(Instance& instance, Person& person) {
    const auto found = instance.line.try_position({person.user});
    if (!found) {
        // Who could not come back in time is waited for.
        if (now_ < closed_until_) closed_until_ = now_ + come_back_for;
        person.next_ask = now_ + 1 + upto(5);
        return on_fault(instance, found.fault());
    }
    const LinePlace place = found.value().places.front();
    if (place.number == *person.told) return;
    if (now_ >= closed_until_) return breach("a place is gone that nobody has lost");
    if (brings_nobody_back) return;
    const auto back = instance.line.try_reenter({*person.told, person.user});
    if (!back) {
        closed_until_ = now_ + come_back_for;
        person.next_ask = now_ + 1 + upto(5);
        return on_fault(instance, back.fault());
    }
    if (!back.value().waits || back.value().number != *person.told) {
        return breach("a token does not bring back its place");
    }
    ++came_back_;
}

void SmallOffice::tell(Person& person, PlaceNumber number) {
    const auto [owner, is_new] = owners_.try_emplace(number, person.user);
    if (!is_new && owner->second != person.user) breach("two people have one number");
    if (person.told && *person.told != number) breach("one person has two numbers");
    person.told = number;
}

// --- Letting in --------------------------------------------------------------------------------

void SmallOffice::peek(Instance& instance) {
    instance.line.room.epoch = epoch_;
    if (now_ < closed_until_ && !admits_at_once) return;
    const auto head = instance.line.try_peek({.count = 3});
    if (!head) return on_fault(instance, head.fault());
    const auto heads = head.value().waiting;
    const std::int64_t epoch = epoch_;
    instance.plan.push_back([this, &instance, epoch, heads] { admit(instance, epoch, heads); });
}

// One commit: what it goes by may have changed since.
void SmallOffice::admit(Instance& instance, std::int64_t epoch,
                        const std::vector<LineEntry>& heads) {
    if (epoch != epoch_ || (now_ < closed_until_ && !admits_at_once)) return;
    std::vector<LineEntry> drop;
    for (const LineEntry& entry : heads) {
        const bool has_pass = passes_.contains(entry.number);
        if (has_pass && !ignores_passes) {
            drop.push_back(entry);
            continue;
        }
        if (inside_ >= static_cast<std::int64_t>(inside_max)) break;
        if (has_pass) breach("somebody is let in twice");
        let_in(entry);
        drop.push_back(entry);
    }
    instance.plan.push_back([this, &instance, drop] {
        const auto dropped = instance.line.try_drop(drop);
        if (!dropped) on_fault(instance, dropped.fault());
    });
}

void SmallOffice::let_in(const LineEntry& entry) {
    Person& person = person_of(entry.user);
    // Nobody may have been told: then the next to ask is the one who joined.
    tell(person, entry.number);
    for (const Person& other : people_) {
        if (other.told && *other.told < entry.number && !other.has_left &&
            !passes_.contains(*other.told)) {
            breach(std::to_string(entry.number.value) + " overtakes " +
                   std::to_string(other.told->value));
        }
    }
    if (now_ < closed_until_) breach("somebody is let in while others come back");
    passes_[entry.number] = entry.user;
    ++inside_;
    person.is_in = true;
    person.leaves_at = now_ + 5 + upto(20);
}

// --- What a fault asks for ---------------------------------------------------------------------

void SmallOffice::on_fault(Instance& instance, const LineFault& fault) {
    if (fault.kind == Kind::no_numbers) return extend(instance);
    if (fault.kind != Kind::lost || !instance.plan.empty()) return;
    // Another may have raised it already, and be about to begin it.
    if (instance.line.room.epoch != epoch_ || upto(2) == 0) return;
    raise(instance);
}

void SmallOffice::raise(Instance& instance) {
    if (!begins_no_epoch || epoch_ == 0) ++epoch_;
    if (epoch_ > 1 && !begins_no_epoch) closed_until_ = now_ + come_back_for;
    const std::int64_t epoch = epoch_;
    instance.plan.push_back([this, &instance, epoch] {
        instance.line.room.epoch = epoch;
        const auto begun = instance.line.try_begin();
        // Where it is not known whether it was begun, it shows: it is lost, or it is not.
        if (!begun) on_fault(instance, begun.fault());
    });
}

void SmallOffice::extend(Instance& instance) {
    const std::int64_t first = next_sequence_;
    const std::int64_t epoch = epoch_;
    next_sequence_ += 4;
    instance.plan.push_back([this, &instance, epoch, first] {
        instance.line.room.epoch = epoch;
        const auto extended = instance.line.try_extend({0, first, first + 3});
        if (!extended) on_fault(instance, extended.fault());
    });
}

}  // namespace concertres::test
