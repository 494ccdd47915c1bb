// A certificate that signs itself, for one name, and what a TLS server of tests needs.
//
//   TestCertificate certificate("localhost");
//   WebhookReceiver receiver(&certificate);
//   options.ca_file = certificate.file();
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>

#include "support/temp_dir.hpp"

namespace concertres::test {

class TestCertificate {
  public:
    explicit TestCertificate(const std::string& name);

    // The certificate alone, as PEM.
    [[nodiscard]] std::string file() const { return folder_.path() / "certificate.pem"; }
    // The key to it, which only its owner and daemons may read.
    [[nodiscard]] std::string key_file() const { return folder_.path() / "key.pem"; }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
    [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

  private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };

    TempDir folder_;
    std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace concertres::test
