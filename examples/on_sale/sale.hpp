// The sale: a file with one concert in it, imported now or found from an earlier start.
#pragma once

#include <concertres/concertres.hpp>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "flags.hpp"

namespace on_sale {

// Says in one line why the program cannot go on.
class Trouble : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// What the box office has to tell an operator, last thing last. Threads: any.
class Notes {
  public:
    void add(std::string_view text);
    [[nodiscard]] std::string last() const;

  private:
    mutable std::mutex mutex_;
    std::string last_;
};

class Sale {
  public:
    // Throws Trouble, StorageError.
    explicit Sale(const Flags& flags);

    [[nodiscard]] concertres::BoxOffice& office() { return *office_; }
    // As it stands now.
    [[nodiscard]] concertres::ConcertView view();
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }
    // Began in an earlier start of the program.
    [[nodiscard]] bool is_continued() const { return is_continued_; }
    [[nodiscard]] std::string note() const { return notes_.last(); }

  private:
    void open(const Flags& flags);
    void resume(const Flags& flags);

    std::filesystem::path file_;
    bool is_continued_ = false;
    Notes notes_;
    std::unique_ptr<concertres::BoxOffice> office_;
    concertres::ConcertId concert_;
};

[[nodiscard]] bool is_sold_out(const concertres::ConcertView& concert);

}  // namespace on_sale
