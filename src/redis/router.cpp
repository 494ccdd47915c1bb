#include "redis/router.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "redis/scripts.hpp"

namespace concertres::redis {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr int slots = 16'384;
constexpr std::size_t nodes_max = 256;
constexpr int redirections_at_once = 4;
constexpr auto try_again_after = 20ms;
constexpr auto look_up_every = 100ms;

bool begins_with(const Reply& reply, std::string_view code) {
    return reply.is_error() && std::string_view(reply.text).starts_with(code);
}

// Of a script.
bool says_lost(const Reply& reply) {
    return reply.elements.size() == 2 && reply.elements.back().text == "lost";
}

std::string_view word_of(std::string_view text, std::size_t index) {
    for (; index > 0; --index) text.remove_prefix(std::min(text.size(), text.find(' ') + 1));
    return text.substr(0, text.find(' '));
}

}  // namespace

// CRC-16/XMODEM, as the specification of Redis Cluster has it.
int slot_of(std::string_view tag) {
    unsigned int crc = 0;
    for (const char c : tag) {
        crc ^= static_cast<unsigned int>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit) {
            crc = ((crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021u : 0u)) & 0xFFFF;
        }
    }
    return static_cast<int>(crc % slots);
}

Router::Router(boost::asio::io_context& io, const Address& address,
               const ConnectionSettings& settings, Observer& observer)
    : io_(io), address_(address), settings_(settings), observer_(observer) {
    if (address_.is_cluster) return;
    Node::Owner& self = *this;
    if (address_.sentinel.empty()) {
        only_ = std::make_unique<Node>(io_, settings_, address_.hosts.front(), self);
    } else {
        only_ = std::make_unique<Node>(io_, settings_,
                                       Node::Sentinels{address_.hosts, address_.sentinel}, self);
    }
}

Router::~Router() { is_ending_ = true; }

void Router::send(std::unique_ptr<Call> call) {
    if (only_) return only_->send(std::move(call));
    const auto next = slots_.upper_bound(call->slot);
    if (next != slots_.begin()) return send_to(std::prev(next)->second, std::move(call));
    unrouted_.push_back(std::move(call));
    look_up_slots();
}

Node* Router::node_at(const Endpoint& to) {
    auto& node = nodes_[to];
    if (!node && nodes_.size() > nodes_max) {
        nodes_.erase(to);
        return nullptr;
    }
    Node::Owner& self = *this;
    if (!node) node = std::make_unique<Node>(io_, settings_, to, self);
    return node.get();
}

void Router::send_to(const Endpoint& to, std::unique_ptr<Call> call) {
    if (Node* node = node_at(to)) return node->send(std::move(call));
    on_failure(std::move(call), false, "the cluster has too many servers");
}

// --- Answers -----------------------------------------------------------------------------------

void Router::on_reply(Node& node, std::unique_ptr<Call> call, Reply reply) {
    if (reply.is_error() && follow_error(node, call, reply)) return;
    // It may be that it went to whom nobody knew to have become another: then the loss has been
    // seen, and the epoch begun anew, by those who did.
    if (says_lost(reply) && !std::exchange(call->is_checked, true)) {
        return node.check_and_send(std::move(call));
    }
    call->answer({.reply = std::move(reply), .was_sent = true, .why = {}});
}

// A script that Redis refuses to run has changed nothing, so it can be sent anew.
bool Router::follow_error(Node& node, std::unique_ptr<Call>& call, const Reply& reply) {
    if (steady_clock::now() >= call->deadline) return false;
    if (begins_with(reply, "NOSCRIPT") && call->words.front() == "EVALSHA") {
        // Somebody has thrown the scripts away.
        for (std::size_t i = 0; i < steps; ++i) {
            const Script& script = script_of(static_cast<Step>(i));
            if (script.sha1 == call->words[1]) call->words[1] = script.text;
        }
        call->words.front() = "EVAL";
        node.send(std::move(call));
        return true;
    }
    if (begins_with(reply, "READONLY") || begins_with(reply, "MASTERDOWN")) {
        node.reconnect("it is a replica");
        return false;
    }
    if (!address_.is_cluster) return false;
    const bool has_moved = begins_with(reply, "MOVED ");
    if (has_moved || begins_with(reply, "ASK ")) {
        if (has_moved) look_up_slots();
        redirect(node, std::move(call), std::string(word_of(reply.text, 2)), !has_moved);
        return true;
    }
    if (begins_with(reply, "TRYAGAIN") || begins_with(reply, "CLUSTERDOWN")) {
        look_up_slots();
        send_later(std::move(call));
        return true;
    }
    return false;
}

