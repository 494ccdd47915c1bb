// Lists of whole numbers as JSON text: how a row keeps the few seats, reservations or classes that
// belong to it. Text, because a person reads it and json_each() joins it; written and read by hand,
// because a general JSON parser would cost more than the rest of the row. No spaces, no other
// forms: what read_list() accepts is what write_list() writes.
//
//   write_list(out, {{7, 50000}, {8, 50000}});   // [[7,50000],[8,50000]]
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "concertres/catalog.hpp"
#include "concertres/ids.hpp"
#include "concertres/reservation.hpp"

namespace concertres::columns {

class ListWriter {
  public:
    explicit ListWriter(std::string& out) : out_(&out) { out.clear(); }

    ListWriter& open() {
        separate();
        *out_ += '[';
        return *this;
    }
    ListWriter& close() {
        *out_ += ']';
        return *this;
    }
    ListWriter& number(std::int64_t value) {
        separate();
        char digits[20];
        const auto end = std::to_chars(digits, digits + sizeof digits, value);
        out_->append(digits, end.ptr);
        return *this;
    }

    // Of characters that JSON writes as they are.
    ListWriter& text(std::string_view value) {
        separate();
        *out_ += '"';
        *out_ += value;
        *out_ += '"';
        return *this;
    }

  private:
    void separate() {
        if (!out_->empty() && out_->back() != '[') *out_ += ',';
    }

    std::string* out_;
};

// Lifetime: the text outlives it.
class ListReader {
  public:
    explicit ListReader(std::string_view text) : rest_(text) {}

    // Takes `c` if it comes next.
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    template <class Number>
    bool number(Number& value) {
        const auto end = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (end.ec != std::errc{}) return false;
        rest_.remove_prefix(static_cast<std::size_t>(end.ptr - rest_.data()));
        return true;
    }
    bool text(std::string& value) {
        if (!take('"')) return false;
        const std::size_t end = rest_.find('"');
        if (end == std::string_view::npos) return false;
        value = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return true;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

// Items, for whatever has open(), close(), number() and text(), or take(), number() and text().
template <class Out>
void write_item(Out& out, ReservationKey key) {
    out.number(key.value);
}
template <class Out>
void write_item(Out& out, const ReservedSeat& seat) {
    out.open().number(seat.number).number(seat.price.minor).close();
}
template <class Out>
void write_item(Out& out, const LimitEntry& entry) {
    out.open()
        .number(entry.reservation.value)
        .number(entry.seats)
        .number(entry.held_until.time_since_epoch().count())
        .close();
}

template <class Out>
void write_item(Out& out, const RoomClass& each) {
    out.open().text(each.name).number(each.weight).number(each.allotment_released ? 1 : 0).close();
}

template <class In>
bool read_item(In& in, ReservationKey& key) {
    return in.number(key.value);
}
template <class In>
bool read_item(In& in, ReservedSeat& seat) {
    return in.take('[') && in.number(seat.number) && in.take(',') && in.number(seat.price.minor) &&
           in.take(']');
}
template <class In>
bool read_item(In& in, LimitEntry& entry) {
    std::int64_t held_until = 0;
    const bool whole = in.take('[') && in.number(entry.reservation.value) && in.take(',') &&
                       in.number(entry.seats) && in.take(',') && in.number(held_until) &&
                       in.take(']');
    entry.held_until = Time(Duration(held_until));
    return whole;
}

template <class In>
bool read_item(In& in, RoomClass& each) {
    int released = 0;
    const bool whole = in.take('[') && in.text(each.name) && in.take(',') &&
                       in.number(each.weight) && in.take(',') && in.number(released) &&
                       in.take(']');
    each.allotment_released = released != 0;
    return whole && (released == 0 || released == 1);
}

template <class Item>
void write_list(std::string& out, const std::vector<Item>& items) {
    ListWriter list(out);
    list.open();
    for (const Item& item : items) write_item(list, item);
    list.close();
}

// False: the text is no such list, and `items` is not to be used.
template <class Item>
[[nodiscard]] bool read_list(std::string_view text, std::vector<Item>& items) {
    items.clear();
    ListReader list(text);
    if (!list.take('[')) return false;
    if (list.take(']')) return list.at_end();
    do {
        if (!read_item(list, items.emplace_back())) return false;
    } while (list.take(','));
    return list.take(']') && list.at_end();
}

}  // namespace concertres::columns
