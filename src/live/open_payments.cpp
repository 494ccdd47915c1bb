#include "live/open_payments.hpp"

namespace concertres::live {

void OpenPayments::change(const Payment& after) {
    if (is_open(after.stage)) {
        open_.insert(after.row);
    } else {
        open_.erase(after.row);
    }
}

std::vector<PaymentKey> OpenPayments::after(PaymentKey key, std::size_t limit) const {
    std::vector<PaymentKey> keys;
    for (auto at = open_.upper_bound(key); at != open_.end() && keys.size() < limit; ++at) {
        keys.push_back(*at);
    }
    return keys;
}

}  // namespace concertres::live
