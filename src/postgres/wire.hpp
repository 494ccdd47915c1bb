// How values go to PostgreSQL and come back: in binary, in four types. Integers, flags,
// enumerations, times and durations are `bigint`; numbers with a fraction `double precision`; ids,
// texts and opaque bytes `bytea`, since a text here may hold any byte; lists are `text`, in JSON
// (columns/lists.hpp). What is absent is NULL; a key that names nothing is 0.
#pragma once

#include <libpq-fe.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "columns/lists.hpp"
#include "columns/tables.hpp"
#include "concertres/ids.hpp"

namespace concertres::postgres {

using columns::Bytes;

// A type's object id, which is the same in every PostgreSQL.
enum class Type : std::uint32_t { bytes = 17, integer = 20, text = 25, real = 701 };

[[nodiscard]] constexpr std::string_view name_of(Type type) {
    switch (type) {
        case Type::bytes:
            return "bytea";
        case Type::integer:
            return "bigint";
        case Type::text:
            return "text";
        case Type::real:
            return "double precision";
    }
    return "";
}

template <class T>
struct TypeOf : std::integral_constant<Type, Type::integer> {};
template <>
struct TypeOf<double> : std::integral_constant<Type, Type::real> {};
template <>
struct TypeOf<std::string> : std::integral_constant<Type, Type::bytes> {};
template <class String>
struct TypeOf<Bytes<String>> : std::integral_constant<Type, Type::bytes> {};
template <class Tag>
struct TypeOf<Id<Tag>> : std::integral_constant<Type, Type::bytes> {};
template <std::size_t n>
struct TypeOf<std::array<std::uint8_t, n>> : std::integral_constant<Type, Type::bytes> {};
template <class Item>
struct TypeOf<std::vector<Item>> : std::integral_constant<Type, Type::text> {};
template <class T>
struct TypeOf<std::optional<T>> : TypeOf<T> {};
template <class T>
inline constexpr Type type_of = TypeOf<std::remove_cvref_t<T>>::value;

// --- To PostgreSQL -----------------------------------------------------------------------------

template <class T>
[[nodiscard]] std::int64_t as_integer(const T& value) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
        return static_cast<std::int64_t>(value);
    } else if constexpr (requires { value.minor; }) {
        return value.minor;
    } else if constexpr (requires { value.time_since_epoch(); }) {
        return value.time_since_epoch().count();
    } else if constexpr (requires { value.count(); }) {
        return value.count();
    } else {
        return value.value;
    }
}

