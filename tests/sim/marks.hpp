// Marks: rare situations that a simulation is made for. Each run counts those that it came to; a
// run over many seeds fails where one of them never happened, because then nothing was tested.
//
//   mark(Mark::lost_answer_retried);
//
// Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace concertres::sim {

#define CONCERTRES_SIM_MARKS(M)                                   \
    M(lost_answer_retried) /* and answered with the same thing */ \
    M(request_came_twice)                                         \
    M(asked_over_http)                                            \
    M(answer_came_twice)                                          \
    M(crash_between_commit_and_answer)                            \
    M(crash_before_commit)                                        \
    M(commit_lost_but_applied)                                    \
    M(commit_lost_not_applied)                                    \
    M(io_error)                                                   \
    M(io_error_on_sqlite)                                         \
    M(disk_full)                                                  \
    M(disk_full_on_sqlite)                                        \
    M(orderly_stop_with_work)                                     \
    M(reopened_in_use_refused)                                    \
    M(wall_stepped_back_during_hold)                              \
    M(wall_stepped_forward_during_hold)                           \
    M(store_time_jumped_at_restart)                               \
    M(wall_behind_store_at_restart)                               \
    M(pay_at_deadline)                                            \
    M(pay_just_before_deadline)                                   \
    M(payment_raced_expiry)                                       \
    M(pass_expired_while_paying)                                  \
    M(dead_hold_taken_by_another)                                 \
    M(hold_swept)                                                 \
    M(replay_after_pass_was_spent)                                \
    M(key_reused_refused)                                         \
    M(stale_owner_refused)                                        \
    M(anothers_place_refused)                                     \
    M(forged_token_refused)                                       \
    M(payment_released_other_holds)                               \
    M(payment_over_two_performances)                              \
    M(refunded)                                                   \
    M(refunded_seat_sold_again)                                   \
    M(left_with_holds)                                            \
    M(joined_again_same_place)                                    \
    M(joined_again_new_place)                                     \
    M(two_classes_waited)                                         \
    M(drawn)                                                      \
    M(window_was_full)                                            \
    M(room_was_full)                                              \
    M(closed_loop_moved)                                          \
    M(waiting_list_admitted)                                      \
    M(passed_over)                                                \
    M(passed_over_and_back)                                       \
    M(place_lost)                                                 \
    M(admitted_by_hand)                                           \
    M(policy_changed)                                             \
    M(paused)                                                     \
    M(drained)                                                    \
    M(closed)                                                     \
    M(seats_were_blocked)                                         \
    M(released_by_operator)                                       \
    M(sold_out)                                                   \
    M(standing_held)                                              \
    M(best_seats_held)                                            \
    M(group_of_several)                                           \
    M(refused_overloaded)                                         \
    M(refused_request_timeout)                                    \
    M(refused_draining)                                           \
    M(refused_engine_failed)                                      \
    M(refused_not_admitted)                                       \
    M(refused_pass_expired)                                       \
    M(refused_pass_spent)                                         \
    M(refused_pass_left)                                          \
    M(refused_seat_held)                                          \
    M(refused_seat_sold)                                          \
    M(refused_seat_blocked)                                       \
    M(refused_hold_limit)                                         \
    M(refused_no_seats_match)                                     \
    M(refused_extend_limit)                                       \
    M(refused_reservation_expired)                                \
    M(refused_reservation_released)                               \
    M(refused_already_paid)                                       \
    M(refused_reservation_refunded)                               \
    M(refused_insufficient_balance)                               \
    M(refused_refund_not_allowed)                                 \
    M(refused_sale_not_open)                                      \
    M(refused_sale_closed)                                        \
    M(refused_sold_out)                                           \
    M(refused_room_closed)                                        \
    M(refused_room_full)                                          \
    M(store_was_away)                                             \
    M(waited_for_a_lock)                                          \
    M(locks_timed_out)                                            \
    M(committed_without_its_locks)                                \
    M(conflict_of_rows)                                           \
    M(conflict_of_two_who_make)                                   \
    M(serialization_failed)                                       \
    M(deadlocked)                                                 \
    M(reply_lost_of_what_was_done)                                \
    M(reply_lost_of_what_was_not)                                 \
    M(reply_lost_for_a_while)                                     \
    M(reply_never_found_out)                                      \
    M(what_was_told_was_lost)                                     \
    M(heard_of_by_another)                                        \
    M(stood_still)                                                \
    M(stood_still_for_too_long)                                   \
    M(killed_while_others_go_on)                                  \
    M(all_were_killed)                                            \
    M(did_something_between_reads)                                \
    M(shown_as_it_was_a_moment_before)                            \
    M(asked_another_instance)                                     \
    M(another_instance_replays)                                   \
    M(server_clock_drifted)                                       \
    M(server_clock_jumped)                                        \
    M(server_clock_confirmed)                                     \
    M(refused_storage_unavailable)                                \
    M(refused_clock_jumped)

enum class Mark : std::uint8_t {
#define CONCERTRES_SIM_MARK(name) name,
    CONCERTRES_SIM_MARKS(CONCERTRES_SIM_MARK)
#undef CONCERTRES_SIM_MARK
        count_
};

inline constexpr std::array mark_names = {
#define CONCERTRES_SIM_MARK(name) std::string_view(#name),
    CONCERTRES_SIM_MARKS(CONCERTRES_SIM_MARK)
#undef CONCERTRES_SIM_MARK
};

inline std::array<std::int64_t, mark_names.size()>& mark_counts() {
    static std::array<std::int64_t, mark_names.size()> counts{};
    return counts;
}
inline void mark(Mark what) { ++mark_counts()[static_cast<std::size_t>(what)]; }

}  // namespace concertres::sim
