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

// What each type is as a cell. `Derived` has integer(std::int64_t), real(double), blob(bytes,
// size), fixed(bytes, size), passing(bytes, size), which are gone when the row has been added,
// utf8(const std::string&), list(const std::vector<Item>&), and is_there(bool), which comes before
// what may be absent, or alone.
template <class Derived>
class CellWriter {
  public:
    Derived& add(bool value) { return integer(value ? 1 : 0); }
    Derived& add(std::int32_t value) { return integer(value); }
    Derived& add(std::int64_t value) { return integer(value); }
    Derived& add(std::uint32_t value) { return integer(value); }
    Derived& add(std::uint64_t value) { return integer(std::bit_cast<std::int64_t>(value)); }
    Derived& add(Money value) { return integer(value.minor); }
    Derived& add(Account value) { return integer(value.value); }
    Derived& add(PlaceNumber value) { return integer(value.value); }
    Derived& add(Time value) { return integer(value.time_since_epoch().count()); }
    Derived& add(Duration value) { return integer(value.count()); }
    Derived& add(std::chrono::minutes value) { return integer(value.count()); }
    template <class Tag>
    Derived& add(Key<Tag> value) {
        return integer(value.value);
    }
    template <class Enum>
    requires std::is_enum_v<Enum> Derived& add(Enum value) {
        static_assert(last_of<Enum> >= 0);
        return integer(static_cast<std::int64_t>(value));
    }
    Derived& add(double value) { return self().real(value); }
    template <class Tag>
    Derived& add(const Id<Tag>& value) {
        return self().fixed(value.uuid.bytes.data(), value.uuid.bytes.size());
    }
    Derived& add(const std::string& value) { return self().utf8(value); }
    Derived& add(const std::string&& value) = delete;
    Derived& add(Bytes<const std::string> value) {
        return self().blob(value.bytes.data(), value.bytes.size());
    }
    template <std::size_t n>
    Derived& add(const std::array<std::uint8_t, n>& value) {
        return self().passing(value.data(), n);
    }
    template <class T>
    Derived& add(const std::optional<T>& value) {
        self().is_there(value.has_value());
        return value ? add(*value) : self();
    }
    template <class Item>
    Derived& add(const std::vector<Item>& value) {
        return self().list(value);
    }

  private:
    friend Derived;
    CellWriter() = default;

    Derived& self() { return static_cast<Derived&>(*this); }
    Derived& integer(std::int64_t value) { return self().integer(value); }
};

// Binds the cells of one row after another to ?1, ?2, ... of a statement.
class CellBinder : public CellWriter<CellBinder> {
  public:
    explicit CellBinder(SQLite::Statement& statement) : statement_(&statement) {}

    CellBinder& integer(std::int64_t value) {
        statement_->bind(++last_, value);
        return *this;
    }

  private:
    friend class CellWriter<CellBinder>;

    CellBinder& real(double value) {
        statement_->bind(++last_, value);
        return *this;
    }
    CellBinder& blob(const void* bytes, std::size_t size) {
        statement_->bindNoCopy(++last_, bytes, static_cast<int>(size));
        return *this;
    }
    CellBinder& fixed(const void* bytes, std::size_t size) { return blob(bytes, size); }
    // A copy: columns that are made from a row (DrawColumns) have gone when the statement runs.
    CellBinder& passing(const void* bytes, std::size_t size) {
        statement_->bind(++last_, bytes, static_cast<int>(size));
        return *this;
    }
    CellBinder& utf8(const std::string& value) {
        statement_->bindNoCopy(++last_, value);
        return *this;
    }
    void is_there(bool there) {
        if (!there) statement_->bind(++last_);
    }
    template <class Item>
    CellBinder& list(const std::vector<Item>& value) {
        // The texts must outlive this binder; no row has more than two lists.
        thread_local std::string texts[2];
        std::string& out = texts[lists_++ % 2];
        columns::write_list(out, value);
        return utf8(out);
    }

    SQLite::Statement* statement_;
    int last_ = 0;
    unsigned lists_ = 0;
};

// --- Reading -----------------------------------------------------------------------------------

