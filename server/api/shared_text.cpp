#include "api/shared_text.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "http/gzip.hpp"

namespace concertres::server {

namespace {

// The usual level, 6, takes four times as long for a tenth less.
constexpr int level_fast = 1;

}  // namespace

std::shared_ptr<SharedText> SharedText::make(std::string text,
                                             std::shared_ptr<RenderedBytes> rendered) {
    return std::shared_ptr<SharedText>(new SharedText(std::move(text), std::move(rendered)));
}

SharedText::SharedText(std::string text, std::shared_ptr<RenderedBytes> rendered)
    : text_(std::move(text)), rendered_(std::move(rendered)) {
    count(text_.size());
}

SharedText::~SharedText() {
    if (rendered_) rendered_->now -= counted_;
}

void SharedText::count(std::size_t bytes) {
    if (!rendered_) return;
    counted_ += static_cast<std::int64_t>(bytes);
    rendered_->now += static_cast<std::int64_t>(bytes);
}

SharedText::Bytes SharedText::packed() const {
    if (packed_.empty()) return nullptr;
    return {shared_from_this(), &packed_};
}

bool SharedText::is_being_packed() const {
    std::lock_guard lock(mutex_);
    return state_ == State::being_packed;
}

void SharedText::pack(boost::asio::thread_pool& threads, Callback<void(Bytes)> ready) {
    {
        std::unique_lock lock(mutex_);
        if (state_ == State::packed) {
            lock.unlock();
            return ready(packed());
        }
        waiting_.push_back(std::move(ready));
        if (std::exchange(state_, State::being_packed) == State::being_packed) return;
    }
    if (text_.size() <= packed_at_once) return pack_now();
    boost::asio::post(threads, [self = shared_from_this()] { self->pack_now(); });
}

void SharedText::pack_now() {
    std::string packed_text;
    try {
        packed_text = http::gzip(text_, level_fast);
        packed_text.shrink_to_fit();
    } catch (const std::exception&) {
        packed_text.clear();  // no memory for it: it goes out as it is
    }
    std::vector<Callback<void(Bytes)>> waiting;
    {
        std::lock_guard lock(mutex_);
        packed_ = std::move(packed_text);
        count(packed_.size());
        state_ = State::packed;
        waiting.swap(waiting_);
    }
    for (auto& ready : waiting) ready(packed());
}

}  // namespace concertres::server
