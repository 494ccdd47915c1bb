// A cell is one value of a row: how each C++ type is bound to a statement and read from a column.
//
// Integers are integers, times and durations are microseconds, ids are blobs of 16 bytes, texts are
// UTF-8, lists are JSON (lists.hpp). What is absent is NULL; a key that names nothing is 0.
//
// Binding copies nothing: the value must stay where it is until the statement has run. Reading
// checks the type that is stored, so that a damaged row is noticed and not taken for zeros.
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "columns/lists.hpp"
#include "columns/tables.hpp"
#include "concertres/admission.hpp"
#include "concertres/catalog.hpp"
#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/ledger.hpp"
#include "concertres/money.hpp"
#include "concertres/payment.hpp"
#include "concertres/reservation.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"

namespace concertres::sqlite {

using columns::Bytes;
using columns::first_of;
using columns::last_of;

// --- Binding -----------------------------------------------------------------------------------

// Binds the cells of one row after another to ?1, ?2, ... of a statement.
class CellBinder {
  public:
    explicit CellBinder(SQLite::Statement& statement) : statement_(&statement) {}

    CellBinder& integer(std::int64_t value) {
        statement_->bind(++last_, value);
        return *this;
    }

    CellBinder& add(bool value) { return integer(value ? 1 : 0); }
    CellBinder& add(std::int32_t value) { return integer(value); }
    CellBinder& add(std::int64_t value) { return integer(value); }
    CellBinder& add(std::uint32_t value) { return integer(value); }
    CellBinder& add(std::uint64_t value) { return integer(std::bit_cast<std::int64_t>(value)); }
    CellBinder& add(Money value) { return integer(value.minor); }
    CellBinder& add(Account value) { return integer(value.value); }
    CellBinder& add(PlaceNumber value) { return integer(value.value); }
    CellBinder& add(Time value) { return integer(value.time_since_epoch().count()); }
    CellBinder& add(Duration value) { return integer(value.count()); }
    CellBinder& add(std::chrono::minutes value) { return integer(value.count()); }
    template <class Tag>
    CellBinder& add(Key<Tag> value) {
        return integer(value.value);
    }
    template <class Enum>
    requires std::is_enum_v<Enum> CellBinder& add(Enum value) {
        static_assert(last_of<Enum> >= 0);
        return integer(static_cast<std::int64_t>(value));
    }
    CellBinder& add(double value) {
        statement_->bind(++last_, value);
        return *this;
    }
    template <class Tag>
    CellBinder& add(const Id<Tag>& value) {
        return blob(value.uuid.bytes.data(), value.uuid.bytes.size());
    }
    CellBinder& add(const std::string& value) {
        statement_->bindNoCopy(++last_, value);
        return *this;
    }
    CellBinder& add(const std::string&& value) = delete;
    CellBinder& add(Bytes<const std::string> value) {
        return blob(value.bytes.data(), value.bytes.size());
    }
    // A copy: columns that are made from a row (DrawColumns) have gone when the statement runs.
    template <std::size_t n>
    CellBinder& add(const std::array<std::uint8_t, n>& value) {
        statement_->bind(++last_, value.data(), static_cast<int>(n));
        return *this;
    }
    template <class T>
    CellBinder& add(const std::optional<T>& value) {
        if (value) return add(*value);
        statement_->bind(++last_);
        return *this;
    }
    template <class Item>
    CellBinder& add(const std::vector<Item>& value) {
        // The texts must outlive this binder; no row has more than two lists.
        thread_local std::string texts[2];
        std::string& text = texts[lists_++ % 2];
        columns::write_list(text, value);
        return add(text);
    }

  private:
    CellBinder& blob(const void* bytes, std::size_t size) {
        statement_->bindNoCopy(++last_, bytes, static_cast<int>(size));
        return *this;
    }

    SQLite::Statement* statement_;
    int last_ = 0;
    unsigned lists_ = 0;
};

// --- Reading -----------------------------------------------------------------------------------

// Reads the cells of the row that a statement stands on, from the first column on.
class CellReader {
  public:
    explicit CellReader(const SQLite::Statement& statement) : statement_(&statement) {}

