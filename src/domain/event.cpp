#include "concertres/event.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <limits>
#include <utility>

#include "base/bytes.hpp"
#include "base/crc32c.hpp"
#include "base/hex.hpp"

namespace concertres {
namespace {

// --- Writing -------------------------------------------------------------------------------------

void append_number(std::string& out, std::int64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), end.ptr);
}

void append_text(std::string& out, std::string_view text) {
    constexpr std::string_view hex_digits = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\u00";
            out += hex_digits[byte >> 4];
            out += hex_digits[byte & 0x0fu];
        } else {
            out += c;
        }
    }
    out += '"';
}

// Writes an object key by key. By hand: an event is encoded with every command, and only an
// operator's texts need any escaping.
class ObjectWriter {
  public:
    explicit ObjectWriter(std::string& out) : out_(&out) { out += '{'; }

    void key(std::string_view name) {
        if (out_->back() != '{') *out_ += ',';
        *out_ += '"';
        *out_ += name;
        *out_ += "\":";
    }
    void number(std::string_view name, std::int64_t value) {
        key(name);
        append_number(*out_, value);
    }
    void text(std::string_view name, std::string_view value) {
        key(name);
        append_text(*out_, value);
    }
    void id(std::string_view name, const Uuid& value) {
        key(name);
        *out_ += '"';
        value.append_to(*out_);
        *out_ += '"';
    }
    void close() { *out_ += '}'; }

  private:
    std::string* out_;
};

void append_item(std::string& out, const EventItem& item) {
    ObjectWriter object(out);
    if (!item.reservation.is_nil()) object.id("reservation", item.reservation.uuid);
    object.key("seats");
    char before = '[';
    for (const SeatNumber number : item.seats) {
        out += std::exchange(before, ',');
        append_number(out, number);
    }
    out += before == '[' ? "[]" : "]";
    object.close();
}

void append_items(std::string& out, const std::vector<EventItem>& items) {
    char before = '[';
    for (const EventItem& item : items) {
        out += std::exchange(before, ',');
        append_item(out, item);
    }
    out += ']';
}

void append_draw(std::string& out, const EventDraw& draw) {
    ObjectWriter object(out);
    object.text("seed", to_hex(draw.seed));
    if (draw.line_class != 0) object.number("class", draw.line_class);
    object.number("epoch", draw.epoch);
    object.number("size", draw.size);
    object.close();
}

// Where money is the point, a reader is told of a sum that is 0 as well.
bool tells_balance(EventKind kind) {
    return kind == EventKind::wallet_charged || kind == EventKind::wallet_paid ||
           kind == EventKind::wallet_refunded;
}
bool tells_amount(EventKind kind) {
    return tells_balance(kind) || kind == EventKind::reservation_held ||
           kind == EventKind::payment_completed || kind == EventKind::payment_refunded ||
           kind == EventKind::payment_authorizing || kind == EventKind::payment_failed;
}

std::int64_t micros(Time time) { return time.time_since_epoch().count(); }

// --- Reading -------------------------------------------------------------------------------------

using boost::json::value;

bool read(const value& from, std::int64_t& out) {
    const std::int64_t* number = from.if_int64();
    if (number != nullptr) out = *number;
    return number != nullptr;
}

bool read(const value& from, Money& out) { return read(from, out.minor); }
bool read(const value& from, PlaceNumber& out) { return read(from, out.value); }

bool read(const value& from, Time& out) {
    std::int64_t since_epoch = 0;
    if (!read(from, since_epoch)) return false;
    out = Time(Duration(since_epoch));
    return true;
}

bool read(const value& from, SeatNumber& out) {
    std::int64_t number = 0;
    if (!read(from, number)) return false;
    if (number < std::numeric_limits<SeatNumber>::min() ||
        number > std::numeric_limits<SeatNumber>::max()) {
        return false;
    }
    out = static_cast<SeatNumber>(number);
    return true;
}

bool read(const value& from, std::string& out) {
    const boost::json::string* text = from.if_string();
    if (text != nullptr) out.assign(text->data(), text->size());
    return text != nullptr;
}

template <class Tag>
bool read(const value& from, Id<Tag>& out) {
    const boost::json::string* text = from.if_string();
    if (text == nullptr) return false;
    const auto id = Id<Tag>::parse(std::string_view(text->data(), text->size()));
    if (id) out = *id;
    return id.has_value();
}

template <class Value>
bool read(const value& from, std::vector<Value>& out);

bool read(const value& from, EventItem& out) {
    const boost::json::object* object = from.if_object();
    if (object == nullptr || !object->contains("seats")) return false;
    for (const auto& [key, field] : *object) {
        const bool is_read = (key == "reservation" && read(field, out.reservation)) ||
                             (key == "seats" && read(field, out.seats));
        if (!is_read) return false;
    }
    return true;
}

