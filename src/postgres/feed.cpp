#include "postgres/feed.hpp"

#include <algorithm>
#include <iterator>

#include "base/bytes.hpp"
#include "postgres/tables.hpp"

namespace concertres::postgres {
namespace {

constexpr std::uint8_t format = 1;

// visit(std::vector<Wanted<Row>>&) for each table that is followed. Their order is the format's.
template <class Keys, class Visit>
void for_each_followed(Keys& keys, const Visit& visit) {
    visit(keys.template of<PerformanceState>());
    visit(keys.template of<Sale>());
    visit(keys.template of<Line>());
    visit(keys.template of<Place>());
    visit(keys.template of<Pass>());
    visit(keys.template of<Reservation>());
    visit(keys.template of<Seat>());
}

template <class Row>
void write(ByteWriter& out, const KeyOf<Row>& key) {
    visit_key<Row>(key, [&](const auto& part) { out.i64(as_integer(part)); });
}

template <class Row>
bool read(ByteReader& in, KeyOf<Row>& key) {
    bool whole = true;
    const auto take = [&]<class Part>(const Part& part) {
        std::int64_t value = 0;
        whole = whole && in.i64(value);
        if constexpr (std::is_integral_v<Part>) {
            const_cast<Part&>(part) = static_cast<Part>(value);
        } else {
            const_cast<Part&>(part).value = value;
        }
    };
    visit_key<Row>(key, take);
    return whole;
}

}  // namespace

void Changed::add(const ChangeSet& changes) {
    for_each_followed(rows, [&]<class Row>(std::vector<Wanted<Row>>& keys) {
        for (const Versioned<Row>& row : changes.rows.of<Row>()) keys.push_back({row.row.key()});
    });
    for (const Event& event : changes.events) {
        if (!events.empty() && events.back().stream == event.stream) {
            events.back().last = event.number;
        } else {
            events.push_back({event.stream, event.number, event.number});
        }
    }
}

void Changed::settle() {
    const auto by_key = [](const auto& a, const auto& b) { return a.key < b.key; };
    const auto same = [](const auto& a, const auto& b) { return a.key == b.key; };
    for_each_followed(rows, [&](auto& keys) {
        std::sort(keys.begin(), keys.end(), by_key);
        keys.erase(std::unique(keys.begin(), keys.end(), same), keys.end());
    });
    std::ranges::sort(concerts);
    std::sort(events.begin(), events.end(), [](const EventRange& a, const EventRange& b) {
        return std::pair(a.stream, a.first) < std::pair(b.stream, b.first);
    });
    std::vector<EventRange> merged;
    for (const EventRange& range : events) {
        if (!merged.empty() && merged.back().stream == range.stream) {
            merged.back().last = std::max(merged.back().last, range.last);
        } else {
            merged.push_back(range);
        }
    }
    events = std::move(merged);
}

std::string encode(const Changed& changed) {
    std::string bytes;
    ByteWriter out(bytes);
    out.u8(format).u32(static_cast<std::uint32_t>(changed.concerts.size()));
    for (const ConcertKey concert : changed.concerts) out.i64(concert.value);
    for_each_followed(changed.rows, [&]<class Row>(const std::vector<Wanted<Row>>& keys) {
        out.u32(static_cast<std::uint32_t>(keys.size()));
        for (const Wanted<Row>& wanted : keys) write<Row>(out, wanted.key);
    });
    out.u32(static_cast<std::uint32_t>(changed.events.size()));
    for (const EventRange& range : changed.events) {
        out.u8(static_cast<std::uint8_t>(range.stream.kind))
            .i64(range.stream.owner)
            .i64(range.first)
            .i64(range.last);
    }
    out.u32(static_cast<std::uint32_t>(changed.heard.size()));
    for (const News::Heard& heard : changed.heard) {
        out.i64(heard.place.concert.value).i64(heard.place.number.value).i64(as_integer(heard.at));
    }
    return bytes;
}

bool decode(std::string_view bytes, Changed& changed) {
    ByteReader in(bytes);
    std::uint8_t written = 0;
    std::uint32_t count = 0;
    bool whole = in.u8(written) && written == format && in.u32(count);
    for (; whole && count > 0; --count) whole = in.i64(changed.concerts.emplace_back().value);
    for_each_followed(changed.rows, [&]<class Row>(std::vector<Wanted<Row>>& keys) {
        whole = whole && in.u32(count);
        for (; whole && count > 0; --count) whole = read<Row>(in, keys.emplace_back().key);
    });
    whole = whole && in.u32(count);
    for (; whole && count > 0; --count) {
        EventRange& range = changed.events.emplace_back();
        std::uint8_t kind = 0;
        whole =
            in.u8(kind) && in.i64(range.stream.owner) && in.i64(range.first) && in.i64(range.last);
        range.stream.kind = static_cast<StreamKind>(kind);
    }
    whole = whole && in.u32(count);
    for (; whole && count > 0; --count) {
        News::Heard& heard = changed.heard.emplace_back();
        std::int64_t at = 0;
        whole = in.i64(heard.place.concert.value) && in.i64(heard.place.number.value) && in.i64(at);
        heard.at = Time(Duration(at));
    }
    return whole && in.at_end();
}

}  // namespace concertres::postgres