// The bytes of one value. Lifetime: a list is written to `list`.
template <class T>
[[nodiscard]] std::string_view as_bytes(const T& value, std::string& list) {
    const auto view = [](const auto& bytes) {
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    if constexpr (requires { value.uuid; }) {
        return view(value.uuid.bytes);
    } else if constexpr (requires { value.bytes; }) {
        return value.bytes;
    } else if constexpr (type_of<T> == Type::text) {
        columns::write_list(list, value);
        return list;
    } else {
        return view(value);
    }
}

// One parameter of a statement, in the binary format.
class Param {
  public:
    [[nodiscard]] static Param integer(std::int64_t value) {
        Param param;
        ByteWriter(param.bytes_).i64(value);
        return param;
    }
    [[nodiscard]] static Param bytes(std::string_view value) {
        Param param;
        param.bytes_ = value;
        return param;
    }
    // Of any value that a column can hold, and is not absent.
    template <class T>
    [[nodiscard]] static Param of(const T& value) {
        if constexpr (type_of<T> == Type::integer) {
            return integer(as_integer(value));
        } else {
            std::string list;
            return bytes(as_bytes(value, list));
        }
    }
    [[nodiscard]] static Param null() {
        Param param;
        param.is_null_ = true;
        return param;
    }

    [[nodiscard]] const char* data() const { return is_null_ ? nullptr : bytes_.data(); }
    [[nodiscard]] int size() const { return static_cast<int>(bytes_.size()); }

  private:
    friend class ArrayParam;

    std::string bytes_;
    bool is_null_ = false;
};

// A parameter that is an array: a column of many rows.
class ArrayParam {
  public:
    explicit ArrayParam(Type type) : type_(type) {
        bytes_.reserve(256);
        bytes_.assign(header_bytes, '\0');
    }

    template <class T>
    void add(const T& value) {
        CONCERTRES_ASSERT(type_of<T> == type_);
        ++count_;
        ByteWriter out(bytes_);
        if constexpr (type_of<T> == Type::integer) {
            out.u32(8).i64(as_integer(value));
        } else if constexpr (type_of<T> == Type::real) {
            out.u32(8).f64(value);
        } else {
            out.text(as_bytes(value, list_));
        }
    }
    template <class T>
    void add(const std::optional<T>& value) {
        if (value) return add(*value);
        ++count_;
        has_null_ = true;
        ByteWriter(bytes_).i32(-1);
    }

    // The whole array; nothing can be added any more.
    [[nodiscard]] Param finish() {
        std::string header;
        ByteWriter(header)
            .u32(1)  // dimensions
            .u32(has_null_ ? 1 : 0)
            .u32(static_cast<std::uint32_t>(type_))
            .u32(count_)
            .u32(1);  // the first index
        CONCERTRES_ASSERT(header.size() == header_bytes && count_ > 0);
        bytes_.replace(0, header_bytes, header);
        Param param;
        param.bytes_ = std::move(bytes_);
        return param;
    }

  private:
    static constexpr std::size_t header_bytes = 20;

    Type type_;
    std::string bytes_;
    std::string list_;
    std::uint32_t count_ = 0;
    bool has_null_ = false;
};

// --- From PostgreSQL ---------------------------------------------------------------------------

// Reads the cells of one row of a result, from a column on. A cell that is not what it should be is
// left as it was, and noted: a damaged row is not taken for zeros.
class CellReader {
  public:
    CellReader(const PGresult& result, int row, int first_column = 0)
        : result_(&result), row_(row), next_(first_column) {}

    [[nodiscard]] bool intact() const { return damaged_ < 0; }
    // The column of the first cell that was not.
    [[nodiscard]] int damaged() const { return damaged_; }

    template <class T>
    CellReader& get(T& out) {
        const int column = next_++;
        const bool is_null = PQgetisnull(result_, row_, column) != 0;
        const std::string_view cell(PQgetvalue(result_, row_, column),
                                    static_cast<std::size_t>(PQgetlength(result_, row_, column)));
        if ((is_null || !take(cell, out)) && damaged_ < 0) damaged_ = column;
        return *this;
    }
    template <class T>
    CellReader& get(std::optional<T>& out) {
        if (PQgetisnull(result_, row_, next_) == 0) return get(out.emplace());
        ++next_;
        out.reset();
        return *this;
    }
    template <class String>
    CellReader& get(Bytes<String> out) {
        return get(out.bytes);
    }

  private:
    static bool take(std::string_view cell, std::string& out) {
        out = cell;
        return true;
    }
    static bool take(std::string_view cell, double& out) {
        return ByteReader(cell).f64(out) && cell.size() == sizeof out;
    }
    template <class Tag>
    static bool take(std::string_view cell, Id<Tag>& out) {
        return take(cell, out.uuid.bytes);
    }
    template <std::size_t n>
    static bool take(std::string_view cell, std::array<std::uint8_t, n>& out) {
        if (cell.size() != n) return false;
        std::memcpy(out.data(), cell.data(), n);
        return true;
    }
    template <class Item>
    static bool take(std::string_view cell, std::vector<Item>& out) {
        return columns::read_list(cell, out);
    }
    template <class T>
    static bool take(std::string_view cell, T& out) {
        std::int64_t value = 0;
        if (cell.size() != sizeof value || !ByteReader(cell).i64(value)) return false;
        return set(value, out);
    }

    template <class T>
    static bool set(std::int64_t value, T& out) {
        if constexpr (std::is_same_v<T, bool>) {
            out = value != 0;
            return value == 0 || value == 1;
        } else if constexpr (std::is_same_v<T, std::uint64_t>) {
            out = std::bit_cast<std::uint64_t>(value);
            return true;
        } else if constexpr (std::is_integral_v<T>) {
            out = static_cast<T>(value);
            return std::in_range<T>(value);
        } else if constexpr (std::is_enum_v<T>) {
            if (value < columns::first_of<T> || value > columns::last_of<T>) return false;
            out = static_cast<T>(value);
            return true;
        } else if constexpr (requires { out.minor; }) {
            out.minor = value;
            return true;
        } else if constexpr (requires { out.time_since_epoch(); }) {
            out = T(Duration(value));
            return true;
        } else if constexpr (requires { out.count(); }) {
            out = T(static_cast<typename T::rep>(value));
            return true;
        } else {
            out.value = value;
            return true;
        }
    }

    const PGresult* result_;
    int row_;
    int next_;
    int damaged_ = -1;
};

}  // namespace concertres::postgres
