// A provider of payments as a process of its own, for tests and for trying things out. It speaks
// docs/reference/payment-provider.md, and misbehaves when it is told to.
//
//   concertres_payment_provider --log FILE --key KEY [--port N] [--control-port N] [--fault
//   FAULT]...
//
// It prints "PORT CONTROL-PORT" once it listens. At the second port, without a key:
//
//   POST /fault     the body is a fault: see provider_faults.hpp
//   POST /clear     no more faults
//   POST /down      nobody listens at the first port, and who was connected no more is
//   POST /up        ... again
//   GET /requests   "STEP PAYMENT-ID" of all that came, one a line
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "provider/http_server.hpp"
#include "provider/provider_faults.hpp"
#include "provider/provider_ledger.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr auto for_ever = 1h;

struct Arguments {
    std::string log{};
    std::string key{};
    std::uint16_t port = 0;
    std::uint16_t control_port = 0;
    std::vector<std::string> faults{};
};

Arguments read_arguments(const std::vector<std::string>& words) {
    Arguments arguments;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        const std::string& value = words[i + 1];
        if (words[i] == "--log") {
            arguments.log = value;
        } else if (words[i] == "--key") {
            arguments.key = value;
        } else if (words[i] == "--port") {
            arguments.port = static_cast<std::uint16_t>(std::stoi(value));
        } else if (words[i] == "--control-port") {
            arguments.control_port = static_cast<std::uint16_t>(std::stoi(value));
        } else if (words[i] == "--fault") {
            arguments.faults.push_back(value);
        } else {
            throw std::invalid_argument("unknown: " + words[i]);
        }
    }
    if (arguments.log.empty() || arguments.key.empty()) {
        throw std::invalid_argument("--log FILE and --key KEY are needed");
    }
    return arguments;
}

class Provider {
  public:
    explicit Provider(const Arguments& arguments)
        : key_(arguments.key), ledger_(arguments.log), port_(arguments.port) {
        for (const std::string& fault : arguments.faults) faults_.add(fault);
        set_down(false);
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] HttpReply control(const HttpRequest& request) {
        const std::string what = request.method + ' ' + request.path;
        if (what == "POST /fault") {
            try {
                faults_.add(request.body);
            } catch (const std::invalid_argument& wrong) {
                return {.status = 400, .body = wrong.what()};
            }
            return {};
        }
        if (what == "POST /clear") return faults_.clear(), HttpReply{};
        if (what == "POST /down") return set_down(true), HttpReply{};
        if (what == "POST /up") return set_down(false), HttpReply{};
        if (what != "GET /requests") return {.status = 404};
        std::lock_guard lock(mutex_);
        return {.body = requests_};
    }

  private:
    void set_down(bool is_down) {
        std::lock_guard lock(mutex_);
        if (is_down) {
            server_.reset();
        } else if (!server_) {
            server_ = std::make_unique<HttpServer>(
                port_, [this](const HttpRequest& request) { return serve(request); });
            port_ = server_->port();
        }
    }

    HttpReply serve(const HttpRequest& request) {
        constexpr std::string_view folder = "/v1/payments/";
        if (!request.path.starts_with(folder)) return {.status = 404};
        std::string id = request.path.substr(folder.size());
        std::string step = "lookup";
        if (const auto slash = id.find('/'); slash != std::string::npos) {
            step = id.substr(slash + 1);
            id.resize(slash);
        }
        {
            std::lock_guard lock(mutex_);
            requests_ += step + ' ' + id + '\n';
        }
        const auto authorization = request.fields.find("authorization");
        if (authorization == request.fields.end() || authorization->second != "Bearer " + key_) {
            return {.status = 401};
        }
        const ProviderFault fault = faults_.take(step).value_or(ProviderFault{});
        if (fault.is("refuse")) return {.status = 503};
        if (fault.is("busy")) return {.status = 429, .fields = "Retry-After: 1\r\n"};
        if (fault.is("drop")) return {.sending = Sending::nothing};
        if (fault.is("stall")) return {.after = for_ever, .sending = Sending::nothing};
        if (fault.is("late")) std::this_thread::sleep_for(fault.number() * 1ms);
        ProviderAnswer answer = act(id, step, request);
        if (fault.is("repeat")) answer = act(id, step, request);
        return said(answer, fault);
    }

    ProviderAnswer act(const std::string& id, const std::string& step, const HttpRequest& request) {
        if (step == "lookup") return ledger_.look_up(id);
        const auto key = request.fields.find("idempotency-key");
        if (key == request.fields.end() || key->second != id + '-' + step) {
            return {.http_status = 400};
        }
        try {
            return ledger_.perform(id, step, key->second, request.body);
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "%s\n", failure.what());
            return {.http_status = 400};
        }
    }

    static HttpReply said(ProviderAnswer answer, const ProviderFault& fault) {
        if (fault.is("amount")) answer.amount = fault.number();
        if (fault.is("currency")) answer.currency = fault.argument;
        if (fault.is("id")) answer.payment_id = fault.argument;
        if (fault.is("status")) answer.status = fault.argument;
        HttpReply reply{.status = answer.http_status, .body = answer.json()};
        if (fault.is("code")) {
            reply.status = fault.number();
            reply.fields = "Location: /elsewhere\r\n";
        }
        if (fault.is("garbage")) reply.body = "<html>" + reply.body;
        if (fault.is("huge")) reply.body = std::string(1'000'000, ' ') + reply.body;
        if (fault.is("empty")) reply.body.clear();
        if (fault.is("slow")) reply.after = fault.number() * 1ms;
        if (fault.is("hang")) reply.after = for_ever;
        if (fault.is("lose") || fault.is("hang")) reply.sending = Sending::nothing;
        if (fault.is("cut")) reply.sending = Sending::half;
        if (fault.is("twice")) reply.sending = Sending::twice;
        return reply;
    }

    const std::string key_;
    ProviderLedger ledger_;
    ProviderFaults faults_;
    std::mutex mutex_;
    std::uint16_t port_;
    std::string requests_;
    std::unique_ptr<HttpServer> server_;
};

int run(const std::vector<std::string>& words) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    const Arguments arguments = read_arguments(words);
    // Threads that stall use them until the process is gone.
    static Provider provider(arguments);
    static HttpServer control(arguments.control_port,
                              [](const HttpRequest& request) { return provider.control(request); });
    std::printf("%d %d\n", provider.port(), control.port());
    std::fflush(stdout);
    int ended_by = 0;
    sigwait(&ends, &ended_by);
    std::_Exit(0);
}

}  // namespace
}  // namespace concertres::test

int main(int argc, char** argv) {
    try {
        return concertres::test::run({argv + 1, argv + argc});
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
}
