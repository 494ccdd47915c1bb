// Several servers on one store in PostgreSQL, and what people ask any of them.
//
//   Instances servers;                                   // two, at a database of their own
//   const RushSale sale = servers.import_rush(2'000);
//   servers[0].kill();
//   check_nothing_lost(servers, 1, sale, told);
//
// Threads: one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"
#include "support/postgres_server.hpp"

namespace concertres::test {

// A PostgreSQL that keeps what it has acknowledged, whatever becomes of its process; one for the
// test program.
[[nodiscard]] PostgresServer& durable_postgres();

// A database of it, gone with this object.
class SharedDatabase {
  public:
    SharedDatabase() = default;
    ~SharedDatabase();
    SharedDatabase(const SharedDatabase&) = delete;
    SharedDatabase& operator=(const SharedDatabase&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::string address() const { return durable_postgres().address(name_); }
    std::string run(const std::string& sql) { return durable_postgres().run(name_, sql); }

  private:
    std::string name_ = durable_postgres().make_database();
};

class Instances {
  public:
    Instances();
    // One server for each, all of which lead to one store.
    explicit Instances(std::vector<std::string> stores);

    [[nodiscard]] ServerProcess& operator[](std::size_t i) { return *servers_.at(i); }
    // Of those that have a database of their own.
    [[nodiscard]] SharedDatabase& database() { return *database_; }
    [[nodiscard]] Words where() const { return {"--store", stores_.front()}; }
    [[nodiscard]] std::unique_ptr<ServerProcess> start(std::size_t i = 0) const;
    void restart(std::size_t i) { servers_.at(i) = start(i); }
    void check_stop();

    [[nodiscard]] Reply ask(std::size_t i, const Ask& ask);
    [[nodiscard]] Reply join(std::size_t i, const std::string& user, const ImportedSale& sale);
    // Joins, and waits until it is in.
    [[nodiscard]] std::string let_in(std::size_t i, const std::string& user,
                                     const ImportedSale& sale);
    [[nodiscard]] Reply place(std::size_t i, const std::string& token);
    [[nodiscard]] std::string status(std::size_t i, const std::string& token);
    [[nodiscard]] Reply hold(std::size_t i, const std::string& token, const ImportedSale& sale,
                             int seat);
    [[nodiscard]] Reply charge(std::size_t i, const std::string& user, const std::string& token);
    [[nodiscard]] Reply pay(std::size_t i, const std::string& token, const std::string& hold);
    // "1 held, 2 available": what is shown of the hall.
    [[nodiscard]] std::string hall(std::size_t i, const std::string& token,
                                   const ImportedSale& sale);
    [[nodiscard]] bool knows(std::size_t i, const std::string& concert);
    // At the first server; returns when all know it.
    [[nodiscard]] ImportedSale import(const std::string& json);
    [[nodiscard]] RushSale import_rush(int seats);

    static std::string id_of(const std::string& user);

  private:
    std::optional<SharedDatabase> database_;
    std::vector<std::string> stores_;
    std::vector<std::unique_ptr<ServerProcess>> servers_;
};

void join_lists(std::vector<Told>& all, std::vector<Told> more);
// What all told, asked for again at one of them, and counted in the store.
void check_nothing_lost(Instances& servers, std::size_t at, const RushSale& sale,
                        std::vector<Told> told);

}  // namespace concertres::test
