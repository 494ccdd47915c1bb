#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "engine/slices.hpp"

namespace concertres {

namespace {

Error given_up(const std::string& thrown) {
    return {Errc::internal, "the backup was given up: its progress function threw: " + thrown, {}};
}

}  // namespace

// A copy that cannot be written is no failure of the store: it is answered, and the sale goes on.
std::optional<Result<BackupView>> Slices<Backup>::step(const QueryContext& at) {
    if (job_ == nullptr) {
        auto begun = at.storage->backup(query_.file);
        if (!begun) return begun.error();
        job_ = std::move(*begun);
        return std::nullopt;
    }
    const Result<bool> finished = job_->step(slice_length);
    if (!finished) return finished.error();
    if (query_.progress) {
        try {
            query_.progress(job_->done(), job_->total());
        } catch (const std::exception& thrown) {
            if (!*finished) return given_up(thrown.what());
        } catch (...) {
            if (!*finished) return given_up("something unknown");
        }
    }
    if (!*finished) return std::nullopt;
    std::error_code gone;  // somebody may already have moved it away: then its size is not known
    const std::uintmax_t bytes = std::filesystem::file_size(query_.file, gone);
    return BackupView{
        .file = query_.file, .bytes = gone ? 0 : static_cast<std::int64_t>(bytes), .now = at.now()};
}

}  // namespace concertres
