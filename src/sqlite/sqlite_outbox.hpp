// The outbox of a store in SQLite. The table `published` has, for each sink and stream, the number
// up to which the sink has its events; none: it has none of them. Which streams are behind is known
// in memory, and found out when a store is opened.
#pragma once

#include <string>
#include <vector>

#include "live/local_outbox.hpp"

namespace concertres::sqlite {

class SqliteStorage;

class SqliteOutbox final : public live::LocalOutbox {
  public:
    // Lifetime: within the storage
    explicit SqliteOutbox(SqliteStorage& storage) : storage_(storage) {}

    void attach(const std::string& sink) override;
    void detach(const std::string& sink) override;
    void rewind(const std::string& sink, Time since) override;
    void disable(const std::string& sink) override;
    void enable(const std::string& sink) override;

    // --- when the store is opened
    // What the tables tell; then of each event in the journal.
    void open();
    void recover(const Event& event);

  private:
    [[nodiscard]] Time now() override;
    [[nodiscard]] std::vector<Event> read(const Stream& stream, std::int64_t after,
                                          std::size_t limit) override;
    [[nodiscard]] Uuid id_of(const Stream& stream) override;
    void keep(const std::string& sink, const std::vector<Mark>& marks) override;
    void read_behind(const std::string& name, live::OutboxState::Sink& sink);

    SqliteStorage& storage_;
};

}  // namespace concertres::sqlite
