// H2, H3: bytes of a connection are the same requests with the same verdict, however they are cut
// into reads.
#include <string>

#include "fuzz/cuts.hpp"
#include "server/http_reading.hpp"

using namespace concertres;

namespace {

std::string read_cut(std::string_view bytes, std::uint64_t seed, std::size_t longest) {
    test::HttpReading reading;
    fuzz::cut(bytes, seed, longest, [&](std::string_view piece) { reading.feed(piece); });
    return reading.log();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    test::HttpReading whole;
    whole.feed(bytes);
    const std::uint64_t seed = fuzz::hash_of(bytes);
    for (const std::size_t longest : {1u, 3u, 17u, 200u}) {
        const std::string log = read_cut(bytes, seed + longest, longest);
        fuzz::demand(log == whole.log(), "where bytes are cut changes nothing",
                     "whole:\n" + whole.log() + "cut:\n" + log);
    }
    return 0;
}
