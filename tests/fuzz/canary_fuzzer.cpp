// A fuzzer with a fault in it, which the fuzzing must find: that of http_fuzzer.cpp, with a
// connection that loses a line's end where a read begins with it and there was a 'Z' before. The
// corpus has none. Where this fault is not found, others would not be either.
#include <string>

#include "fuzz/cuts.hpp"
#include "server/http_reading.hpp"

using namespace concertres;

namespace {

std::string read_faultily(std::string_view bytes, std::uint64_t seed) {
    test::HttpReading reading;
    std::string before;
    fuzz::cut(bytes, seed, 5, [&](std::string_view piece) {
        const bool is_faulty = before.ends_with('\r') && before.find('Z') != std::string::npos;
        before.append(piece);
        if (is_faulty && piece.front() == '\n') piece.remove_prefix(1);
        reading.feed(piece);
    });
    return reading.log();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    test::HttpReading whole;
    whole.feed(bytes);
    fuzz::demand(read_faultily(bytes, fuzz::hash_of(bytes)) == whole.log(),
                 "where bytes are cut changes nothing");
    return 0;
}
