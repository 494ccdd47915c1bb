// What a PaymentSettler asks for.
#include <algorithm>

#include "engine/queries.hpp"

namespace concertres {

Result<std::vector<OpenPayment>> run(const QueryContext& at, const ListOpenPayments& query) {
    const auto limit = std::clamp<std::size_t>(query.limit, 1, at.options->page_max);
    std::vector<OpenPayment> open;
    for (const Payment& found : at.storage->open_payments(query.after, limit)) {
        open.push_back({.row = found.row,
                        .id = found.id,
                        .stage = found.stage,
                        .amount = found.amount,
                        .method = found.method,
                        .begun_at = found.begun_at});
    }
    return open;
}

}  // namespace concertres
