// Work that takes long and is nobody's turn: it runs on a thread of its own, one piece after the
// other, so that buyers do not wait for it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "api/exchange.hpp"
#include "concertres/audit.hpp"

namespace concertres::server {

// Counts its holder among those that `count` counts, for as long as it is kept; nothing where there
// are `most` already.
[[nodiscard]] std::shared_ptr<void> take_turn(const std::shared_ptr<std::atomic<int>>& count,
                                              int most);

// `work` ends the exchange, or hands it on. Refused with `overloaded` where too many wait already.
void start_chore(Exchange exchange, Callback<void(Exchange)> work);

// Where a copy that is to be audited stands: a name of its own in the folder.
[[nodiscard]] std::filesystem::path copy_name(const std::filesystem::path& folder);
// Removes the copies that a server left which was killed meanwhile.
void remove_copies(const std::filesystem::path& folder);

// A store's files, which are gone when this is.
class RemovedStore {
  public:
    explicit RemovedStore(std::filesystem::path file) : file_(std::move(file)) {}
    ~RemovedStore();
    RemovedStore(RemovedStore&& other) noexcept : file_(std::exchange(other.file_, {})) {}
    RemovedStore& operator=(RemovedStore&&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return file_; }

  private:
    std::filesystem::path file_;
};

// Opens a store and audits it. Refuses: storage_unavailable.
[[nodiscard]] Result<AuditReport> audit_of(const std::function<std::unique_ptr<Storage>()>& open);
// The same of a copy in a file.
[[nodiscard]] Result<AuditReport> audit_of(const std::filesystem::path& copy);

}  // namespace concertres::server