bool read(const value& from, std::optional<EventDraw>& out) {
    const boost::json::object* object = from.if_object();
    if (object == nullptr) return false;
    // The first class goes without saying.
    const std::size_t fields = object->contains("class") ? 4 : 3;
    if (object->size() != fields) return false;
    EventDraw draw;
    for (const auto& [key, field] : *object) {
        std::string seed;
        const bool is_read = (key == "seed" && read(field, seed) && from_hex(seed, draw.seed)) ||
                             (key == "class" && read(field, draw.line_class)) ||
                             (key == "epoch" && read(field, draw.epoch)) ||
                             (key == "size" && read(field, draw.size));
        if (!is_read) return false;
    }
    out = draw;
    return true;
}

template <class Value>
bool read(const value& from, std::vector<Value>& out) {
    const boost::json::array* array = from.if_array();
    if (array == nullptr) return false;
    out.resize(array->size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!read((*array)[i], out[i])) return false;
    }
    return true;
}

bool read_field(std::string_view key, const value& field, Event& out) {
    if (key == "user") return read(field, out.user);
    if (key == "place") return read(field, out.place);
    if (key == "payment") return read(field, out.payment);
    if (key == "transfer") return read(field, out.transfer);
    if (key == "items") return read(field, out.items);
    if (key == "amount") return read(field, out.amount);
    if (key == "balance") return read(field, out.balance);
    if (key == "until") return read(field, out.until);
    if (key == "pass_expires_at") return read(field, out.pass_expires_at);
    if (key == "actor") return read(field, out.actor);
    if (key == "detail") return read(field, out.detail);
    if (key == "draw") return read(field, out.draw);
    return false;
}

}  // namespace

std::string_view event_name(EventKind kind) noexcept {
    switch (kind) {
        case EventKind::reservation_held:
            return "reservation.held";
        case EventKind::reservation_extended:
            return "reservation.extended";
        case EventKind::reservation_released:
            return "reservation.released";
        case EventKind::reservation_expired:
            return "reservation.expired";
        case EventKind::payment_completed:
            return "payment.completed";
        case EventKind::payment_refunded:
            return "payment.refunded";
        case EventKind::payment_authorizing:
            return "payment.authorizing";
        case EventKind::payment_failed:
            return "payment.failed";
        case EventKind::seats_blocked:
            return "seats.blocked";
        case EventKind::seats_unblocked:
            return "seats.unblocked";
        case EventKind::wallet_charged:
            return "wallet.charged";
        case EventKind::wallet_paid:
            return "wallet.paid";
        case EventKind::wallet_refunded:
            return "wallet.refunded";
        case EventKind::pass_admitted:
            return "pass.admitted";
        case EventKind::pass_expired:
            return "pass.expired";
        case EventKind::pass_left:
            return "pass.left";
        case EventKind::sale_changed:
            return "sale.changed";
        case EventKind::room_drawn:
            return "room.drawn";
    }
    return "unknown";
}

std::string_view stream_name(StreamKind kind) noexcept {
    switch (kind) {
        case StreamKind::performance:
            return "performance";
        case StreamKind::wallet:
            return "wallet";
        case StreamKind::room:
            return "room";
    }
    return "unknown";
}

std::string encode(const Event& event) {
    std::string out;
    out.reserve(256);
    ObjectWriter object(out);
    if (!event.user.is_nil()) object.id("user", event.user.uuid);
    if (event.place != PlaceNumber{}) object.number("place", event.place.value);
    if (!event.payment.is_nil()) object.id("payment", event.payment.uuid);
    if (!event.transfer.is_nil()) object.id("transfer", event.transfer.uuid);
    if (!event.items.empty()) {
        object.key("items");
        append_items(out, event.items);
    }
    if (event.amount != Money{} || tells_amount(event.kind)) {
        object.number("amount", event.amount.minor);
    }
    if (event.balance != Money{} || tells_balance(event.kind)) {
        object.number("balance", event.balance.minor);
    }
    if (event.until != Time{}) object.number("until", micros(event.until));
    if (event.pass_expires_at != Time{}) {
        object.number("pass_expires_at", micros(event.pass_expires_at));
    }
    if (!event.actor.empty()) object.text("actor", event.actor);
    if (!event.detail.empty()) object.text("detail", event.detail);
    if (event.draw) {
        object.key("draw");
        append_draw(out, *event.draw);
    }
    object.close();
    return out;
}

bool decode(std::string_view json, Event& event) {
    boost::json::parse_options options;
    // An event is read whatever an operator's text contains: the audit must never lose one.
    options.allow_invalid_utf8 = true;
    boost::json::error_code failed;
    const value parsed = boost::json::parse({json.data(), json.size()}, failed, {}, options);
    if (failed) return false;
    const boost::json::object* object = parsed.if_object();
    if (object == nullptr) return false;

    Event result{
        .stream = event.stream, .number = event.number, .kind = event.kind, .at = event.at};
    for (const auto& [key, field] : *object) {
        if (!read_field({key.data(), key.size()}, field, result)) return false;
    }
    event = std::move(result);
    return true;
}

std::uint32_t checksum(const Event& event, std::string_view encoded) {
    std::string head;
    head.reserve(32);
    ByteWriter(head)
        .u8(static_cast<std::uint8_t>(event.stream.kind))
        .i64(event.stream.owner)
        .i64(event.number)
        .u8(static_cast<std::uint8_t>(event.kind))
        .i64(micros(event.at));
    return crc32c(encoded, crc32c(head));
}

}  // namespace concertres
