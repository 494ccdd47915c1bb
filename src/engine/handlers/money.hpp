// Charging a wallet, paying from it, and giving a payment back.
#pragma once

#include "engine/handlers/common.hpp"
#include "engine/task.hpp"

namespace concertres {

template <>
class Handler<Charge> {
  public:
    explicit Handler(Charge command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<ChargeView> decide(UnitOfWork& rows);

  private:
    void prepare(UnitOfWork& rows);
    ChargeView view(const Transfer& transfer, Time now) const;

    Charge command_;
    bool prepared_ = false;
    std::optional<Error> refusal_;
    const CatalogConcert* concert_ = nullptr;
    Identity identity_;

    Read<User> user_ = nullptr;
    Read<Transfer> earlier_ = nullptr;
    Read<Wallet> wallet_ = nullptr;
    StandingRows standing_;
};

template <>
class Handler<Pay> {
  public:
    explicit Handler(Pay command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<PaymentView> decide(UnitOfWork& rows);

  private:
    void prepare(UnitOfWork& rows);
    void gather_others(UnitOfWork& rows);
    [[nodiscard]] std::optional<Error> check_reservations(const Catalog& catalog) const;
    [[nodiscard]] PayRows collect() const;
    PaymentView put_back(UnitOfWork& rows, PayRows& in) const;
    static PaymentView put_begun(UnitOfWork& rows, PayRows& in);

    Pay command_;
    bool prepared_ = false;
    std::optional<Error> refusal_;
    Identity identity_;

    Read<User> user_ = nullptr;
    std::vector<Read<ReservationName>> names_;
    std::vector<ReservationRows> paid_;
    Read<PaymentName> name_ = nullptr;
    PaymentRows earlier_;
    StandingRows standing_;
    std::vector<ReservationRows> others_;
    TouchedRows touched_;
    Read<Wallet> wallet_ = nullptr;
};

template <>
class Handler<Refund> {
  public:
    explicit Handler(Refund command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<PaymentView> decide(UnitOfWork& rows);

  private:
    [[nodiscard]] TransferId refund_id(const UnitOfWork& rows) const;

    Refund command_;
    Read<User> user_ = nullptr;
    Read<PaymentName> name_ = nullptr;
    PaymentRows payment_;
    TouchedRows touched_;
    Read<Wallet> wallet_ = nullptr;
    Read<Transfer> earlier_ = nullptr;  // where it has been refunded already
};

}  // namespace concertres
