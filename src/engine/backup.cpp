#include <exception>
#include <system_error>
#include <utility>

#include "engine/slices.hpp"

namespace concertres {

// A copy that cannot be written is no failure of the store: it is answered, and the sale goes on.
std::optional<Result<BackupView>> Slices<Backup>::step(const QueryContext& at) {
    if (job_ == nullptr) {
        auto begun = at.storage->backup(query_.file);
        if (!begun) return begun.error();
        job_ = std::move(*begun);
        return std::nullopt;
    }
    const Result<bool> finished = job_->step(slice_length);
    if (!finished) {
        job_.reset();  // what there was of it is gone before anybody hears of it
        return finished.error();
    }
    if (query_.progress) {
        try {
            query_.progress(job_->done(), job_->total());
        } catch (const std::exception& thrown) {
            if (!*finished) {
                return Error{Errc::internal,
                             std::string("the backup was given up: its progress function threw: ") +
                                 thrown.what(),
                             {}};
            }
        }
    }
    if (!*finished) return std::nullopt;
    job_.reset();
    std::error_code gone;  // somebody may already have moved it away: then its size is not known
    const std::uintmax_t bytes = std::filesystem::file_size(query_.file, gone);
    return BackupView{
        .file = query_.file, .bytes = gone ? 0 : static_cast<std::int64_t>(bytes), .now = at.now()};
}

}  // namespace concertres
