#include "http/gzip.hpp"

#include <zlib.h>

#include <stdexcept>

namespace concertres::http {

std::string gzip(std::string_view bytes, int level) {
    z_stream stream{};
    constexpr int window_bits_gzip = 15 + 16;
    constexpr int memory_most = 9;
    if (deflateInit2(&stream, level, Z_DEFLATED, window_bits_gzip, memory_most,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("zlib does not start");
    }
    std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    // It reads only; its interface is older than const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) throw std::runtime_error("zlib does not end");
    return out;
}

}  // namespace concertres::http
