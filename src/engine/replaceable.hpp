// A value that many read and seldom somebody replaces, such as the keys of a deployment. Readers
// get a copy, so T is a handle that is cheap to copy.
//
// Threads: any.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <utility>

#include "engine/writer_first_mutex.hpp"

namespace concertres {

template <class T>
class Replaceable {
  public:
    explicit Replaceable(T value) : value_(std::move(value)) {}

    [[nodiscard]] T get() const {
        std::shared_lock lock(mutex_);
        return value_;
    }
    // What was there ends outside the lock.
    void replace(T value) {
        std::unique_lock lock(mutex_);
        std::swap(value_, value);
    }

  private:
    mutable WriterFirstMutex mutex_;
    T value_;
};

}  // namespace concertres