void Router::redirect(const Node& node, std::unique_ptr<Call> call, const std::string& where,
                      bool is_asking) {
    observer_.on_redirection();
    // A server may leave out its own host.
    const bool has_host = !where.starts_with(':');
    const std::size_t colon = where.rfind(':');
    const std::string port = colon == where.npos ? "" : where.substr(colon);
    std::string host = has_host ? where.substr(0, colon) : node.to().host;
    if (host.find(':') != host.npos) host = "[" + host + "]";
    const auto to = parse_endpoint(host + port, 0);
    if (!to || to->port == 0) {
        return on_failure(std::move(call), false, "the cluster names no server: " + where);
    }
    call->is_asking = is_asking;
    if (!is_asking) slots_.clear();  // what it says of one slot may be true of others
    // Two servers may send it back and forth, for as long as they do not agree.
    if (++call->redirections % redirections_at_once != 0) return send_to(*to, std::move(call));
    send_later(std::move(call));
}

void Router::send_later(std::unique_ptr<Call> call) {
    const std::uint64_t id = next_later_++;
    auto& timer = later_[id];
    timer = std::make_unique<boost::asio::steady_timer>(io_, try_again_after);
    timer->async_wait([this, id, call = std::move(call)](boost::system::error_code fault) mutable {
        if (fault) return;
        later_.erase(id);
        call->is_asking = false;
        send(std::move(call));
    });
}

void Router::on_failure(std::unique_ptr<Call> call, bool was_sent, const std::string& why) {
    call->answer({.reply = {}, .was_sent = was_sent, .why = why});
}

void Router::on_down(Node& node, const std::string& why) {
    observer_.on_trouble(why);
    tell_reached();
    // Another may have taken its place.
    if (has_slots(node.to())) slots_.clear();
}

bool Router::has_slots(const Endpoint& endpoint) const {
    return std::ranges::any_of(slots_, [&](const auto& range) { return range.second == endpoint; });
}

void Router::on_up(Node& /*node*/) {
    observer_.on_connection();
    tell_reached();
}

void Router::tell_reached() {
    const auto is_up = [](const auto& node) { return node.second->is_up(); };
    observer_.on_reached(only_ ? only_->is_up() : std::ranges::any_of(nodes_, is_up));
}

// --- The slots of a cluster --------------------------------------------------------------------

void Router::look_up_slots() {
    const Instant now = steady_clock::now();
    if (is_looking_up_ || (now < next_look_up_ && !slots_.empty())) return;
    is_looking_up_ = true;
    next_look_up_ = now + look_up_every;
    // One after the other, of those that the address names and those that were found.
    std::vector<Endpoint> seeds = address_.hosts;
    for (const auto& [endpoint, node] : nodes_) {
        if (node->is_up()) seeds.push_back(endpoint);
    }
    auto call = std::make_unique<Call>();
    call->words = {"CLUSTER", "SLOTS"};
    call->deadline = now + settings_.timeout;
    const Endpoint seed = seeds[next_seed_++ % seeds.size()];
    call->done = [this, seed](Outcome outcome) {
        if (is_ending_) return;
        is_looking_up_ = false;
        if (!outcome.reply) return on_no_slots(outcome.why);
        if (outcome.reply->is_error()) return on_no_slots(outcome.reply->text);
        try {
            on_slots(*nodes_.at(seed), *outcome.reply);
        } catch (const MalformedReply& fault) {
            on_no_slots(fault.what());
        }
    };
    send_to(seed, std::move(call));
}

// [[first, last, [host, port, ...], [a replica's], ...], ...]
void Router::on_slots(const Node& node, const Reply& reply) {
    SlotMap found;
    for (const Reply& range : reply.elements) {
        const Reply& master = range.at(2);
        std::string host = master.at(0).text.empty() ? node.to().host : master.at(0).text;
        const std::int64_t port = master.at(1).number();
        if (port < 1 || port > 65'535) throw MalformedReply("a port that is none");
        found[static_cast<int>(range.at(0).number())] = {std::move(host),
                                                         static_cast<std::uint16_t>(port)};
    }
    if (found.empty()) return on_no_slots("the cluster has no slots");
    slots_ = std::move(found);
    // Who has gone for good is not looked for any more.
    std::erase_if(nodes_, [this](const auto& entry) {
        return entry.second->is_resting() && !has_slots(entry.first);
    });
    for (auto& call : std::exchange(unrouted_, {})) send(std::move(call));
}

// Those who wait for it wait on as long as they may, while others are asked.
void Router::on_no_slots(const std::string& why) {
    const Instant now = steady_clock::now();
    for (auto& call : std::exchange(unrouted_, {})) {
        if (now + try_again_after < call->deadline) {
            send_later(std::move(call));
        } else {
            on_failure(std::move(call), false, why);
        }
    }
}

}  // namespace concertres::redis
