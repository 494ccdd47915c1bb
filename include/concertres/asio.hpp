// A box office in an Asio program: async_call asks a command or a query with any completion token,
// so that the answer comes as a handler's call, a future, a co_await, ...
//
//   async_call(office, Hold{.user = u, .performance = p, .seats = {7, 8}, .key = "k1"},
//              boost::asio::bind_executor(strand, [](Result<ReservationView> held) { ... }));
//
//   Pay command{.user = u, .reservations = {id}, .key = "k2"};
//   Result<PaymentView> paid = co_await async_call(office, std::move(command), use_awaitable);
//
// The only public header with Boost in it. What is refused is in the Result: there is no
// error_code.
//
// Threads: any. The handler is posted to its associated executor: it runs neither inside async_call
// nor on the writer's thread. A handler without an executor runs on Asio's system executor.
// Lifetime: the handler's execution context outlives the answer; so declare the io_context before
// the box office, whose destructor answers everything. A call that was made cannot be cancelled.
//
// g++ 12 destroys a temporary of aggregate type twice when it stands in one expression with
// co_await: give the command a name first, as above.
#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "concertres/box_office.hpp"

namespace concertres {

namespace detail {

// Starts a call. Until its answer is posted, the handler's executor counts it as work.
template <class Command>
struct StartCall {
    BoxOffice* office{};

    template <class Handler>
    void operator()(Handler&& handler, Command command) const {
        namespace asio = boost::asio;
        auto work = asio::make_work_guard(asio::get_associated_executor(handler));
        office->submit(
            std::move(command), [handler = std::forward<Handler>(handler),
                                 work = std::move(work)](AnswerTo<Command> answer) mutable {
                auto executor = work.get_executor();
                auto allocator = asio::get_associated_allocator(handler);
                // Posted, never dispatched: this may be the writer's thread, or, where the inbox is
                // full, still inside async_call.
                asio::post(executor,
                           asio::bind_allocator(allocator, [handler = std::move(handler),
                                                            answer = std::move(answer)]() mutable {
                               std::move(handler)(std::move(answer));
                           }));
                work.reset();
            });
    }
};

}  // namespace detail

template <class Command, boost::asio::completion_token_for<void(AnswerTo<Command>)> CompletionToken>
auto async_call(BoxOffice& office, Command command, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(AnswerTo<Command>)>(
        detail::StartCall<Command>{&office}, token, std::move(command));
}

}  // namespace concertres
