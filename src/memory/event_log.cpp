#include "memory/event_log.hpp"

#include <cstring>
#include <span>

#include "base/bytes.hpp"
#include "base/crc32c.hpp"
#include "concertres/assert.hpp"

namespace concertres::memory {
namespace {

// Which fields a record has. Records live no longer than the process, so these may change.
enum Field : std::uint16_t {
    has_user = 1 << 0,
    has_place = 1 << 1,
    has_payment = 1 << 2,
    has_transfer = 1 << 3,
    has_items = 1 << 4,
    has_amount = 1 << 5,
    has_balance = 1 << 6,
    has_until = 1 << 7,
    has_pass_expires_at = 1 << 8,
    has_actor = 1 << 9,
    has_detail = 1 << 10,
    has_draw = 1 << 11,
};

std::uint16_t fields_of(const Event& event) {
    std::uint16_t fields = 0;
    const auto set_if = [&](bool is_there, Field field) {
        if (is_there) fields = static_cast<std::uint16_t>(fields | field);
    };
    set_if(!event.user.is_nil(), has_user);
    set_if(event.place.value != 0, has_place);
    set_if(!event.payment.is_nil(), has_payment);
    set_if(!event.transfer.is_nil(), has_transfer);
    set_if(!event.items.empty(), has_items);
    set_if(event.amount.minor != 0, has_amount);
    set_if(event.balance.minor != 0, has_balance);
    set_if(event.until != Time{}, has_until);
    set_if(event.pass_expires_at != Time{}, has_pass_expires_at);
    set_if(!event.actor.empty(), has_actor);
    set_if(!event.detail.empty(), has_detail);
    set_if(event.draw.has_value(), has_draw);
    return fields;
}

std::int64_t count(Time time) { return time.time_since_epoch().count(); }

void write_items(ByteWriter& out, const std::vector<EventItem>& items) {
    out.u32(static_cast<std::uint32_t>(items.size()));
    for (const EventItem& item : items) {
        out.raw(std::span<const std::uint8_t>(item.reservation.uuid.bytes));
        out.u32(static_cast<std::uint32_t>(item.seats.size()));
        for (SeatNumber seat : item.seats) out.i32(seat);
    }
}

bool read_items(ByteReader& in, std::vector<EventItem>& items) {
    std::uint32_t item_count = 0;
    if (!in.u32(item_count)) return false;
    // Nothing is reserved by a count: it may be damaged.
    for (std::uint32_t i = 0; i < item_count; ++i) {
        EventItem item;
        std::uint32_t seat_count = 0;
        if (!in.raw(item.reservation.uuid.bytes) || !in.u32(seat_count)) return false;
        for (std::uint32_t j = 0; j < seat_count; ++j) {
            SeatNumber seat = 0;
            if (!in.i32(seat)) return false;
            item.seats.push_back(seat);
        }
        items.push_back(std::move(item));
    }
    return true;
}

bool read_draw(ByteReader& in, EventDraw& draw) {
    return in.raw(draw.seed) && in.i32(draw.line_class) && in.i64(draw.epoch) && in.i64(draw.size);
}

bool read_time(ByteReader& in, Time& time) {
    std::int64_t microseconds = 0;
    if (!in.i64(microseconds)) return false;
    time = Time(Duration(microseconds));
    return true;
}

}  // namespace

void write_event(const Event& event, std::string& out) {
    const std::uint16_t fields = fields_of(event);
    ByteWriter writer(out);
    writer.u16(fields).u8(static_cast<std::uint8_t>(event.kind)).i64(count(event.at));
    if (fields & has_user) writer.raw(std::span<const std::uint8_t>(event.user.uuid.bytes));
    if (fields & has_place) writer.i64(event.place.value);
    if (fields & has_payment) writer.raw(std::span<const std::uint8_t>(event.payment.uuid.bytes));
    if (fields & has_transfer) writer.raw(std::span<const std::uint8_t>(event.transfer.uuid.bytes));
    if (fields & has_items) write_items(writer, event.items);
    if (fields & has_amount) writer.i64(event.amount.minor);
    if (fields & has_balance) writer.i64(event.balance.minor);
    if (fields & has_until) writer.i64(count(event.until));
    if (fields & has_pass_expires_at) writer.i64(count(event.pass_expires_at));
    if (fields & has_actor) writer.text(event.actor);
    if (fields & has_detail) writer.text(event.detail);
    if (fields & has_draw) {
        writer.raw(std::span<const std::uint8_t>(event.draw->seed));
        writer.i32(event.draw->line_class).i64(event.draw->epoch).i64(event.draw->size);
    }
}

bool read_event(std::string_view record, Event& event) {
    ByteReader in(record);
    std::uint16_t fields = 0;
    std::uint8_t kind = 0;
    if (!in.u16(fields) || !in.u8(kind) || !read_time(in, event.at)) return false;
    event.kind = static_cast<EventKind>(kind);
    const auto ok = [&](Field field, auto&& read) { return (fields & field) == 0 || read(); };
    return ok(has_user, [&] { return in.raw(event.user.uuid.bytes); }) &&
           ok(has_place, [&] { return in.i64(event.place.value); }) &&
           ok(has_payment, [&] { return in.raw(event.payment.uuid.bytes); }) &&
           ok(has_transfer, [&] { return in.raw(event.transfer.uuid.bytes); }) &&
           ok(has_items, [&] { return read_items(in, event.items); }) &&
           ok(has_amount, [&] { return in.i64(event.amount.minor); }) &&
           ok(has_balance, [&] { return in.i64(event.balance.minor); }) &&
           ok(has_until, [&] { return read_time(in, event.until); }) &&
           ok(has_pass_expires_at, [&] { return read_time(in, event.pass_expires_at); }) &&
           ok(has_actor, [&] { return in.text(event.actor); }) &&
           ok(has_detail, [&] { return in.text(event.detail); }) &&
           ok(has_draw, [&] { return read_draw(in, event.draw.emplace()); }) && in.at_end();
}

std::uint32_t checksum_of(const Stream& stream, std::int64_t number, std::string_view record) {
    // This process alone reads it, so the bytes may stand as they are in memory.
    std::array<char, 17> position{};
    std::memcpy(position.data(), &stream.owner, 8);
    std::memcpy(position.data() + 8, &number, 8);
    position[16] = static_cast<char>(stream.kind);
    return crc32c(record, crc32c({position.data(), position.size()}));
}

char* Arena::allocate(std::size_t size) {
    if (size > left_) {
        const std::size_t chunk = std::max(size, chunk_size);
        chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk));
        free_ = chunks_.back().get();
        left_ = chunk;
    }
    char* const result = free_;
    free_ += size;
    left_ -= size;
    return result;
}

