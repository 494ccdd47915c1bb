// A commit as one record of the journal.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/crc32c.hpp"
#include "sqlite/journal.hpp"
#include "support/sqlite_sample.hpp"

using namespace concertres;
using namespace concertres::sqlite;
using namespace concertres::test;

namespace {

// A commit with every kind of row.
struct Sample {
    ChangeSet changes;
    std::vector<std::string> texts;
    std::string bytes;

    Sample() {
        StoreContents contents = sample_contents();
        changes.at = Time(std::chrono::microseconds(-5));
        std::uint64_t version = 1;
        changes.rows.for_each([&]<class Row>(std::vector<Versioned<Row>>& rows) {
            for (const Row& row : contents.of<Row>()) rows.push_back({row, version++});
        });
        changes.transfers = contents.of<Transfer>();
        changes.events = contents.of<Event>();
        for (const Event& event : changes.events) texts.push_back(encode(event));
        write_record(bytes, changes, texts, 1'000'000);
    }
};

std::string with_checksum(std::string body) {
    const std::uint32_t crc = crc32c(body);
    body.append(reinterpret_cast<const char*>(&crc), sizeof crc);
    return body;
}

// A record of an earlier format: of each row that ends with `mark` and then empty cells, the last
// `since` of these are not there.
std::string earlier_format(char format, const std::string& bytes, const std::string& mark,
                           std::size_t since) {
    std::string body = bytes.substr(0, bytes.size() - 4);
    body.front() = format;
    const std::string gone(since, '\0');
    std::size_t at = 0;
    while ((at = body.find(mark + gone, at)) != std::string::npos) {
        at += mark.size();
        body.erase(at, since);
    }
    return with_checksum(body);
}

// As integers are written: the sign in the lowest bit, then seven bits a byte. REQUIRES: two bytes
std::string cell(std::uint64_t number) {
    return {static_cast<char>(0x80 | (number << 1 & 0x7f)), static_cast<char>(number >> 6)};
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: journal");

TEST_CASE("what is read of a record is the commit that was written") {
    const Sample sample;
    Record record;
    REQUIRE(read_record(sample.bytes, record));
    CHECK(record.changes.at == sample.changes.at);
    CHECK(record.next_key == 1'000'000);
    sample.changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        CHECK(!rows.empty());
        CHECK(record.changes.rows.of<Row>() == rows);
    });
    CHECK(record.changes.transfers == sample.changes.transfers);
    CHECK(record.changes.events == sample.changes.events);
    CHECK(record.texts == sample.texts);
    // One that is used again has nothing left of the one before.
    std::string empty;
    write_record(empty, {}, {}, 1);
    REQUIRE(read_record(empty, record));
    CHECK(record.changes.empty());
    CHECK(record.texts.empty());
}

TEST_CASE("a record from before there were providers is read: its payments have none") {
    ChangeSet changes;
    Payment payment = sample_contents().of<Payment>().front();
    payment.fingerprint = 77;
    changes.rows.of<Payment>().push_back({payment, 3});
    payment.row = {99};
    changes.rows.of<Payment>().push_back({payment, 1});
    changes.rows.of<Wallet>().push_back({{.user = {1}, .balance = {2}}, 1});
    std::string bytes;
    write_record(bytes, changes, {}, 5);
    Record record;
    REQUIRE(read_record(earlier_format('\2', bytes, cell(payment.fingerprint), 5), record));
    CHECK(record.changes.rows.of<Payment>() == changes.rows.of<Payment>());
    CHECK(record.changes.rows.of<Wallet>() == changes.rows.of<Wallet>());
    CHECK(record.next_key == 5);
    for (const char format : {'\0', '\10'}) {
        std::string other = bytes;
        other.front() = format;
        CHECK_FALSE(read_record(with_checksum(other.substr(0, other.size() - 4)), record));
    }
}

TEST_CASE("a record from before lines were kept elsewhere is read: they are not") {
    ChangeSet changes;
    const Line line{.concert = {1}, .epoch = 3, .next_sequence = 77};
    changes.rows.of<Line>() = {{line, 4}, {{.concert = {2}, .next_sequence = 77}, 1}};
    changes.rows.of<Wallet>().push_back({{.user = {1}, .balance = {2}}, 1});
    std::string bytes;
    write_record(bytes, changes, {}, 5);
    Record record;
    // Behind the number nothing was drawn, of three cells.
    const std::string mark = cell(77) + std::string(3, '\0');
    for (const char format : {'\2', '\4'}) {
        CAPTURE(static_cast<int>(format));
        REQUIRE(read_record(earlier_format(format, bytes, mark, 1), record));
        CHECK(record.changes.rows.of<Line>() == changes.rows.of<Line>());
        CHECK(record.changes.rows.of<Wallet>() == changes.rows.of<Wallet>());
    }
}

TEST_CASE("numbers of every size come back") {
    Record record;
    for (int bit = 0; bit < 64; ++bit) {
        for (const std::int64_t near : {-1, 0, 1}) {
            const auto value = static_cast<std::int64_t>((std::uint64_t{1} << bit) +
                                                         static_cast<std::uint64_t>(near));
            ChangeSet changes;
            changes.rows.of<Wallet>().push_back({{.user = {value}, .balance = {~value}}, 1});
            std::string bytes;
            write_record(bytes, changes, {}, value);
            REQUIRE(read_record(bytes, record));
            CHECK(record.next_key == value);
            CHECK(record.changes.rows.of<Wallet>() == changes.rows.of<Wallet>());
        }
    }
}

TEST_CASE("a record that was cut, or in which any bit is another, is no record") {
    const Sample sample;
    Record record;
    for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
        CAPTURE(size);
        CHECK(!read_record(std::string_view(sample.bytes).substr(0, size), record));
    }
    std::string changed = sample.bytes;
    for (std::size_t at = 0; at < changed.size(); ++at) {
        CAPTURE(at);
        changed[at] ^= static_cast<char>(1 << at % 8);
        CHECK(!read_record(changed, record));
        changed[at] = sample.bytes[at];
    }
    CHECK(!read_record(sample.bytes + '\0', record));
}

TEST_SUITE_END();
