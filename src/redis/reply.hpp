// The wire of Redis, RESP2, by hiredis: commands as bytes, and answers out of them. What comes in
// is bounded, however a server, or whoever is in its place, goes on.
//
//   append_command(out, {"GET", "key"});
//   reader.feed(bytes);
//   while (auto reply = reader.next()) ...
//
// Threads: one at a time.
#pragma once

#include <hiredis/read.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace concertres::redis {

// Appends one command to `out`.
void append_command(std::string& out, std::span<const std::string_view> words);

struct Reply {
    enum class Type : std::uint8_t { nil, text, integer, array, error };

    Type type = Type::nil;
    std::int64_t integer = 0;
    std::string text{};  // of a text, a status, an error
    std::vector<Reply> elements{};

    [[nodiscard]] bool is_error() const { return type == Type::error; }
    // The integer, or the one that a text says. Throws MalformedReply where it is neither.
    [[nodiscard]] std::int64_t number() const;
    // Throws MalformedReply where there is none.
    [[nodiscard]] const Reply& at(std::size_t index) const;
};

// What came is not what was asked for, or is no RESP, or more than anybody would send.
class MalformedReply : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class ReplyReader {
  public:
    // An answer may take this many bytes on the wire, and have this many elements in one array.
    static constexpr std::size_t bytes_max = std::size_t{1} << 20;
    static constexpr std::int64_t elements_max = 1 << 16;

    ReplyReader();

    // Throws MalformedReply, and is not to be used after that.
    void feed(std::string_view bytes);
    // The next that is whole. Throws as feed().
    [[nodiscard]] std::optional<Reply> next();

  private:
    struct Free {
        void operator()(redisReader* reader) const { redisReaderFree(reader); }
    };
    std::unique_ptr<redisReader, Free> reader_;
    std::size_t fed_ = 0;  // since the last whole answer
};

}  // namespace concertres::redis
