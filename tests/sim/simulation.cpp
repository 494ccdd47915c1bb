#include "sim/simulation.hpp"

#include <exception>
#include <memory>

#include "sim/client.hpp"

namespace concertres::sim {
namespace {

void run(World& world, std::vector<std::unique_ptr<Client>>& clients) {
    world.start();
    for (int i = 0; i < world.mix().clients; ++i) {
        clients.push_back(std::make_unique<Client>(world, i));
        clients.back()->start();
    }
    world.kernel().run_until(world.mix().trouble_for);
    world.heal();
    // Once nothing goes wrong any more, everybody comes to an end.
    const Duration most = world.kernel().now() + std::chrono::hours(2);
    if (!world.kernel().run_until_idle(most)) {
        world.complain("liveness", "somebody does not come to an end");
    }
    for (const auto& client : clients) {
        if (!client->is_gone()) world.complain("liveness", client->state() + " is stuck");
    }
    world.finish();
}

}  // namespace

Outcome simulate(const Mix& mix, Trace::Loudness loudness) {
    std::vector<std::unique_ptr<Client>> clients;
    World world(mix, loudness);
    try {
        run(world, clients);
    } catch (const GaveUp&) {
        // It has said why.
    } catch (const std::exception& failure) {
        try {
            world.complain("exception", failure.what());
        } catch (const GaveUp&) {
        }
    }
    return {world.complaints(), world.trace().hash(), world.trace().count(),
            world.trace().last_lines()};
}

}  // namespace concertres::sim
