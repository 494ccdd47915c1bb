// A sale to try things on: a concert with a waiting room, several dates and 50 seats each.
#pragma once

#include <filesystem>

#include "concertres/box_office.hpp"

namespace concertres::server {

// A folder of its own below the system's temporary one, gone with this object.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

[[nodiscard]] ConcertDraft demo_concert(Time now);

}  // namespace concertres::server
