#include "sqlite/journal.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/crc32c.hpp"
#include "concertres/assert.hpp"
#include "sqlite/cells.hpp"
#include "sqlite/tables.hpp"

namespace concertres::sqlite {
namespace {

constexpr std::int64_t format = 3;
// Of stores of version 4: a line ends with what was drawn of it there.
constexpr std::int64_t format_of_own_lines = 2;
// Of version 3 and before: so it does, and a payment with its fingerprint.
constexpr std::int64_t format_before_providers = 1;
constexpr std::size_t crc_size = 4;

// Cells one behind another. An integer has its sign in the lowest bit, so that small ones are
// short either side of zero; what has no fixed length has it in front.
class RecordWriter : public CellWriter<RecordWriter> {
  public:
    explicit RecordWriter(std::string& out) : out_(&out) {}

    RecordWriter& integer(std::int64_t value) {
        const auto sign = static_cast<std::uint64_t>(value >> 63);
        std::uint64_t rest = (static_cast<std::uint64_t>(value) << 1) ^ sign;
        char bytes[10];
        std::size_t size = 0;
        for (; rest >= 0x80; rest >>= 7) bytes[size++] = static_cast<char>(0x80u | (rest & 0x7fu));
        bytes[size++] = static_cast<char>(rest);
        out_->append(bytes, size);
        return *this;
    }
    RecordWriter& count(std::size_t value) { return integer(static_cast<std::int64_t>(value)); }

    // Of lists.
    RecordWriter& open() { return *this; }
    RecordWriter& close() { return *this; }
    RecordWriter& number(std::int64_t value) { return integer(value); }
    RecordWriter& text(const std::string& value) { return blob(value.data(), value.size()); }

  private:
    friend class CellWriter<RecordWriter>;

    RecordWriter& real(double value) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        return fixed(&bits, sizeof bits);
    }
    RecordWriter& blob(const void* bytes, std::size_t size) {
        count(size);
        return fixed(bytes, size);
    }
    RecordWriter& fixed(const void* bytes, std::size_t size) {
        out_->append(static_cast<const char*>(bytes), size);
        return *this;
    }
    RecordWriter& passing(const void* bytes, std::size_t size) { return fixed(bytes, size); }
    RecordWriter& utf8(const std::string& value) { return text(value); }
    void is_there(bool there) { out_->push_back(there ? 1 : 0); }
    template <class Item>
    RecordWriter& list(const std::vector<Item>& value) {
        count(value.size());
        for (const Item& item : value) columns::write_item(*this, item);
        return *this;
    }

    std::string* out_;
};

class RecordReader : public CellTaker<RecordReader> {
  public:
    explicit RecordReader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool intact() const { return intact_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    template <class Take>
    RecordReader& integer(Take&& take) {
        std::uint64_t bits = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) break;
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            bits |= std::uint64_t{byte & 0x7fu} << shift;
            if ((byte & 0x80u) != 0) continue;
            const auto value = static_cast<std::int64_t>((bits >> 1) ^ (0 - (bits & 1)));
            intact_ = take(value) && intact_;
            return *this;
        }
        intact_ = false;
        return *this;
    }
    // How many come next; never more than there are bytes.
    std::size_t count() {
        std::size_t out = 0;
        integer([&](std::int64_t value) {
            if (value < 0 || static_cast<std::uint64_t>(value) > rest_.size()) return false;
            out = static_cast<std::size_t>(value);
            return true;
        });
        return intact_ ? out : 0;
    }

    // Of lists.
    bool take(char) { return intact_; }
    template <class Number>
    bool number(Number& out) {
        get(out);
        return intact_;
    }
    bool text(std::string& out) {
        const std::size_t size = count();
        if (!intact_) return false;
        out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
    }

  private:
    friend class CellTaker<RecordReader>;

    RecordReader& real(double& out) {
        std::uint64_t bits = 0;
        fixed(&bits, sizeof bits);
        out = std::bit_cast<double>(bits);
        return *this;
    }
    RecordReader& utf8(std::string& out) {
        text(out);
        return *this;
    }
    RecordReader& blob(std::string& out) { return utf8(out); }
    bool is_there() {
        unsigned char there = 0;
        fixed(&there, 1);
        intact_ = intact_ && there <= 1;
        return intact_ && there == 1;
    }
    RecordReader& fixed(void* out, std::size_t size) {
        if (rest_.size() < size) {
            intact_ = false;
            return *this;
        }
        std::memcpy(out, rest_.data(), size);
        rest_.remove_prefix(size);
        return *this;
    }
    template <class Item>
    RecordReader& list(std::vector<Item>& out) {
        out.clear();
        const std::size_t size = count();
        out.reserve(size);
        for (std::size_t i = 0; i < size && intact_; ++i) {
            intact_ = columns::read_item(*this, out.emplace_back()) && intact_;
        }
        return *this;
    }

