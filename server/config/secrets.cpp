#include "config/secrets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "base/base64url.hpp"
#include "base/webhook_signature.hpp"

namespace concertres::server {
namespace {

// Some hundred keys; nothing that is larger was meant.
constexpr std::size_t file_bytes_max = 64 * 1024;

Error invalid(std::string detail) { return {Errc::request_invalid, std::move(detail), {}}; }

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

// Bytes that had a secret are overwritten when nobody needs them any more.
class Cleansed {
  public:
    explicit Cleansed(std::string& text) : text_(&text) {}
    ~Cleansed() { OPENSSL_cleanse(text_->data(), text_->size()); }
    Cleansed(const Cleansed&) = delete;
    Cleansed& operator=(const Cleansed&) = delete;

  private:
    std::string* text_;
};

std::string reason(int fault) { return std::generic_category().message(fault); }

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// The whole file. Its rights are those of what was opened, not of what has its name by then.
Result<std::string> read_private_file(const std::filesystem::path& path) {
    const std::string& name = path.native();
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat about {};
    if (file.number() < 0 || ::fstat(file.number(), &about) != 0) {
        return invalid(fmt::format("cannot read {}: {}", name, reason(errno)));
    }
    if (S_ISDIR(about.st_mode)) return invalid(name + " is a folder; it must be a file");
    if (!S_ISREG(about.st_mode)) return invalid(name + " is no plain file; it must be one");
    if ((about.st_mode & 0007u) != 0) {
        return invalid(
            fmt::format("{0} is open to every user of this machine; run: chmod 600 {0}", name));
    }
    // In one piece, so that no other holds a part of it.
    std::string text(file_bytes_max + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return invalid(fmt::format("cannot read {}: {}", name, reason(errno)));
        if (count == 0) {
            text.resize(size);
            return text;
        }
        size += static_cast<std::size_t>(count);
    }
    return invalid(fmt::format("{} is larger than {} bytes; it must hold keys and nothing else",
                               name, file_bytes_max));
}

bool fits_a_header(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// The key of one line, or what is wrong with it.
template <class Key>
Result<Key> parse_key(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return invalid("must be ID:KEY");
    Key key;
    const std::string_view id = trimmed(line.substr(0, colon));
    auto [stop, fault] = std::from_chars(id.data(), id.data() + id.size(), key.id);
    if (fault != std::errc() || stop != id.data() + id.size()) {
        return invalid("the ID before the colon must be a number from 0 to 4294967295");
    }
    auto bytes = decode_base64url(trimmed(line.substr(colon + 1)));
    if (!bytes) return invalid("the key after the colon is not base64url without padding");
    const Cleansed cleansed(*bytes);
    if (bytes->size() != key.secret.size()) {
        return invalid(
            fmt::format("the key has {} bytes; it must have {}", bytes->size(), key.secret.size()));
    }
    std::memcpy(key.secret.data(), bytes->data(), bytes->size());
    if (key.secret == decltype(key.secret){}) {
        return invalid("the key is all zeros, so nobody has set it");
    }
    return key;
}

// Calls take(number, line) for each line that says something.
template <class Take>
void for_each_line(std::string_view text, Take take) {
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty() && line.front() != '#') take(number, line);
    }
}

template <class Key>
Result<std::vector<Key>> parse_keys(std::string_view text, std::string_view name) {
    std::vector<Key> keys;
    std::vector<std::string> faults;
    std::map<std::uint32_t, int> line_of_id;
    for_each_line(text, [&](int line_number, std::string_view line) {
        auto key = parse_key<Key>(line);
        if (!key) {
            faults.push_back(fmt::format("{}:{}: {}", name, line_number, key.error().detail));
            return;
        }
        auto [first, is_new] = line_of_id.emplace(key->id, line_number);
        if (!is_new) {
            faults.push_back(fmt::format("{}:{}: the ID {} is that of line {} already", name,
                                         line_number, key->id, first->second));
            return;
        }
        keys.push_back(*key);
    });
    if (!faults.empty()) return invalid(fmt::format("{}", fmt::join(faults, "; ")));
    if (keys.empty()) return invalid(fmt::format("{} has no key", name));
    return keys;
}

template <class Key>
Result<std::vector<Key>> read_keys(const std::filesystem::path& path) {
    auto text = read_private_file(path);
    if (!text) return std::move(text).error();
    const Cleansed cleansed(*text);
    return parse_keys<Key>(*text, path.native());
}

}  // namespace

Result<std::string> read_secret_file(const std::filesystem::path& path) {
    auto text = read_private_file(path);
    if (!text) return std::move(text).error();
    const Cleansed cleansed(*text);
    const std::string_view key = trimmed(std::string_view(*text).substr(0, text->find('\n')));
    const std::string& name = path.native();
    if (key.empty()) return invalid(name + " has no key in its first line");
    if (key.size() < secret_bytes_min || key.size() > secret_bytes_max) {
        return invalid(fmt::format(
            "{} has a key of {} characters; it must have {} to {}, like those of: openssl rand "
            "-hex 32",
            name, key.size(), secret_bytes_min, secret_bytes_max));
    }
    if (!fits_a_header(key)) {
        return invalid(
            name + " has a key with blanks or characters beyond ASCII, which no header carries");
    }
    return std::string(key);
}

Result<std::vector<TokenKey>> read_token_keys(const std::filesystem::path& path) {
    return read_keys<TokenKey>(path);
}

Result<std::vector<TokenKey>> parse_token_keys(std::string_view text, std::string_view name) {
    return parse_keys<TokenKey>(text, name);
}

Result<std::vector<TicketKey>> read_ticket_keys(const std::filesystem::path& path) {
    return read_keys<TicketKey>(path);
}

Result<std::vector<std::string>> read_webhook_secrets(const std::filesystem::path& path) {
    auto text = read_private_file(path);
    if (!text) return std::move(text).error();
    const Cleansed cleansed(*text);
    std::vector<std::string> secrets;
    std::vector<std::string> faults;
    for_each_line(*text, [&](int number, std::string_view line) {
        if (read_webhook_secret(line)) return secrets.emplace_back(line), void();
        faults.push_back(fmt::format(
            "{}:{}: must be whsec_ and the base64 of 24 to 64 bytes, like that of: echo whsec_$("
            "openssl rand -base64 32)",
            path.native(), number));
    });
    if (!faults.empty()) return invalid(fmt::format("{}", fmt::join(faults, "; ")));
    if (secrets.empty()) return invalid(path.native() + " has no secret");
    return secrets;
}

}  // namespace concertres::server
