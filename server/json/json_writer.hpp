// Writes JSON at the end of a string. Commas come by themselves; that begin and end match, and that
// every value of an object has its key, is the caller's to see to.
//
//   JsonWriter json(body);
//   json.begin_object().field("amount", 50'000).field("currency", "KRW").end_object();
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "concertres/ids.hpp"
#include "concertres/time.hpp"

namespace concertres::server {

class JsonWriter {
  public:
    // Lifetime: `out` outlives it.
    explicit JsonWriter(std::string& out) : out_(&out) {}

    JsonWriter& begin_object() { return begin('{'); }
    JsonWriter& end_object() { return end('}'); }
    JsonWriter& begin_array() { return begin('['); }
    JsonWriter& end_array() { return end(']'); }
    JsonWriter& key(std::string_view key);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(std::int32_t number) { return value(std::int64_t{number}); }
    JsonWriter& value(double number);
    JsonWriter& value(bool boolean);
    JsonWriter& value(std::nullptr_t);
    JsonWriter& value(const Uuid& id);
    template <class Tag>
    JsonWriter& value(const Id<Tag>& id) {
        return value(id.uuid);
    }
    JsonWriter& value(Time time);  // RFC 3339, milliseconds, UTC
    template <class T>
    JsonWriter& value(const std::optional<T>& absent_is_null) {
        return absent_is_null ? value(*absent_is_null) : value(nullptr);
    }
    // JSON that is there already.
    JsonWriter& raw(std::string_view json);

    template <class T>
    JsonWriter& field(std::string_view name, const T& content) {
        return key(name).value(content);
    }

  private:
    void separate();
    JsonWriter& begin(char bracket);
    JsonWriter& end(char bracket);

    std::string* out_;
};

}  // namespace concertres::server
