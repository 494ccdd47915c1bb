// What a provider of payments has answered.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/handlers/common.hpp"
#include "engine/task.hpp"

namespace concertres {

template <>
class Handler<SettlePayment> {
  public:
    explicit Handler(SettlePayment command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<PaymentView> decide(UnitOfWork& rows);
    // What is past its time is made anew.
    [[nodiscard]] std::size_t keys() const { return payment_.paid.size(); }

  private:
    void gather_others(UnitOfWork& rows);
    void gather_dead(UnitOfWork& rows);
    [[nodiscard]] SettleRows collect() const;
    [[nodiscard]] SettleFacts facts(UnitOfWork& rows, const SettleRows& in) const;
    // What every step may write, and what only a sale does.
    void put_back(UnitOfWork& rows, SettleRows& in) const;
    static void put_sold(UnitOfWork& rows, SettleRows& in);
    static PaymentView view(const UnitOfWork& rows, const SettleRows& in);

    SettlePayment command_;
    Read<PaymentName> name_ = nullptr;
    PaymentRows payment_;
    StandingRows standing_;
    std::vector<ReservationRows> others_;
    std::vector<ReservationRows> dead_;
    TouchedRows touched_;
    Read<Wallet> wallet_ = nullptr;
};

}  // namespace concertres
