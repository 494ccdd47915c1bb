// The Trace of a run: what happened, in order, as names and numbers. All of it goes into one hash,
// by which two runs are compared; the last lines are kept, for whoever asks why a run failed.
//
//   Trace trace(Trace::silent);
//   trace.note("commit", {seats, events});
//   trace.hash();
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace concertres::sim {

class Trace {
  public:
    enum Loudness { silent, aloud };

    explicit Trace(Loudness loudness) : loudness_(loudness) {}

    // `what` is a literal: it is kept as it is.
    void note(const char* what, std::initializer_list<std::int64_t> numbers) {
        for (const char c : std::string_view(what)) mix(static_cast<unsigned char>(c));
        for (const std::int64_t number : numbers) mix(static_cast<std::uint64_t>(number));
        ++count_;
        last_.push_back({what, numbers});
        if (last_.size() > kept) last_.pop_front();
        if (loudness_ == aloud) std::puts(text(last_.back()).c_str());
    }

    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] std::int64_t count() const { return count_; }
    [[nodiscard]] std::string last_lines() const {
        std::string all;
        for (const Line& line : last_) all += "    " + text(line) + "\n";
        return all;
    }

  private:
    static constexpr std::size_t kept = 60;
    struct Line {
        const char* what;
        std::vector<std::int64_t> numbers;
    };

    // FNV-1a, a word at a time, with the bits folded down: a word's high bits count as well.
    void mix(std::uint64_t word) {
        hash_ = (hash_ ^ word) * 0x100000001b3u;
        hash_ ^= hash_ >> 29;
    }
    static std::string text(const Line& line) {
        std::string text = line.what;
        for (const std::int64_t number : line.numbers) text += " " + std::to_string(number);
        return text;
    }

    Loudness loudness_;
    std::uint64_t hash_ = 0xcbf29ce484222325u;
    std::int64_t count_ = 0;
    std::deque<Line> last_;
};

}  // namespace concertres::sim
