// What is in the journal and not yet in the tables. A round takes what is there as it begins; it is
// written a piece at a time, and what was written leaves the queue once its transaction has been
// committed.
//
//   queue.begin_round();
//   queue.write(budget, [&](const T& item) { ... });
//   committed ? queue.settle([](T&& item) { ... }) : queue.unwrite();
//
// A round is written in the order of OrderOf{}(item), and where that is the same in the order in
// which it came: what is written together then stands together on few pages.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace concertres::sqlite {

template <class T, class OrderOf>
class FoldQueue {
  public:
    // Lifetime: until it is settled.
    T& push(T item) { return items_.emplace_back(std::move(item)); }
    [[nodiscard]] std::size_t size() const { return items_.size() + round_.size() - settled_; }

    // REQUIRES: the last is over, and settled
    void begin_round() { round_.swap(items_); }
    // What is not written yet.
    [[nodiscard]] std::size_t left_of_round() const { return round_.size() - written_; }
    // Takes one off the budget for each.
    template <class Write>
    void write(std::size_t& budget, Write&& write_item) {
        if (budget > 0 && in_order_.empty()) put_in_order();
        for (; written_ < round_.size() && budget > 0; --budget) {
            write_item(std::as_const(*in_order_[written_].second));
            ++written_;
        }
    }
    template <class Take>
    void settle(Take&& take) {
        for (; settled_ < written_; ++settled_) take(std::move(*in_order_[settled_].second));
        if (settled_ < round_.size()) return;
        round_.clear();
        in_order_.clear();
        written_ = settled_ = 0;
    }
    void unwrite() { written_ = settled_; }

  private:
    using Order = decltype(OrderOf{}(std::declval<const T&>()));

    // When the first of it is to be written: so the tables' rounds are sorted at different times.
    void put_in_order() {
        in_order_.reserve(round_.size());
        for (T& item : round_) in_order_.emplace_back(OrderOf{}(item), &item);
        const auto by_order = [](const auto& a, const auto& b) { return a.first < b.first; };
        if (std::is_sorted(in_order_.begin(), in_order_.end(), by_order)) return;
        std::stable_sort(in_order_.begin(), in_order_.end(), by_order);
    }

    std::deque<T> items_;  // of the next round
    std::deque<T> round_;
    std::vector<std::pair<Order, T*>> in_order_;  // the round's
    std::size_t written_ = 0;                     // of the round, in order
    std::size_t settled_ = 0;                     // of these
};

}  // namespace concertres::sqlite
