#include "histories/linearizability.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace concertres::test {

namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

// The calls that have happened, and the state after them. What one order has tried in vain, no
// other needs to try.
using Configuration = std::vector<std::int64_t>;

struct Hash {
    std::size_t operator()(const Configuration& words) const {
        const void* bytes = words.data();
        return std::hash<std::string_view>()(
            {static_cast<const char*>(bytes), words.size() * sizeof words.front()});
    }
};

// Invocations and returns in the order of time, without those of calls that have happened.
class Entries {
  public:
    struct Entry {
        std::size_t call = none;
        bool returns = false;
        std::size_t before = 0;
        std::size_t after = 0;
    };

    explicit Entries(const std::vector<Span>& spans) : places_(spans.size(), {none, none}) {
        struct At {
            Moment moment;
            bool returns;  // of one moment the invocations first: they overlap
            std::size_t call;
            auto operator<=>(const At&) const = default;
        };
        std::vector<At> all;
        for (std::size_t i = 0; i < spans.size(); ++i) {
            all.push_back({spans[i].invoked, false, i});
            if (!spans[i].returned) continue;
            all.push_back({std::max(*spans[i].returned, spans[i].invoked), true, i});
            ++unreturned_;
        }
        std::sort(all.begin(), all.end());
        entries_.push_back({});  // the head, and the end
        for (const At& at : all) {
            (at.returns ? places_[at.call].second : places_[at.call].first) = entries_.size();
            entries_.push_back({at.call, at.returns, entries_.size() - 1, entries_.size() + 1});
        }
        entries_.front().after = entries_.size() > 1 ? 1 : 0;
        entries_.front().before = entries_.size() - 1;
        entries_.back().after = 0;
    }

    [[nodiscard]] std::size_t first() const { return entries_.front().after; }
    [[nodiscard]] const Entry& at(std::size_t place) const { return entries_[place]; }
    // How many answered calls have not happened yet.
    [[nodiscard]] std::size_t left() const { return unreturned_; }

    void take_out(std::size_t call) {
        const auto [invoked, returned] = places_[call];
        unlink(invoked);
        if (returned == none) return;
        unlink(returned);
        --unreturned_;
    }
    // REQUIRES: was the last to be taken out of those that still are
    void put_back(std::size_t call) {
        const auto [invoked, returned] = places_[call];
        if (returned != none) {
            link(returned);
            ++unreturned_;
        }
        link(invoked);
    }
    [[nodiscard]] std::size_t invocation(std::size_t call) const { return places_[call].first; }

  private:
    void unlink(std::size_t place) {
        entries_[entries_[place].before].after = entries_[place].after;
        entries_[entries_[place].after].before = entries_[place].before;
    }
    void link(std::size_t place) {
        entries_[entries_[place].before].after = place;
        entries_[entries_[place].after].before = place;
    }

    std::vector<Entry> entries_;
    std::vector<std::pair<std::size_t, std::size_t>> places_;
    std::size_t unreturned_ = 0;
};

class Search {
  public:
    Search(const Model& model, const std::vector<Span>& spans, std::size_t steps_at_most)
        : model_(model),
          spans_(spans),
          steps_at_most_(steps_at_most),
          entries_(spans),
          happened_((spans.size() + 63) / 64, 0),
          state_(model.start()) {}

    Verdict run() {
        std::size_t at = entries_.first();
        while (entries_.left() > 0) {
            const Entries::Entry entry = entries_.at(at);
            if (entry.call == none || entry.returns) {
                // Here ends a call that none of the orders tried so far has let happen.
                note_stuck(entry);
                const auto next = go_back();
                if (!next) return {Verdict::Kind::not_linearizable, stuck_, steps_};
                at = *next;
            } else {
                if (++steps_ > steps_at_most_) return {Verdict::Kind::undecided, stuck_, steps_};
                at = try_next(entry.call) ? entries_.first() : entry.after;
            }
        }
        return {Verdict::Kind::linearizable, {}, steps_};
    }

  private:
    struct Happened {
        std::size_t call;
        State before;
        bool was_a_choice;
    };

    bool try_next(std::size_t call) {
        State after = state_;
        if (!model_.step(after, call)) return false;
        // Without an answer and without an effect it need not have happened yet.
        if (!spans_[call].returned && after == state_) return false;
        if (model_.only_tells(call)) {
            happen(call, std::move(after), false);
            return true;
        }
        mark(call);
        Configuration configuration = happened_;
        configuration.insert(configuration.end(), after.begin(), after.end());
        mark(call);
        if (!seen_.insert(std::move(configuration)).second) return false;
        happen(call, std::move(after), true);
        return true;
    }

    void happen(std::size_t call, State after, bool is_a_choice) {
        mark(call);
        entries_.take_out(call);
        order_.push_back({call, std::exchange(state_, std::move(after)), is_a_choice});
    }

    // Takes back the last choice; gives the entry after it, or nothing where there was none.
    std::optional<std::size_t> go_back() {
        while (!order_.empty()) {
            const Happened last = std::move(order_.back());
            order_.pop_back();
            entries_.put_back(last.call);
            mark(last.call);
            state_ = last.before;
            if (last.was_a_choice) return entries_.at(entries_.invocation(last.call)).after;
        }
        return std::nullopt;
    }

    void mark(std::size_t call) {
        auto& word = happened_[call / 64];
        word = static_cast<std::int64_t>(static_cast<std::uint64_t>(word) ^
                                         (std::uint64_t{1} << (call % 64)));
    }

    void note_stuck(const Entries::Entry& entry) {
        if (entry.call == none || order_.size() < longest_) return;
        longest_ = order_.size();
        stuck_ = entry.call;
    }

    const Model& model_;
    const std::vector<Span>& spans_;
    const std::size_t steps_at_most_;
    Entries entries_;
    Configuration happened_;
    State state_;
    std::vector<Happened> order_;
    std::unordered_set<Configuration, Hash> seen_;
    std::optional<std::size_t> stuck_;
    std::size_t longest_ = 0;
    std::size_t steps_ = 0;
};

}  // namespace

Verdict check(const Model& model, const std::vector<Span>& spans, std::size_t steps_at_most) {
    return Search(model, spans, steps_at_most).run();
}

}  // namespace concertres::test
