// Callback<R(Args...)> is a move-only std::function: what a caller gives to be told of an answer.
// It may own what cannot be copied (a socket, a completion handler).
#pragma once

#include <memory>
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
             std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>) Callback(F&& function)
        : target_(std::make_unique<Model<std::remove_cvref_t<F>>>(std::forward<F>(function))) {}

    explicit operator bool() const noexcept { return target_ != nullptr; }

    // REQUIRES: not empty
    R operator()(Args... args) {
        CONCERTRES_ASSERT(target_ != nullptr);
        return target_->call(std::forward<Args>(args)...);
    }

  private:
    struct Target {
        virtual ~Target() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Model final : Target {
        explicit Model(F&& f) : function(std::move(f)) {}
        explicit Model(const F& f) : function(f) {}
        R call(Args... args) override { return function(std::forward<Args>(args)...); }
        F function;
    };

    std::unique_ptr<Target> target_;
};

}  // namespace concertres
