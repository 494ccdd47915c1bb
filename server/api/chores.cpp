#include "api/chores.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "concertres/sqlite.hpp"

namespace concertres::server {

namespace {

// Each may hold a file of 64 MiB in memory.
constexpr int chores_max = 4;

constexpr std::string_view copy_prefix = "to-be-audited-";

}  // namespace

std::shared_ptr<void> take_turn(const std::shared_ptr<std::atomic<int>>& count, int most) {
    if (count->fetch_add(1) >= most) {
        --*count;
        return nullptr;
    }
    return {count.get(), [count](std::atomic<int>*) { --*count; }};
}

void start_chore(Exchange exchange, Callback<void(Exchange)> work) {
    Services& services = exchange.services();
    auto turn = take_turn(services.chores_waiting, chores_max);
    if (!turn) {
        return exchange.refuse(
            Problem(Error{Errc::overloaded, "too many long requests wait; try again later", {}}));
    }
    boost::asio::post(services.chores, [turn = std::move(turn), exchange = std::move(exchange),
                                        work = std::move(work)]() mutable {
        Log& log = exchange.services().log;
        try {
            work(std::move(exchange));
        } catch (const std::exception& failure) {
            log.line(LogLevel::error, "a long request failed",
                     {{"detail", std::string_view(failure.what())}});
        }
    });
}

std::filesystem::path copy_name(const std::filesystem::path& folder) {
    return folder / fmt::format("{}{}.db", copy_prefix, Uuid::random().to_string());
}

void remove_copies(const std::filesystem::path& folder) {
    std::error_code failed;
    std::vector<std::filesystem::path> left;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
        if (entry.path().filename().string().starts_with(copy_prefix)) {
            left.push_back(entry.path());
        }
    }
    for (const auto& file : left) std::filesystem::remove(file, failed);
}

RemovedStore::~RemovedStore() {
    if (file_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
    for (const char* beside : {"-wal", "-shm", "-journal"}) {
        std::filesystem::remove(file_.string() + beside, ignored);
    }
}

Result<AuditReport> audit_of(const std::function<std::unique_ptr<Storage>()>& open) {
    try {
        return audit(*open());
    } catch (const StorageError& failure) {
        return Error{Errc::storage_unavailable,
                     std::string("the store cannot be audited: ") + failure.what(),
                     {}};
    }
}

Result<AuditReport> audit_of(const std::filesystem::path& copy) {
    if (!std::filesystem::exists(copy)) {
        return Error{Errc::storage_unavailable, "the copy that was to be audited is gone", {}};
    }
    return audit_of([&copy] { return open_sqlite(copy); });
}

}  // namespace concertres::server