    std::string_view rest_;
    bool intact_ = true;
};

template <class Row>
void write_rows(RecordWriter& out, const std::vector<Versioned<Row>>& rows) {
    out.count(rows.size());
    for (const Versioned<Row>& row : rows) {
        out.add(row.version);
        bind(out, row.row);
    }
}

// Takes of a row what it had before it got more columns: all up to `last`.
class EarlierRowReader {
  public:
    EarlierRowReader(RecordReader& cells, std::string_view last) : row_(cells), last_(last) {}
    void key(std::string_view name, auto& value) { row_.key(name, value); }
    void fixed(std::string_view name, auto& value) { row_.fixed(name, value); }
    void column(std::string_view name, auto& value) {
        if (!is_over_) row_.column(name, value);
        is_over_ = is_over_ || name == last_;
    }

  private:
    RowReader<RecordReader> row_;
    std::string_view last_;
    bool is_over_ = false;
};

// The last column that such a row had in a record of this format; empty: it had all.
std::string_view last_column(const Payment&, std::int64_t of_format) {
    return of_format <= format_before_providers ? "fingerprint" : "";
}
std::string_view last_column(const Line&, std::int64_t of_format) {
    return of_format <= format_of_own_lines ? "drawn_next_rank" : "";
}

template <class Row>
void read_row(RecordReader& in, Row& row, std::int64_t of_format) {
    if constexpr (requires { last_column(row, of_format); }) {
        const std::string_view last = last_column(row, of_format);
        if (!last.empty()) {
            EarlierRowReader reader(in, last);
            Table<Row>::visit(reader, row);
            return;
        }
    }
    get(in, row);
}

template <class Row>
void read_rows(RecordReader& in, std::vector<Versioned<Row>>& rows, std::int64_t of_format) {
    const std::size_t size = in.count();
    rows.clear();
    rows.reserve(size);
    for (std::size_t i = 0; i < size && in.intact(); ++i) {
        Versioned<Row>& row = rows.emplace_back();
        in.get(row.version);
        read_row(in, row.row, of_format);
    }
}

// The last bytes: a checksum of those before.
std::string crc_of(std::string_view bytes) {
    const std::uint32_t crc = crc32c(bytes);
    std::string out(crc_size, '\0');
    std::memcpy(out.data(), &crc, crc_size);
    return out;
}

}  // namespace

void write_record(std::string& out, const ChangeSet& changes, const std::vector<std::string>& texts,
                  std::int64_t next_key) {
    CONCERTRES_ASSERT(texts.size() == changes.events.size());
    out.clear();
    RecordWriter cells(out);
    cells.integer(format).add(changes.at).add(next_key);
    changes.rows.for_each([&](const auto& rows) { write_rows(cells, rows); });
    cells.count(changes.transfers.size());
    for (const Transfer& transfer : changes.transfers) bind(cells, transfer);
    cells.count(changes.events.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        bind(cells, changes.events[i]);
        cells.add(texts[i]);
    }
    out += crc_of(out);
}

bool read_record(std::string_view bytes, Record& record) {
    if (bytes.size() < crc_size) return false;
    const std::string_view body = bytes.substr(0, bytes.size() - crc_size);
    if (bytes.substr(body.size()) != crc_of(body)) return false;
    RecordReader cells(body);
    std::int64_t of_format = 0;
    cells.get(of_format);
    if (of_format < format_before_providers || of_format > format) return false;
    cells.get(record.changes.at).get(record.next_key);
    record.changes.rows.for_each([&](auto& rows) { read_rows(cells, rows, of_format); });
    record.changes.transfers.assign(cells.count(), Transfer{});
    for (Transfer& transfer : record.changes.transfers) get(cells, transfer);
    record.changes.events.assign(cells.count(), Event{});
    record.texts.assign(record.changes.events.size(), {});
    for (std::size_t i = 0; i < record.texts.size(); ++i) {
        Event& event = record.changes.events[i];
        get(cells, event);
        cells.get(record.texts[i]);
        if (!cells.intact() || !decode(record.texts[i], event)) return false;
    }
    return cells.intact() && cells.at_end();
}

}  // namespace concertres::sqlite
