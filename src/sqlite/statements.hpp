// Every statement of a store, prepared once. A test asks SQLite how it runs each of them.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <deque>
#include <string>
#include <tuple>

#include "concertres/storage.hpp"

namespace concertres::sqlite {

// A prepared statement in use: it is ready for the next use when this goes. One that is left
// standing on a row would keep its snapshot, and no checkpoint could finish.
class Use {
  public:
    explicit Use(SQLite::Statement& statement) : statement_(&statement) {}
    ~Use() { statement_->tryReset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    // Next row; false: there is none.
    bool step() { return statement_->executeStep(); }
    // Runs what gives no rows; returns how many it changed.
    int run() { return statement_->exec(); }
    [[nodiscard]] SQLite::Statement& operator*() const { return *statement_; }
    [[nodiscard]] SQLite::Statement* operator->() const { return statement_; }

  private:
    SQLite::Statement* statement_;
};

template <class Row>
struct RowStatements {
    SQLite::Statement& select;
    SQLite::Statement& insert;
    SQLite::Statement& update;
    SQLite::Statement& update_often;  // where nothing differs that is visited as seldom()
};

class Statements {
  public:
    explicit Statements(SQLite::Database& database);

    template <class Row>
    [[nodiscard]] RowStatements<Row>& of() {
        return std::get<RowStatements<Row>>(rows_);
    }

    // visit(SQLite::Statement&) for each.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (SQLite::Statement& statement : all_) visit(statement);
    }

  private:
    SQLite::Statement& prepare(const std::string& sql);
    template <class Row>
    RowStatements<Row> prepare_row();
    template <template <class> class Cell, class... Rows>
    static std::tuple<RowStatements<Rows>...> tuple_of(const Tables<Cell, Rows...>&);
    template <class... Rows>
    std::tuple<RowStatements<Rows>...> prepare_rows(std::tuple<RowStatements<Rows>...>*);

    SQLite::Database& database_;
    std::deque<SQLite::Statement> all_;  // they stay where they are
    decltype(tuple_of(WritableTables<Versioned>{})) rows_;

  public:
    SQLite::Statement& begin;
    SQLite::Statement& commit;
    SQLite::Statement& set_counters;
    SQLite::Statement& insert_record;
    SQLite::Statement& delete_records;
    SQLite::Statement& insert_transfer;
    SQLite::Statement& insert_event;
    SQLite::Statement& insert_reservation_name;
    SQLite::Statement& insert_reservation_owner;
    SQLite::Statement& insert_payment_name;
    SQLite::Statement& insert_payment_owner;
    SQLite::Statement& insert_transfer_name;

    SQLite::Statement& last_event;
    SQLite::Statement& last_transfer;
    SQLite::Statement& reservation_name;
    SQLite::Statement& payment_name;
    SQLite::Statement& transfer_name;
    SQLite::Statement& transfer;

    // Each reads one index to its end, when a store is opened.
    SQLite::Statement& live_reservations;
    SQLite::Statement& open_payments;
    SQLite::Statement& live_waiting;
    SQLite::Statement& live_passed;
    SQLite::Statement& live_passes;

    SQLite::Statement& performances;
    SQLite::Statement& seats;
    SQLite::Statement& waiting_places;
    SQLite::Statement& passed_places;
    SQLite::Statement& passes;
    SQLite::Statement& reservations_of;
    SQLite::Statement& payments_of;
    SQLite::Statement& transfers;
    SQLite::Statement& events;

    SQLite::Statement& published;
    SQLite::Statement& publish;
    SQLite::Statement& performance_id;
    SQLite::Statement& concert_id;
};

}  // namespace concertres::sqlite
