// Feeds a fuzzer every file of a corpus, and small changes to each, the same ones every time.
//
//   replay_http tests/fuzz/corpus/http 200          # each file, and 200 changes of each
//   replay_http tests/fuzz/corpus/http 200 get 17   # the 17th change of this one alone
//   replay_http replay_http.crash                   # this file as it is
//
// Where a demand is not met it says which file and which change that was, and leaves the bytes
// beside itself.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/fuzzer.hpp"

namespace {

using namespace concertres;

struct Seed {
    std::string name;
    std::string bytes;
};

std::vector<Seed> read_corpus(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            files.push_back(entry.path());
        }
    } else {
        files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    std::vector<Seed> seeds;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        seeds.push_back({file.filename().string(), {std::istreambuf_iterator<char>(in), {}}});
        if (!in) throw std::runtime_error("cannot read " + file.string());
    }
    if (seeds.empty()) throw std::runtime_error("there is nothing in " + path.string());
    return seeds;
}

// One way of changing bytes a little; which, and where, comes from a seed.
class Mutator {
  public:
    Mutator(std::uint64_t seed, const std::vector<Seed>& others)
        : random_(seed), others_(&others) {}

    std::string change(std::string bytes) {
        for (std::size_t changes = 1 + below(4); changes > 0; --changes) change_once(bytes);
        return bytes;
    }

  private:
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

    void change_once(std::string& bytes) {
        const std::size_t at = below(bytes.size());
        const std::size_t length = 1 + below(8);
        switch (below(8)) {
            case 0:
                if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            case 1:
                if (!bytes.empty()) bytes[at] = letter();
                break;
            case 2:
                bytes.insert(at, 1, letter());
                break;
            case 3:
                bytes.erase(at, length);
                break;
            case 4:
                bytes.insert(at, bytes.substr(below(bytes.size()), length * 4));
                break;
            case 5:
                change_number(bytes, at);
                break;
            case 6: {
                const std::string& other = (*others_)[below(others_->size())].bytes;
                bytes.insert(at, other.substr(below(other.size()), length * 8));
                break;
            }
            default:
                bytes.resize(at);
        }
    }
    char letter() {
        using namespace std::string_view_literals;
        static constexpr std::string_view marks =
            "\0\r\n\t \"'{}[]:;,.%/\\=-+09aAfFeEzZ\x7f\x80\xff"sv;
        if (below(2) == 0) return marks[below(marks.size())];
        return static_cast<char>(random_() & 0xff);
    }
    // The next number in the text becomes one at the edge of something.
    void change_number(std::string& bytes, std::size_t from) {
        static constexpr std::array<const char*, 12> edges = {"0",
                                                              "-1",
                                                              "1",
                                                              "255",
                                                              "65536",
                                                              "2147483648",
                                                              "9007199254740993",
                                                              "1e400",
                                                              "0.5",
                                                              "18446744073709551616",
                                                              "9223372036854775807",
                                                              "-0"};
        const std::size_t at = bytes.find_first_of("0123456789", from);
        if (at == std::string::npos) return;
        const std::size_t end = std::min(bytes.find_first_not_of("0123456789", at), bytes.size());
        bytes.replace(at, end - at, edges[below(edges.size())]);
    }

    std::mt19937_64 random_;
    const std::vector<Seed>* others_;
};

// What is being fed, for the signal's handler.
std::string current_name;
std::string current_bytes;
const char* crash_file = nullptr;

void tell_and_end(int) {
    std::fprintf(stderr, "%s\n", current_name.c_str());
    if (std::FILE* file = std::fopen(crash_file, "wb")) {
        std::fwrite(current_bytes.data(), 1, current_bytes.size(), file);
        std::fclose(file);
        std::fprintf(stderr, "the input is in %s\n", crash_file);
    }
    std::_Exit(1);
}

void feed(std::string name, std::string bytes) {
    current_name = std::move(name);
    current_bytes = std::move(bytes);
    // Of its own size to the byte, so that a read beyond its end is one beyond its memory.
    const std::vector<std::uint8_t> input(current_bytes.begin(), current_bytes.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2 || count == 4) {
        std::fprintf(stderr, "usage: %s FILE | FOLDER CHANGES [NAME WHICH]\n", arguments[0]);
        return 2;
    }
    const std::string crash = std::filesystem::path(arguments[0]).filename().string() + ".crash";
    crash_file = crash.c_str();
    std::signal(SIGABRT, tell_and_end);
    std::signal(SIGSEGV, tell_and_end);
    const std::vector<Seed> seeds = read_corpus(arguments[1]);
    const std::uint64_t changes = count > 2 ? std::stoull(arguments[2]) : 0;
    const std::string only = count > 4 ? arguments[3] : "";
    const std::uint64_t which = count > 4 ? std::stoull(arguments[4]) : 0;
    std::uint64_t fed = 0;
    for (const Seed& seed : seeds) {
        if (!only.empty() && seed.name != only) continue;
        // The file as it is comes first, as change 0.
        for (std::uint64_t i = 0; i <= changes; ++i) {
            if (!only.empty() && i != which) continue;
            Mutator mutator(fuzz::hash_of(seed.name) + i, seeds);
            feed("replay: " + seed.name + ", change " + std::to_string(i),
                 i == 0 ? seed.bytes : mutator.change(seed.bytes));
            ++fed;
        }
    }
    std::printf("replayed %zu files, %llu inputs\n", seeds.size(),
                static_cast<unsigned long long>(fed));
    return 0;
}
