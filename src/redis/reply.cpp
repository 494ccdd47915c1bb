#include "redis/reply.hpp"

#include <hiredis/hiredis.h>

#include <charconv>
#include <new>
#include <utility>

namespace concertres::redis {
namespace {

// How deep an answer may be: hiredis had this bound of its own before 1.1.
constexpr int depth_max = 8;

int depth_of(const redisReadTask* task) {
    int depth = 0;
    while ((task = task->parent) != nullptr) ++depth;
    return depth;
}

// hiredis builds an answer through these. A part of an array is put where the array has room for
// it; the whole is the one that nobody is the parent of. Nothing may be thrown through C: no
// memory, or no such answer, is a null pointer.
template <class Fill>
void* place(const redisReadTask* task, const Fill& fill) noexcept {
    if (depth_of(task) > depth_max) return nullptr;
    try {
        if (task->parent == nullptr) {
            auto reply = std::make_unique<Reply>();
            fill(*reply);
            return reply.release();
        }
        auto& parent = *static_cast<Reply*>(task->parent->obj);
        Reply& reply = parent.elements.at(static_cast<std::size_t>(task->idx));
        fill(reply);
        return &reply;
    } catch (const std::exception&) {
        return nullptr;
    }
}

void* create_text(const redisReadTask* task, char* text, std::size_t size) {
    return place(task, [&](Reply& reply) {
        reply.type = task->type == REDIS_REPLY_ERROR ? Reply::Type::error : Reply::Type::text;
        reply.text.assign(text, size);
    });
}

// int before hiredis 1.0, std::size_t since.
template <class Size>
void* create_array(const redisReadTask* task, Size elements) {
    if (!std::in_range<int>(elements) || elements < Size{0}) return nullptr;
    if (static_cast<int>(elements) > ReplyReader::elements_max) return nullptr;
    return place(task, [&](Reply& reply) {
        reply.type = Reply::Type::array;
        reply.elements.resize(static_cast<std::size_t>(elements));
    });
}

void* create_integer(const redisReadTask* task, long long value) {
    return place(task, [&](Reply& reply) {
        reply.type = Reply::Type::integer;
        reply.integer = value;
    });
}

void* create_nil(const redisReadTask* task) {
    return place(task, [](Reply&) {});
}

// Called for a whole, or for one that will never be.
void free_reply(void* reply) { delete static_cast<Reply*>(reply); }

template <class Size>
void take_arrays(void* (*&create)(const redisReadTask*, Size)) {
    create = create_array<Size>;
}

// What hiredis 1.0 knows besides is of a protocol that is never asked for; without these, it would
// be taken for what it is not.
template <class Functions>
void take_others(Functions& functions) {
    if constexpr (requires { functions.createDouble; }) {
        functions.createDouble = [](const redisReadTask*, double, char*, std::size_t) -> void* {
            return nullptr;
        };
        functions.createBool = [](const redisReadTask*, int) -> void* { return nullptr; };
    }
}

redisReplyObjectFunctions functions_of_hiredis() {
    redisReplyObjectFunctions functions{};
    functions.createString = create_text;
    take_arrays(functions.createArray);
    functions.createInteger = create_integer;
    functions.createNil = create_nil;
    functions.freeObject = free_reply;
    take_others(functions);
    return functions;
}

redisReplyObjectFunctions functions = functions_of_hiredis();

}  // namespace

void append_command(std::string& out, std::span<const std::string_view> words) {
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    starts.reserve(words.size());
    sizes.reserve(words.size());
    for (const std::string_view word : words) {
        // A view of nothing may point nowhere, and hiredis copies from there.
        starts.push_back(word.empty() ? "" : word.data());
        sizes.push_back(word.size());
    }
    char* bytes = nullptr;
    const auto size =
        redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), starts.data(), sizes.data());
    if (size < 0) throw std::bad_alloc();
    out.append(bytes, static_cast<std::size_t>(size));
    redisFreeCommand(bytes);
}

std::int64_t Reply::number() const {
    if (type == Type::integer) return integer;
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data(), end, value);
    if (type != Type::text || fault != std::errc() || rest != end) {
        throw MalformedReply("a number was expected");
    }
    return value;
}

const Reply& Reply::at(std::size_t index) const {
    if (index >= elements.size()) throw MalformedReply("an answer is too short");
    return elements[index];
}

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(&functions)) {
    if (reader_ == nullptr) throw std::bad_alloc();
}

void ReplyReader::feed(std::string_view bytes) {
    fed_ += bytes.size();
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
        throw MalformedReply(reader_->errstr);
    }
}

std::optional<Reply> ReplyReader::next() {
    void* whole = nullptr;
    if (redisReaderGetReply(reader_.get(), &whole) != REDIS_OK) {
        throw MalformedReply(reader_->errstr);
    }
    if (whole == nullptr) {
        if (fed_ > bytes_max) throw MalformedReply("an answer is too long");
        return std::nullopt;
    }
    // What is left belongs to the next.
    fed_ = reader_->len - reader_->pos;
    const std::unique_ptr<Reply> reply(static_cast<Reply*>(whole));
    return std::move(*reply);
}

}  // namespace concertres::redis