// Reads what CellWriter has written. `Derived` has integer(take), real(double&),
// blob(std::string&), fixed(bytes, size), utf8(std::string&), list(std::vector<Item>&), each of
// which notes a cell that is not what it should be; and is_there().
template <class Derived>
class CellTaker {
  public:
    Derived& get(bool& out) {
        return self().integer([&](std::int64_t value) {
            out = value != 0;
            return value == 0 || value == 1;
        });
    }
    Derived& get(std::int32_t& out) { return narrow(out); }
    Derived& get(std::uint32_t& out) { return narrow(out); }
    Derived& get(std::int64_t& out) { return plain(out); }
    Derived& get(std::uint64_t& out) {
        return self().integer([&](std::int64_t value) {
            out = std::bit_cast<std::uint64_t>(value);
            return true;
        });
    }
    Derived& get(Money& out) { return plain(out.minor); }
    Derived& get(Account& out) { return plain(out.value); }
    Derived& get(PlaceNumber& out) { return plain(out.value); }
    Derived& get(Time& out) {
        return self().integer([&](std::int64_t value) {
            out = Time(Duration(value));
            return true;
        });
    }
    template <class Rep, class Period>
    Derived& get(std::chrono::duration<Rep, Period>& out) {
        return self().integer([&](std::int64_t value) {
            out = std::chrono::duration<Rep, Period>(static_cast<Rep>(value));
            return true;
        });
    }
    template <class Tag>
    Derived& get(Key<Tag>& out) {
        return plain(out.value);
    }
    template <class Enum>
    requires std::is_enum_v<Enum> Derived& get(Enum& out) {
        return self().integer([&](std::int64_t value) {
            if (value < first_of<Enum> || value > last_of<Enum>) return false;
            out = static_cast<Enum>(value);
            return true;
        });
    }
    Derived& get(double& out) { return self().real(out); }
    template <class Tag>
    Derived& get(Id<Tag>& out) {
        return get(out.uuid.bytes);
    }
    Derived& get(std::string& out) { return self().utf8(out); }
    Derived& get(Bytes<std::string> out) { return self().blob(out.bytes); }
    template <std::size_t n>
    Derived& get(std::array<std::uint8_t, n>& out) {
        return self().fixed(out.data(), n);
    }
    template <class T>
    Derived& get(std::optional<T>& out) {
        if (self().is_there()) return get(out.emplace());
        out.reset();
        return self();
    }
    template <class Item>
    Derived& get(std::vector<Item>& out) {
        return self().list(out);
    }

  private:
    friend Derived;
    CellTaker() = default;

    Derived& self() { return static_cast<Derived&>(*this); }
    Derived& plain(std::int64_t& out) {
        return self().integer([&](std::int64_t value) {
            out = value;
            return true;
        });
    }
    template <class Number>
    Derived& narrow(Number& out) {
        return self().integer([&](std::int64_t value) {
            if (!std::in_range<Number>(value)) return false;
            out = static_cast<Number>(value);
            return true;
        });
    }
};

// Reads the cells of the row that a statement stands on, from the first column on.
class CellReader : public CellTaker<CellReader> {
  public:
    explicit CellReader(const SQLite::Statement& statement) : statement_(&statement) {}

    // Every cell so far was what it should be; one that was not has been left as it was.
    [[nodiscard]] bool intact() const { return damaged_ < 0; }
    // The first that was not.
    [[nodiscard]] int damaged() const { return damaged_; }

  private:
    friend class CellTaker<CellReader>;

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
    CellReader& real(double& out) {
        return cell([&](const SQLite::Column& column) {
            out = column.getDouble();
            return column.isFloat();
        });
    }
    CellReader& utf8(std::string& out) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isText()) return false;
            assign(out, column);
            return true;
        });
    }
    CellReader& blob(std::string& out) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isBlob()) return false;
            assign(out, column);
            return true;
        });
    }
    CellReader& fixed(void* out, std::size_t size) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isBlob() || column.getBytes() != static_cast<int>(size)) return false;
            std::memcpy(out, column.getBlob(), size);
            return true;
        });
    }
    bool is_there() {
        if (!statement_->getColumn(next_).isNull()) return true;
        ++next_;
        return false;
    }
    template <class Item>
    CellReader& list(std::vector<Item>& out) {
        return cell([&](const SQLite::Column& column) {
            if (!column.isText()) return false;
            // The bytes first: asking for the text would have SQLite copy it to end it with a NUL.
            const auto* bytes = static_cast<const char*>(column.getBlob());
            return columns::read_list({bytes, static_cast<std::size_t>(column.getBytes())}, out);
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