DenseIndex<EventLog::Records>& EventLog::index(StreamKind kind) {
    const auto position = static_cast<std::size_t>(kind) - 1;
    CONCERTRES_ASSERT(position < index_.size());
    return index_[position];
}

const EventLog::Records* EventLog::find(const Stream& stream) const {
    const auto position = static_cast<std::size_t>(stream.kind) - 1;
    return position < index_.size() ? index_[position].find(stream.owner) : nullptr;
}

void EventLog::stage(const std::vector<Event>& events, const Group& group) {
    staged_.clear();
    staged_.reserve(events.size());
    for (const Event& event : events) {
        Records*& entry = index(event.stream.kind).at(event.stream.owner, group.key_end);
        if (!entry) {
            entry = &streams_.make();
            entry->stream = event.stream;
        }
        if (entry->staged_by != group.number) {
            entry->staged_by = group.number;
            entry->staged = 0;
        }
        const auto last = static_cast<std::int64_t>(entry->records.size()) + entry->staged;
        CONCERTRES_ASSERT(event.number == last + 1);
        ++entry->staged;
        staged_.push_back(entry);
    }
}

void EventLog::apply(const std::vector<Event>& events) {
    for (std::size_t i = 0; i < events.size(); ++i) {
        record_.clear();
        write_event(events[i], record_);
        const std::uint32_t head[2] = {
            checksum_of(events[i].stream, events[i].number, record_),
            static_cast<std::uint32_t>(record_.size()),
        };
        char* const bytes = bytes_.allocate(sizeof(head) + record_.size());
        std::memcpy(bytes, head, sizeof(head));
        std::memcpy(bytes + sizeof(head), record_.data(), record_.size());
        staged_[i]->records.push_back(bytes);
    }
}

std::int64_t EventLog::size(const Stream& stream) const {
    const Records* records = find(stream);
    return records ? static_cast<std::int64_t>(records->records.size()) : 0;
}

EventLog::Read EventLog::read(const Stream& stream, std::int64_t number) const {
    const Records* records = find(stream);
    CONCERTRES_ASSERT(records && number >= 1 &&
                      number <= static_cast<std::int64_t>(records->records.size()));
    const char* const bytes = records->records[static_cast<std::size_t>(number - 1)];
    std::uint32_t head[2] = {};
    std::memcpy(head, bytes, sizeof(head));
    const std::string_view record(bytes + sizeof(head), head[1]);
    Read read;
    read.event.stream = stream;
    read.event.number = number;
    read.intact = checksum_of(stream, number, record) == head[0] && read_event(record, read.event);
    return read;
}

}  // namespace concertres::memory
