// What the fuzzers have in common. Each is a function of bytes that ends the process where a demand
// is not met. libFuzzer looks for such bytes (./dev fuzz); the ordinary tests replay the corpus and
// small changes to it (replay.cpp).
//
//   extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
//       const std::string_view input = fuzz::text_of(data, size);
//       fuzz::demand(read(write(read(input))) == read(input), "what is written is read back");
//       return 0;
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace concertres::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

inline void demand(bool is_met, std::string_view sentence, std::string_view found = {}) {
    if (is_met) return;
    std::string text = "not met: ";
    text.append(sentence).append("\n").append(found).append("\n");
    std::fputs(text.c_str(), stderr);
    std::abort();
}

// FNV-1a: what is drawn for an input comes from its bytes alone, so that an input is nothing but
// its bytes and any file can be one.
inline std::uint64_t hash_of(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char byte : bytes) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    }
    return hash;
}

// Takes the text up to the next line's end off the front.
inline std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

}  // namespace concertres::fuzz
