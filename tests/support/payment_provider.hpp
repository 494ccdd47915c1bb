// A provider of payments in a process of its own (provider/main.cpp), which can be told to
// misbehave, and killed. What it did is in a file that outlives it.
//
//   PaymentProvider provider;
//   provider.fault("capture lose");
//   ...
//   CHECK(provider.effects(id) == Words{"authorized", "captured"});
//
// Threads: one, as Process has it; fault(), clear(), set_down(), effects() and requests(): any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "concertres/ids.hpp"
#include "program/process.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

class PaymentProvider {
  public:
    using Words = std::vector<std::string>;

    static constexpr const char* key = "sk_test_of_the_provider_in_tests";

    // With faults from the start.
    explicit PaymentProvider(const Words& faults = {});

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(port_) + "/v1";
    }

    // "capture lose 2": provider_faults.hpp.
    void fault(const std::string& text) const;
    void clear() const;
    // Nobody listens, and who was connected no more is.
    void set_down(bool is_down) const;
    void kill();
    // At the same address, and with what it did before. No fault outlives it.
    void start();

    // "captured", ... of one payment, in order.
    [[nodiscard]] Words effects(PaymentId id) const;
    // "ID captured 70000 KRW", of all.
    [[nodiscard]] Words effects() const;
    // How often it was asked: "capture".
    [[nodiscard]] std::size_t requests(const std::string& step, PaymentId id) const;

  private:
    void launch(const Words& faults);
    [[nodiscard]] std::string control(const std::string& line, const std::string& body = {}) const;

    TempDir folder_;
    std::uint16_t port_ = 0;
    std::uint16_t control_port_ = 0;
    std::unique_ptr<Process> process_;
};

}  // namespace concertres::test
