// What a provider of payments does wrong, for tests. A fault is "STEP KIND [TIMES [ARGUMENT]]":
// STEP is authorize, capture, cancel, refund, lookup or *; TIMES is 1 where it is not told, and 0
// for ever. The first that fits a request is its fault.
//
//   before it acts: refuse   answers 503                   busy      answers 429
//                   drop     closes without an answer      late      waits ARGUMENT ms
//                   stall    never answers
//   after it acted: lose     closes without an answer      cut       with half of the answer
//                   hang     never answers                 slow      answers after ARGUMENT ms
//                   twice    answers twice                 repeat    has it done twice
//                   amount, currency, id, status           says ARGUMENT in its place
//                   code     answers with this HTTP status
//                   garbage, huge, empty                   answers so
//
// Threads: any.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>

namespace concertres::test {

struct ProviderFault {
    std::string step{};
    std::string kind{};
    int times = 1;
    std::string argument{};

    [[nodiscard]] bool is(const char* of_kind) const { return kind == of_kind; }
    [[nodiscard]] int number() const;
};

class ProviderFaults {
  public:
    // Throws std::invalid_argument.
    void add(const std::string& text);
    void clear();
    [[nodiscard]] std::optional<ProviderFault> take(const std::string& step);

  private:
    std::mutex mutex_;
    std::list<ProviderFault> faults_;
};

}  // namespace concertres::test
