// Reading JSON that others wrote. parse_json() takes a whole document and is strict: what two
// readers could understand differently is refused. The readers below it take fields out of the
// value and collect every fault with its place, so that whoever wrote the document mends it once.
//
//   Faults faults;
//   if (auto document = parse_json(text, faults)) {
//       const std::string_view known[] = {"amount", "note"};
//       ObjectReader body(*document, {}, faults, known);
//       auto amount = body.amount("amount");
//       auto note = body.text("note", {.max = 200}, Need::optional);
//       if (faults.empty()) return use(*amount, note.value_or(""));
//   }
//   return faults.to_error("the body");
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/error.hpp"
#include "concertres/money.hpp"

namespace concertres {

// Where a value stands in its document. A chain of links on the stack, written out only when there
// is something to say about it.
// Lifetime: what it was made from, and the key, outlive it.
class JsonPath {
  public:
    JsonPath() = default;  // the whole document

    [[nodiscard]] JsonPath key(std::string_view key) const& { return {this, key, 0, false}; }
    [[nodiscard]] JsonPath index(std::size_t index) const& { return {this, {}, index, true}; }
    // A chain of temporaries would dangle.
    JsonPath key(std::string_view key) const&& = delete;
    JsonPath index(std::size_t index) const&& = delete;

    // RFC 6901: "/zones/0/name"; "" for the whole document.
    [[nodiscard]] std::string pointer() const;

  private:
    JsonPath(const JsonPath* parent, std::string_view key, std::size_t index, bool is_index)
        : parent_(parent), key_(key), index_(index), is_index_(is_index) {}

    const JsonPath* parent_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
    bool is_index_ = false;
};

// A Fault's code is one of missing, unknown_field, duplicate_key, wrong_type, out_of_range,
// malformed, amount_invalid, or a word of the reader's own.

// All that is wrong with a document. Only the first few are kept, so that a hostile document costs
// no memory; the others are counted.
class Faults {
  public:
    static constexpr std::size_t kept_max = 20;

    void add(const JsonPath& path, std::string_view code, std::string_view detail);

    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] const std::vector<Fault>& kept() const { return kept_; }
    // "the file: /title: is missing; /seats/0/price: must be ...; and 3 more"
    [[nodiscard]] Error to_error(std::string_view subject) const;

  private:
    std::vector<Fault> kept_;
    std::size_t count_ = 0;
};

struct JsonLimits {
    std::size_t depth_max = 32;
    // A value takes 2 bytes of text at least and 24 of memory: without this bound, a file of 64 MiB
    // would need a gigabyte. 200,000 seats of a generous export have 2 million values.
    std::size_t values_max = 4'000'000;
};

// Refuses comments, trailing bytes, invalid UTF-8, duplicate keys (Boost.JSON keeps the last
// without a word) and what is over a limit. Kind int64 or uint64 means that a number was written as
// an integer: 1.0 and 1e3 are doubles.
[[nodiscard]] std::optional<boost::json::value> parse_json(std::string_view text, Faults& faults,
                                                           const JsonLimits& limits = {});

// Text from a document made fit for a message: in quotes, short, without control characters.
[[nodiscard]] std::string in_quotes(std::string_view text);

struct LengthBounds {  // of strings, in bytes; of arrays, in elements
    std::size_t min = 1;
    std::size_t max = 500;
};
struct IntegerBounds {
    std::int64_t min = 1;
    std::int64_t max = Money::max_minor;
};
struct NumberBounds {
    double min = 0;
    double max = 0;
};

// Each gives the value, or adds one fault and gives nothing. Strings may not contain control
// characters: no name, label or key needs one, and storage, logs and terminals each stumble over
// another of them. An amount is 1..Money::max_minor.
// Lifetime: text and arrays are those of `value`.
[[nodiscard]] std::optional<std::string_view> read_text(const boost::json::value& value,
                                                        const JsonPath& path, LengthBounds bounds,
                                                        Faults& faults);
[[nodiscard]] std::optional<std::int64_t> read_integer(const boost::json::value& value,
                                                       const JsonPath& path, IntegerBounds bounds,
                                                       Faults& faults);
[[nodiscard]] std::optional<double> read_number(const boost::json::value& value,
                                                const JsonPath& path, NumberBounds bounds,
                                                Faults& faults);
[[nodiscard]] std::optional<Money> read_amount(const boost::json::value& value,
                                               const JsonPath& path, Faults& faults);
[[nodiscard]] std::optional<bool> read_boolean(const boost::json::value& value,
                                               const JsonPath& path, Faults& faults);
[[nodiscard]] const boost::json::array* read_array(const boost::json::value& value,
                                                   const JsonPath& path, LengthBounds bounds,
                                                   Faults& faults);

enum class Need : std::uint8_t { required, optional };

// The fields of one object. A value that is no object is one fault, and then every field reads as
// absent without a further one. null is a value like others, so never an absent field.
// Lifetime: value, faults and what `path` was made from outlive it. It stays where it is, because
// the paths of what is nested in it lead here.
class ObjectReader {
  public:
    // Keys that are not known are ignored.
    ObjectReader(const boost::json::value& value, JsonPath path, Faults& faults);
    // Keys that are not known are faults.
    ObjectReader(const boost::json::value& value, JsonPath path, Faults& faults,
                 std::span<const std::string_view> known);
    ObjectReader(const ObjectReader&) = delete;
    ObjectReader& operator=(const ObjectReader&) = delete;

    [[nodiscard]] bool has(std::string_view key) const;
    [[nodiscard]] JsonPath path(std::string_view key) const { return path_.key(key); }
    [[nodiscard]] const JsonPath& path() const { return path_; }

    // The field as it is; for nested objects and for fields of several kinds.
    [[nodiscard]] const boost::json::value* field(std::string_view key, Need need = Need::required);

    [[nodiscard]] std::optional<std::string_view> text(std::string_view key,
                                                       LengthBounds bounds = {},
                                                       Need need = Need::required);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key,
                                                      IntegerBounds bounds = {},
                                                      Need need = Need::required);
    [[nodiscard]] std::optional<double> number(std::string_view key, NumberBounds bounds,
                                               Need need = Need::required);
    [[nodiscard]] std::optional<Money> amount(std::string_view key, Need need = Need::required);
    [[nodiscard]] std::optional<bool> boolean(std::string_view key, Need need = Need::required);
    [[nodiscard]] const boost::json::array* array(std::string_view key, LengthBounds bounds,
                                                  Need need = Need::required);

  private:
    const boost::json::object* object_;
    JsonPath path_;
    Faults* faults_;
};

}  // namespace concertres
