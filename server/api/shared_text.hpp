// A text that many answers share, and the same packed by gzip: once, when the first asks for it so,
// and on a thread that answers nobody where it takes longer than an answer may. Of a hall of 60,000
// seats, 10 MB, it takes about 25 ms and leaves a twelfth.
//
// Threads: any.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "concertres/callback.hpp"

namespace concertres::server {

// How many bytes of answers there are, those included that no map keeps any more but that a slow
// reader has not taken yet.
struct RenderedBytes {
    std::atomic<std::int64_t> now{0};
    // With so many, maps give out what they made last, however old, until readers have taken
    // theirs.
    std::int64_t most = std::int64_t{512} << 20;
};

class SharedText : public std::enable_shared_from_this<SharedText> {
  public:
    using Bytes = std::shared_ptr<const std::string>;

    // Less is one packet anyway.
    static constexpr std::size_t worth_packing = 1'400;
    // Up to so many bytes are packed at once, in less than a millisecond.
    static constexpr std::size_t packed_at_once = 64 * 1024;

    // Counted in `rendered`, where that is given, for as long as anybody has any of it.
    static std::shared_ptr<SharedText> make(std::string text,
                                            std::shared_ptr<RenderedBytes> rendered = nullptr);
    ~SharedText();
    SharedText(const SharedText&) = delete;
    SharedText& operator=(const SharedText&) = delete;

    [[nodiscard]] Bytes plain() const { return {shared_from_this(), &text_}; }
    [[nodiscard]] bool is_worth_packing() const { return text_.size() >= worth_packing; }
    // Calls ready(packed): at once where that is there or is soon made, or else on a thread of
    // `threads`. Nothing where it cannot be packed.
    void pack(boost::asio::thread_pool& threads, Callback<void(Bytes)> ready);
    [[nodiscard]] bool is_being_packed() const;

  private:
    enum class State : std::uint8_t { plain, being_packed, packed };

    SharedText(std::string text, std::shared_ptr<RenderedBytes> rendered);
    void pack_now();
    void count(std::size_t bytes);
    [[nodiscard]] Bytes packed() const;

    const std::string text_;
    std::string packed_;  // empty: it cannot be; fixed once it is packed
    std::shared_ptr<RenderedBytes> rendered_;
    std::int64_t counted_ = 0;
    mutable std::mutex mutex_;
    State state_ = State::plain;
    std::vector<Callback<void(Bytes)>> waiting_;
};

}  // namespace concertres::server
