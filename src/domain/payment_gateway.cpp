#include "concertres/payment_gateway.hpp"

namespace concertres {

std::string_view gateway_status_name(GatewayStatus status) noexcept {
    switch (status) {
        case GatewayStatus::absent:
            return "absent";
        case GatewayStatus::authorized:
            return "authorized";
        case GatewayStatus::captured:
            return "captured";
        case GatewayStatus::declined:
            return "declined";
        case GatewayStatus::voided:
            return "voided";
        case GatewayStatus::refunded:
            return "refunded";
    }
    return "unknown";
}

}  // namespace concertres
