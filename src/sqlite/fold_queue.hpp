// What is in the journal and not yet in the tables, in the order in which it came. A round takes
// what is there as it begins; it is written a piece at a time, and what was written leaves the
// queue once its transaction has been committed.
//
//   queue.begin_round();
//   queue.write(budget, [&](const T& item) { ... });
//   committed ? queue.settle([](T&& item) { ... }) : queue.unwrite();
//
// Threads: one.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

namespace concertres::sqlite {

template <class T>
class FoldQueue {
  public:
    // Lifetime: until it is settled.
    T& push(T item) { return items_.emplace_back(std::move(item)); }
    [[nodiscard]] std::size_t size() const { return items_.size(); }

    void begin_round() { round_ = items_.size(); }
    // Everything of the round is written.
    [[nodiscard]] bool round_is_over() const { return written_ == round_; }
    // Takes one off the budget for each.
    template <class Write>
    void write(std::size_t& budget, Write&& write_item) {
        for (; written_ < round_ && budget > 0; --budget) {
            write_item(std::as_const(items_[written_]));
            ++written_;
        }
    }
    template <class Take>
    void settle(Take&& take) {
        while (written_ > 0) {
            --written_;
            --round_;
            T item = std::move(items_.front());
            items_.pop_front();
            take(std::move(item));
        }
    }
    void unwrite() { written_ = 0; }

  private:
    std::deque<T> items_;
    std::size_t round_ = 0;    // of the items, from the front
    std::size_t written_ = 0;  // of the round
};

}  // namespace concertres::sqlite