    // Every cell so far was what it should be; one that was not has been left as it was.
    [[nodiscard]] bool intact() const { return damaged_ < 0; }
    // The first that was not.
    [[nodiscard]] int damaged() const { return damaged_; }

    CellReader& get(bool& out) {
        return integer([&](std::int64_t value) {
            out = value != 0;
            return value == 0 || value == 1;
        });
    }
    CellReader& get(std::int32_t& out) { return narrow(out); }
    CellReader& get(std::uint32_t& out) { return narrow(out); }
    CellReader& get(std::int64_t& out) { return plain(out); }
    CellReader& get(std::uint64_t& out) {
        return integer([&](std::int64_t value) {
            out = std::bit_cast<std::uint64_t>(value);
            return true;
        });
    }
    CellReader& get(Money& out) { return plain(out.minor); }
    CellReader& get(Account& out) { return plain(out.value); }
    CellReader& get(PlaceNumber& out) { return plain(out.value); }
    CellReader& get(Time& out) {
        return integer([&](std::int64_t value) {
            out = Time(Duration(value));
            return true;
        });
    }
    template <class Rep, class Period>
    CellReader& get(std::chrono::duration<Rep, Period>& out) {
        return integer([&](std::int64_t value) {
            out = std::chrono::duration<Rep, Period>(static_cast<Rep>(value));
            return true;
        });
    }
    template <class Tag>
    CellReader& get(Key<Tag>& out) {
        return plain(out.value);
    }
    template <class Enum>
    requires std::is_enum_v<Enum> CellReader& get(Enum& out) {
        return integer([&](std::int64_t value) {
            if (value < first_of<Enum> || value > last_of<Enum>) return false;
            out = static_cast<Enum>(value);
            return true;
        });
    }
    CellReader& get(double& out) {
        return cell([&](const SQLite::Column& column) {
            out = column.getDouble();
            return column.isFloat();
        });
    }
    template <class Tag>
    CellReader& get(Id<Tag>& out) {
        return get(out.uuid.bytes);
    }
    CellReader& get(std::string& out) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isText()) return false;
            assign(out, column);
            return true;
        });
    }
    CellReader& get(Bytes<std::string> out) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isBlob()) return false;
            assign(out.bytes, column);
            return true;
        });
    }
    template <std::size_t n>
    CellReader& get(std::array<std::uint8_t, n>& out) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isBlob() || column.getBytes() != static_cast<int>(n)) return false;
            std::memcpy(out.data(), column.getBlob(), n);
            return true;
        });
    }
    template <class T>
    CellReader& get(std::optional<T>& out) {
        if (statement_->getColumn(next_).isNull()) {
            ++next_;
            out.reset();
            return *this;
        }
        return get(out.emplace());
    }
    template <class Item>
    CellReader& get(std::vector<Item>& out) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isText()) return false;
            // The bytes first: asking for the text would have SQLite copy it to end it with a NUL.
            const auto* bytes = static_cast<const char*>(column.getBlob());
            return columns::read_list({bytes, static_cast<std::size_t>(column.getBytes())}, out);
        });
    }

  private:
    template <class Take>
    CellReader& cell(Take&& take) {
        const int index = next_++;
        if (!take(statement_->getColumn(index)) && damaged_ < 0) damaged_ = index;
        return *this;
    }
    template <class Take>
    CellReader& integer(Take&& take) {
        return cell([&](const SQLite::Column& column) {
            return column.isInteger() && take(column.getInt64());
        });
    }
    CellReader& plain(std::int64_t& out) {
        return integer([&](std::int64_t value) {
            out = value;
            return true;
        });
    }
    template <class Number>
    CellReader& narrow(Number& out) {
        return integer([&](std::int64_t value) {
            if (!std::in_range<Number>(value)) return false;
            out = static_cast<Number>(value);
            return true;
        });
    }
    static void assign(std::string& out, const SQLite::Column& column) {
        const auto* bytes = static_cast<const char*>(column.getBlob());
        out.assign(bytes, bytes ? static_cast<std::size_t>(column.getBytes()) : 0);
    }

    const SQLite::Statement* statement_;
    int next_ = 0;
    int damaged_ = -1;
};

}  // namespace concertres::sqlite
