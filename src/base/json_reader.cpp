#include "base/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <utility>

namespace concertres {
namespace {

// What a message shows at most of a text that somebody else chose.
constexpr std::size_t shown_bytes_max = 64;

std::string shortened(std::string_view text) {
    if (text.size() <= shown_bytes_max) return std::string(text);
    std::size_t end = shown_bytes_max;
    auto continues = [&] { return (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u; };
    while (end > 0 && continues()) --end;
    return std::string(text.substr(0, end)) + "...";
}

// Versions of Boost.JSON differ in where an exponent is no number to them any more. This is below
// them all, and far above what a double can hold.
constexpr std::size_t exponent_digits_max = 9;

// Of the exponent of a number, without leading zeros.
std::size_t exponent_digits(std::string_view number) {
    const std::size_t mark = std::min(number.find_first_of("eE"), number.size());
    const std::size_t first = number.find_first_not_of("eE+-0", mark);
    return number.size() - std::min(first, number.size());
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Builds the value as Boost.JSON's own handler does, and remembers the keys of the objects that are
// still open, to find those that come twice.
class Handler {
  public:
    using error_code = boost::json::error_code;
    using view = boost::json::string_view;

    static constexpr std::size_t max_object_size = boost::json::object::max_size();
    static constexpr std::size_t max_array_size = boost::json::array::max_size();
    static constexpr std::size_t max_key_size = boost::json::string::max_size();
    static constexpr std::size_t max_string_size = boost::json::string::max_size();

    Handler(Faults& faults, std::size_t values_max) : faults_(&faults), values_left_(values_max) {
        // One arena for the document: its parts are never freed one by one.
        values_.reset(boost::json::make_shared_resource<boost::json::monotonic_resource>());
    }

    [[nodiscard]] bool too_many_values() const { return too_many_values_; }
    [[nodiscard]] boost::json::value release() { return values_.release(); }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& ec) { return begin(ec, true); }
    bool on_array_begin(error_code& ec) { return begin(ec, false); }
    bool on_object_end(std::size_t n, error_code&) {
        refuse_duplicates();
        keys_.resize(open_.back().keys_from);
        open_.pop_back();
        return values_.push_object(n), true;
    }
    bool on_array_end(std::size_t n, error_code&) {
        open_.pop_back();
        return values_.push_array(n), true;
    }
    bool on_key_part(view part, std::size_t, error_code&) {
        key_.append(part.data(), part.size());
        return values_.push_chars(part), true;
    }
    bool on_key(view part, std::size_t, error_code&) {
        key_.append(part.data(), part.size());
        keys_.push_back(std::exchange(key_, {}));
        return values_.push_key(part), true;
    }
    bool on_string_part(view part, std::size_t, error_code&) {
        return values_.push_chars(part), true;
    }
    bool on_string(view part, std::size_t, error_code& ec) {
        return count(ec) && (values_.push_string(part), true);
    }
    bool on_number_part(view, error_code&) { return true; }
    bool on_int64(std::int64_t i, view, error_code& ec) {
        return count(ec) && (values_.push_int64(i), true);
    }
    bool on_uint64(std::uint64_t u, view, error_code& ec) {
        return count(ec) && (values_.push_uint64(u), true);
    }
    bool on_double(double d, view text, error_code& ec) {
        if (exponent_digits(text) > exponent_digits_max) {
            ec = boost::json::error::exponent_overflow;
            return false;
        }
        // Of 0e400 Boost.JSON makes nothing times infinity.
        if (std::isnan(d)) d = text.starts_with('-') ? -0.0 : 0.0;
        return count(ec) && (values_.push_double(d), true);
    }
    bool on_bool(bool b, error_code& ec) { return count(ec) && (values_.push_bool(b), true); }
    bool on_null(error_code& ec) { return count(ec) && (values_.push_null(), true); }
    bool on_comment_part(view, error_code&) { return true; }
    bool on_comment(view, error_code&) { return true; }

  private:
    struct Open {
        bool is_object;
        std::size_t values;  // begun in it so far
        std::size_t keys_from;
    };

    bool count(error_code& ec) {
        if (!open_.empty()) ++open_.back().values;
        if (values_left_-- > 0) return true;
        too_many_values_ = true;
        ec = boost::json::error::syntax;  // any: it only stops the parser
        return false;
    }

    bool begin(error_code& ec, bool is_object) {
        if (!count(ec)) return false;
        open_.push_back({is_object, 0, keys_.size()});
        return true;
    }

    void refuse_duplicates() {
        auto from = keys_.begin() + static_cast<std::ptrdiff_t>(open_.back().keys_from);
        std::sort(from, keys_.end());
        auto twice = std::adjacent_find(from, keys_.end());
        while (twice != keys_.end()) {
            with_path(0, {}, [&](const JsonPath& object) {
                faults_->add(object.key(*twice), "duplicate_key", "is given more than once");
            });
            twice = std::adjacent_find(std::upper_bound(twice, keys_.end(), *twice), keys_.end());
        }
    }

    // Calls `use` with the path of the object that is open innermost.
    template <class Use>
    void with_path(std::size_t depth, const JsonPath& path, Use&& use) {
        if (depth + 1 == open_.size()) return use(path);
        const Open& outer = open_[depth];
        // The key that leads inwards is the last that the outer object has had so far.
        with_path(depth + 1,
                  outer.is_object ? path.key(keys_[open_[depth + 1].keys_from - 1])
                                  : path.index(outer.values - 1),
                  use);
    }

    boost::json::value_stack values_;
    Faults* faults_;
    std::size_t values_left_;
    bool too_many_values_ = false;
    std::vector<Open> open_;
    std::vector<std::string> keys_;  // of all open objects, outermost first
    std::string key_;                // the one that is being read
};

std::string line_and_column(std::string_view text, std::size_t offset) {
    std::string_view before = text.substr(0, offset);
    auto line = std::count(before.begin(), before.end(), '\n') + 1;
    std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return fmt::format("line {}, column {}", line, offset - line_start + 1);
}

std::string length_detail(const char* unit, LengthBounds bounds) {
    return fmt::format("must have {} to {} {}", bounds.min, bounds.max, unit);
}

// The integer, where the value was written as one and fits.
std::optional<std::int64_t> integer_in(const boost::json::value& value, IntegerBounds bounds) {
    const std::int64_t* i = value.if_int64();
    if (i == nullptr || *i < bounds.min || *i > bounds.max) return std::nullopt;
    return *i;
}

}  // namespace

std::string JsonPath::pointer() const {
    if (parent_ == nullptr) return {};
    std::string result = parent_->pointer() + '/';
    if (is_index_) return result + std::to_string(index_);
    for (char c : shortened(key_)) {
        if (c == '~') {
            result += "~0";
        } else if (c == '/') {
            result += "~1";
        } else {
            result += is_control(c) ? '?' : c;
        }
    }
    return result;
}

void Faults::add(const JsonPath& path, std::string_view code, std::string_view detail) {
    ++count_;
    if (kept_.size() == kept_max) return;
    kept_.push_back({path.pointer(), std::string(code), std::string(detail)});
}

Error Faults::to_error(std::string_view subject) const {
    std::string detail = fmt::format("{}: ", subject);
    for (const Fault& fault : kept_) {
        if (&fault != kept_.data()) detail += "; ";
        if (!fault.pointer.empty()) detail += fault.pointer + ": ";
        detail += fault.detail;
    }
    if (count_ > kept_.size()) detail += fmt::format("; and {} more", count_ - kept_.size());
    return {
        .code = Errc::request_invalid, .detail = std::move(detail), .seats = {}, .faults = kept_};
}

std::optional<boost::json::value> parse_json(std::string_view text, Faults& faults,
                                             const JsonLimits& limits) {
    boost::json::parse_options options;
    options.max_depth = limits.depth_max;
    boost::json::basic_parser<Handler> parser(options, faults, limits.values_max);
    boost::json::error_code ec;
    std::size_t faults_before = faults.count();
    std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && read < text.size()) ec = boost::json::error::extra_data;
    if (parser.handler().too_many_values()) {
        faults.add({}, "out_of_range",
                   fmt::format("must have at most {} values", limits.values_max));
    } else if (ec == boost::json::error::too_deep) {
        faults.add({}, "out_of_range",
                   fmt::format("must be nested at most {} deep", limits.depth_max));
    } else if (ec) {
        faults.add({}, "malformed",
                   fmt::format("is not JSON: {} at {}", ec.message(), line_and_column(text, read)));
    }
    if (faults.count() > faults_before) return std::nullopt;
    return parser.handler().release();
}

std::string in_quotes(std::string_view text) {
    std::string result = '"' + shortened(text) + '"';
    std::replace_if(result.begin(), result.end(), is_control, '?');
    return result;
}

std::optional<std::string_view> read_text(const boost::json::value& value, const JsonPath& path,
                                          LengthBounds bounds, Faults& faults) {
    const boost::json::string* string = value.if_string();
    if (string == nullptr) return faults.add(path, "wrong_type", "must be a string"), std::nullopt;
    std::string_view text(string->data(), string->size());
    if (text.size() < bounds.min || text.size() > bounds.max) {
        faults.add(path, "out_of_range", length_detail("bytes", bounds));
        return std::nullopt;
    }
    if (std::any_of(text.begin(), text.end(), is_control)) {
        faults.add(path, "malformed", "must not contain control characters");
        return std::nullopt;
    }
    return text;
}

std::optional<std::int64_t> read_integer(const boost::json::value& value, const JsonPath& path,
                                         IntegerBounds bounds, Faults& faults) {
    auto result = integer_in(value, bounds);
    if (!result) {
        // 2^64 and more is a double to the parser, yet it is the size that is wrong, so one
        // sentence says both.
        bool is_integer = value.is_int64() || value.is_uint64();
        faults.add(path, is_integer ? "out_of_range" : "wrong_type",
                   fmt::format("must be an integer from {} to {}, without fraction or exponent",
                               bounds.min, bounds.max));
    }
    return result;
}

std::optional<double> read_number(const boost::json::value& value, const JsonPath& path,
                                  NumberBounds bounds, Faults& faults) {
    if (!value.is_number()) return faults.add(path, "wrong_type", "must be a number"), std::nullopt;
    auto number = value.to_number<double>();
    // Also catches the infinity that 1e999 reads as.
    if (!(number >= bounds.min && number <= bounds.max)) {
        faults.add(path, "out_of_range",
                   fmt::format("must be from {} to {}", bounds.min, bounds.max));
        return std::nullopt;
    }
    return number;
}

std::optional<Money> read_amount(const boost::json::value& value, const JsonPath& path,
                                 Faults& faults) {
    if (auto minor = integer_in(value, {})) return Money{*minor};
    faults.add(path, "amount_invalid",
               fmt::format("must be an integer from 1 to {} in the currency's smallest unit, "
                           "without fraction or exponent",
                           Money::max_minor));
    return std::nullopt;
}

std::optional<bool> read_boolean(const boost::json::value& value, const JsonPath& path,
                                 Faults& faults) {
    if (const bool* boolean = value.if_bool()) return *boolean;
    faults.add(path, "wrong_type", "must be true or false");
    return std::nullopt;
}

const boost::json::array* read_array(const boost::json::value& value, const JsonPath& path,
                                     LengthBounds bounds, Faults& faults) {
    const boost::json::array* array = value.if_array();
    if (array == nullptr) return faults.add(path, "wrong_type", "must be an array"), nullptr;
    if (array->size() >= bounds.min && array->size() <= bounds.max) return array;
    faults.add(path, "out_of_range", length_detail("elements", bounds));
    return nullptr;
}

ObjectReader::ObjectReader(const boost::json::value& value, JsonPath path, Faults& faults)
    : object_(value.if_object()), path_(path), faults_(&faults) {
    if (object_ == nullptr) faults.add(path_, "wrong_type", "must be an object");
}

ObjectReader::ObjectReader(const boost::json::value& value, JsonPath path, Faults& faults,
                           std::span<const std::string_view> known)
    : ObjectReader(value, path, faults) {
    if (object_ == nullptr) return;
    for (const auto& field : *object_) {
        std::string_view key(field.key().data(), field.key().size());
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        faults.add(path_.key(key), "unknown_field",
                   fmt::format("is not known; known here: {}", fmt::join(known, ", ")));
    }
}

bool ObjectReader::has(std::string_view key) const {
    return object_ != nullptr && object_->contains(key);
}

const boost::json::value* ObjectReader::field(std::string_view key, Need need) {
    if (object_ == nullptr) return nullptr;
    const boost::json::value* value = object_->if_contains(key);
    if (value == nullptr && need == Need::required) {
        faults_->add(path_.key(key), "missing", "is missing");
    }
    return value;
}

std::optional<std::string_view> ObjectReader::text(std::string_view key, LengthBounds bounds,
                                                   Need need) {
    const auto* value = field(key, need);
    return value == nullptr ? std::nullopt : read_text(*value, path(key), bounds, *faults_);
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view key, IntegerBounds bounds,
                                                  Need need) {
    const auto* value = field(key, need);
    return value == nullptr ? std::nullopt : read_integer(*value, path(key), bounds, *faults_);
}

std::optional<double> ObjectReader::number(std::string_view key, NumberBounds bounds, Need need) {
    const auto* value = field(key, need);
    return value == nullptr ? std::nullopt : read_number(*value, path(key), bounds, *faults_);
}

std::optional<Money> ObjectReader::amount(std::string_view key, Need need) {
    const auto* value = field(key, need);
    return value == nullptr ? std::nullopt : read_amount(*value, path(key), *faults_);
}

std::optional<bool> ObjectReader::boolean(std::string_view key, Need need) {
    const auto* value = field(key, need);
    return value == nullptr ? std::nullopt : read_boolean(*value, path(key), *faults_);
}

const boost::json::array* ObjectReader::array(std::string_view key, LengthBounds bounds,
                                              Need need) {
    const auto* value = field(key, need);
    return value == nullptr ? nullptr : read_array(*value, path(key), bounds, *faults_);
}

}  // namespace concertres
