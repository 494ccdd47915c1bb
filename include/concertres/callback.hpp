// Callback<R(Args...)> is a move-only std::function: what a caller gives to be told of an answer.
// It may own what cannot be copied (a socket, a completion handler).
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "concertres/assert.hpp"

namespace concertres {

template <class Signature>
class Callback;

template <class R, class... Args>
class Callback<R(Args...)> {
  public:
    Callback() = default;

    template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Callback> &&
             std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>) Callback(F&& function) {
        using M = Model<std::remove_cvref_t<F>>;
        if constexpr (M::is_small) {
            target_ = ::new (static_cast<void*>(&room_)) M(std::forward<F>(function));
        } else {
            target_ = new M(std::forward<F>(function));
        }
    }
    Callback(Callback&& other) noexcept { take(other); }
    Callback& operator=(Callback&& other) noexcept {
        if (this != &other) {
            drop();
            take(other);
        }
        return *this;
    }
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;
    ~Callback() { drop(); }

    explicit operator bool() const noexcept { return target_ != nullptr; }

    // REQUIRES: not empty
    R operator()(Args... args) {
        CONCERTRES_ASSERT(target_ != nullptr);
        return target_->call(std::forward<Args>(args)...);
    }

  private:
    // What is called most (one pointer, or a shared one) needs no memory of its own.
    struct Room {
        alignas(void*) std::byte bytes[4 * sizeof(void*)];
    };
    struct Target {
        virtual ~Target() = default;
        virtual R call(Args... args) = 0;
        // REQUIRES: it stands in a Room
        virtual Target* move_to(Room& room) noexcept = 0;
    };
    template <class F>
    struct Model final : Target {
        static constexpr bool is_small = sizeof(F) + sizeof(void*) <= sizeof(Room) &&
                                         alignof(F) <= alignof(Room) &&
                                         std::is_nothrow_move_constructible_v<F>;
        explicit Model(F&& f) : function(std::move(f)) {}
        explicit Model(const F& f) : function(f) {}
        R call(Args... args) override { return function(std::forward<Args>(args)...); }
        Target* move_to(Room& room) noexcept override {
            if constexpr (is_small) {
                return ::new (static_cast<void*>(&room)) Model(std::move(function));
            } else {
                return nullptr;
            }
        }
        F function;
    };

    [[nodiscard]] bool is_in_room() const {
        return static_cast<const void*>(target_) == static_cast<const void*>(&room_);
    }
    // REQUIRES: this one is empty
    void take(Callback& other) noexcept {
        if (other.is_in_room()) {
            target_ = other.target_->move_to(room_);
            other.drop();
        } else {
            target_ = std::exchange(other.target_, nullptr);
        }
    }
    void drop() noexcept {
        if (is_in_room()) {
            target_->~Target();
        } else {
            delete target_;
        }
        target_ = nullptr;
    }

    Target* target_ = nullptr;
    Room room_;
};

}  // namespace concertres
