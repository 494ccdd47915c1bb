// Result<T> is a T or the Error that kept it from being: the answer to every command and query.
// Shaped like std::expected<T, Error>, which C++20 does not have.
//
//   Result<ReservationView> r = office.hold({...});
//   if (!r) return report(r.error());
//   use(r->held_until);
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "concertres/assert.hpp"
#include "concertres/error.hpp"

namespace concertres {

template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    // REQUIRES: has_value()
    [[nodiscard]] T& value() & { return check(), *std::get_if<0>(&state_); }
    [[nodiscard]] const T& value() const& { return check(), *std::get_if<0>(&state_); }
    [[nodiscard]] T&& value() && { return check(), std::move(*std::get_if<0>(&state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // REQUIRES: !has_value()
    [[nodiscard]] const Error& error() const& {
        CONCERTRES_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        CONCERTRES_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    void check() const { CONCERTRES_ASSERT(has_value()); }

    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }

    // REQUIRES: !has_value()
    [[nodiscard]] const Error& error() const {
        CONCERTRES_ASSERT(!has_value());
        return *error_;
    }

  private:
    std::optional<Error> error_;
};

}  // namespace concertres
