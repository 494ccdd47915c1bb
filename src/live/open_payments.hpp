// The payments that are still to be settled with their provider, by key.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "concertres/payment.hpp"

namespace concertres::live {

class OpenPayments {
  public:
    // What is committed of a payment, each time that it changes.
    void change(const Payment& after);
    // One that is open.
    void add(PaymentKey key) { open_.insert(key); }
    // Above `key`, in order.
    [[nodiscard]] std::vector<PaymentKey> after(PaymentKey key, std::size_t limit) const;

  private:
    std::set<PaymentKey> open_;
};

}  // namespace concertres::live
