#include "support/test_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace concertres::test {
namespace {

void check(bool well, const char* what) {
    if (!well) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

template <auto free>
struct Freed {
    template <class Thing>
    void operator()(Thing* thing) const {
        free(thing);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

Certificate sign(const std::string& name, EVP_PKEY* key) {
    Certificate made(X509_new());
    check(made != nullptr, "X509_new");
    check(X509_set_version(made.get(), 2) == 1, "X509_set_version");
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 86'400);
    X509_set_pubkey(made.get(), key);
    X509_NAME* subject = X509_get_subject_name(made.get());
    const void* text = name.c_str();
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, static_cast<const unsigned char*>(text),
                               -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    const std::string names = "DNS:" + name;
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> alternative(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
    check(X509_add_ext(made.get(), alternative.get(), -1) == 1, "X509_add_ext");
    check(X509_sign(made.get(), key, EVP_sha256()) > 0, "X509_sign");
    return made;
}

void write(const std::string& file, const auto& put) {
    std::FILE* out = std::fopen(file.c_str(), "w");
    check(out != nullptr, "fopen");
    const bool is_written = put(out) == 1;
    check(std::fclose(out) == 0 && is_written, "a file of PEM");
}

}  // namespace

TestCertificate::TestCertificate(const std::string& name)
    : context_(SSL_CTX_new(TLS_server_method())) {
    check(context_ != nullptr, "SSL_CTX_new");
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    check(key != nullptr, "EVP_PKEY_Q_keygen");
    const Certificate certificate = sign(name, key.get());
    check(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1, "the certificate");
    check(SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1, "the key");
    write(file(), [&](std::FILE* out) { return PEM_write_X509(out, certificate.get()); });
    write(key_file(), [&](std::FILE* out) {
        return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

}  // namespace concertres::test
