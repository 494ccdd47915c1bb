// ByteWriter and ByteReader: how values become bytes that are stored, hashed or signed. Integers
// are fixed-width and big-endian, texts carry their length in front, so that no two different
// sequences of values give the same bytes.
//
//   std::string out;
//   ByteWriter(out).u8(1).i64(amount).text(name);
//
//   ByteReader in(out);
//   bool whole = in.u8(version) && in.i64(amount) && in.text(name) && in.at_end();
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "concertres/assert.hpp"

namespace concertres {

// Appends to a string, which outlives it.
class ByteWriter {
  public:
    explicit ByteWriter(std::string& out) : out_(&out) {}

    ByteWriter& u8(std::uint8_t value) { return integer(value); }
    ByteWriter& u16(std::uint16_t value) { return integer(value); }
    ByteWriter& u32(std::uint32_t value) { return integer(value); }
    ByteWriter& u64(std::uint64_t value) { return integer(value); }
    ByteWriter& i32(std::int32_t value) { return integer(static_cast<std::uint32_t>(value)); }
    ByteWriter& i64(std::int64_t value) { return integer(static_cast<std::uint64_t>(value)); }
    ByteWriter& boolean(bool value) { return integer(std::uint8_t{value}); }
    ByteWriter& f64(double value) { return integer(std::bit_cast<std::uint64_t>(value)); }

    // The bytes as they are: for what has a fixed length.
    ByteWriter& raw(std::string_view bytes) {
        out_->append(bytes);
        return *this;
    }
    ByteWriter& raw(std::span<const std::uint8_t> bytes) {
        return raw({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }

    // The length in four bytes, then the bytes.
    ByteWriter& text(std::string_view bytes) {
        CONCERTRES_ASSERT(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
        return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
    }

  private:
    template <std::unsigned_integral T>
    ByteWriter& integer(T value) {
        std::array<char, sizeof(T)> bytes{};
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            bytes[i] = static_cast<char>((value >> (8 * (sizeof(T) - 1 - i))) & 0xffu);
        }
        return raw({bytes.data(), bytes.size()});
    }

    std::string* out_;
};

// Reads from bytes, which outlive it. Each call says whether the bytes were there; when they were
// not, nothing is read and the output is as before.
class ByteReader {
  public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool u8(std::uint8_t& out) { return integer(out); }
    [[nodiscard]] bool u16(std::uint16_t& out) { return integer(out); }
    [[nodiscard]] bool u32(std::uint32_t& out) { return integer(out); }
    [[nodiscard]] bool u64(std::uint64_t& out) { return integer(out); }
    [[nodiscard]] bool i32(std::int32_t& out) { return converted<std::uint32_t>(out); }
    [[nodiscard]] bool i64(std::int64_t& out) { return converted<std::uint64_t>(out); }
    [[nodiscard]] bool f64(double& out) { return converted<std::uint64_t>(out); }
    // Refuses any byte but 0 and 1.
    [[nodiscard]] bool boolean(bool& out) {
        if (rest_.empty() || static_cast<unsigned char>(rest_.front()) > 1) return false;
        out = rest_.front() != 0;
        rest_.remove_prefix(1);
        return true;
    }

    // As many bytes as `out` has room for.
    [[nodiscard]] bool raw(std::span<std::uint8_t> out) {
        if (rest_.size() < out.size()) return false;
        if (!out.empty()) std::memcpy(out.data(), rest_.data(), out.size());
        rest_.remove_prefix(out.size());
        return true;
    }
    // Lifetime: `out` looks into the bytes that are read.
    [[nodiscard]] bool raw(std::size_t size, std::string_view& out) {
        if (rest_.size() < size) return false;
        out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
    }

    // Lifetime: `out` looks into the bytes that are read.
    [[nodiscard]] bool text(std::string_view& out) {
        const std::string_view before = rest_;
        std::uint32_t size = 0;
        if (u32(size) && raw(size, out)) return true;
        rest_ = before;
        return false;
    }
    [[nodiscard]] bool text(std::string& out) {
        std::string_view view;
        if (!text(view)) return false;
        out = view;
        return true;
    }

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    template <std::unsigned_integral T>
    bool integer(T& out) {
        if (rest_.size() < sizeof(T)) return false;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            value = (value << 8) | static_cast<unsigned char>(rest_[i]);
        }
        out = static_cast<T>(value);
        rest_.remove_prefix(sizeof(T));
        return true;
    }

    template <std::unsigned_integral Bits, class T>
    bool converted(T& out) {
        Bits bits = 0;
        if (!integer(bits)) return false;
        out = std::bit_cast<T>(bits);
        return true;
    }

    std::string_view rest_;
};

}  // namespace concertres
