// A query on its way through the writer.
#pragma once

#include <optional>
#include <utility>

#include "concertres/callback.hpp"
#include "concertres/result.hpp"
#include "engine/queries.hpp"
#include "engine/task.hpp"

namespace concertres {

// A query, or what runs like one.
template <class Query>
class QueryWork final : public QueryTask {
  public:
    using Answer = typename Query::Answer;

    QueryWork(const QueryContext& at, Query query, Callback<void(Result<Answer>)> done)
        : at_(at), query_(std::move(query)), done_(std::move(done)) {}

    Ran run() override {
        answer_.emplace(concertres::run(at_, query_));
        return Ran::whole;
    }
    void answer() override { done_(std::move(*answer_)); }
    void fail(Error error) override { done_(std::move(error)); }

  private:
    const QueryContext& at_;
    Query query_;
    Callback<void(Result<Answer>)> done_;
    std::optional<Result<Answer>> answer_;
};

}  // namespace concertres
