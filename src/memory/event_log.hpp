// The events of every stream, each as a short record with its checksum. An Event as it is would
// cost several times the space and three allocations.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/event.hpp"
#include "memory/table.hpp"

namespace concertres::memory {

// All of an event but its stream and number, which are where it stands. Fields that are empty take
// no space.
void write_event(const Event& event, std::string& out);
// False if the bytes are not such a record.
[[nodiscard]] bool read_event(std::string_view record, Event& event);
// CRC-32C over the stream, the number and the record.
[[nodiscard]] std::uint32_t checksum_of(const Stream& stream, std::int64_t number,
                                        std::string_view record);

// Bytes that stay where they are.
class Arena {
  public:
    [[nodiscard]] char* allocate(std::size_t size);

  private:
    static constexpr std::size_t chunk_size = std::size_t{1} << 20;

    std::vector<std::unique_ptr<char[]>> chunks_;
    char* free_ = nullptr;
    std::size_t left_ = 0;
};

class EventLog {
  public:
    // Checks that the events continue their streams without a gap.
    void stage(const std::vector<Event>& events, const Group& group);
    // REQUIRES: the same events have just been staged
    void apply(const std::vector<Event>& events);

    // How many there are: also the number of the last.
    [[nodiscard]] std::int64_t size(const Stream& stream) const;
    struct Read {
        Event event;
        bool intact = false;
    };
    // REQUIRES: 1 <= number <= size(stream)
    [[nodiscard]] Read read(const Stream& stream, std::int64_t number) const;
    // Every stream, by kind and owner.
    template <class Visit>
    void for_each_stream(Visit&& visit) const {
        for (const auto& streams : index_) {
            streams.for_each([&](const Records& records) { visit(records.stream); });
        }
    }

  private:
    struct Records {
        Stream stream;
        std::vector<const char*> records;
        std::uint64_t staged_by = 0;
        std::int64_t staged = 0;
    };

    [[nodiscard]] DenseIndex<Records>& index(StreamKind kind);
    [[nodiscard]] const Records* find(const Stream& stream) const;

    std::array<DenseIndex<Records>, 3> index_;  // by kind
    Pool<Records> streams_;
    Arena bytes_;
    std::vector<Records*> staged_;
    std::string record_;
};

}  // namespace concertres::memory
