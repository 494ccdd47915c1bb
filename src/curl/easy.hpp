// What every user of libcurl here needs: its start, its options checked, and a process that does
// not end because somebody hung up.
//
//   prepare_curl();
//   const NoBrokenPipe quiet;
//   set(request, CURLOPT_URL, url.c_str());
//
// Threads: any.
#pragma once

#include <curl/curl.h>
#include <signal.h>

#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>

namespace concertres::curl {

inline void require(bool well, const char* what) {
    if (!well) throw std::runtime_error(std::string("libcurl failed: ") + what);
}

// It asks the environment for nothing after this.
inline void prepare_curl() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    require(code == CURLE_OK, "curl_global_init");
}

// OpenSSL writes to connections that the other side has closed. That must not end the process,
// whose signals are the host's own affair.
class NoBrokenPipe {
  public:
    NoBrokenPipe() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~NoBrokenPipe() {
        constexpr timespec at_once{};
        if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    NoBrokenPipe(const NoBrokenPipe&) = delete;
    NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

  private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

// Not by their types: to the compiler, some of them are void.
template <auto clean>
struct Clean {
    template <class Handle>
    void operator()(Handle* handle) const {
        clean(handle);
    }
};
using Request = std::unique_ptr<CURL, Clean<curl_easy_cleanup>>;
using Fields = std::unique_ptr<curl_slist, Clean<curl_slist_free_all>>;
using Url = std::unique_ptr<CURLU, Clean<curl_url_cleanup>>;

template <class Value>
void set(CURL* request, CURLoption option, Value value) {
    require(curl_easy_setopt(request, option, value) == CURLE_OK, "curl_easy_setopt");
}

inline void add_field(Fields& fields, const std::string& field) {
    curl_slist* longer = curl_slist_append(fields.get(), field.c_str());
    require(longer != nullptr, "curl_slist_append");
    static_cast<void>(fields.release());
    fields.reset(longer);
}

// Nothing where it is none.
inline Url read_url(const std::string& text) {
    Url url(curl_url());
    require(url != nullptr, "curl_url");
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
    return url;
}

// Empty where it has none.
inline std::string part_of(const Url& url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

// Certificates are verified, by those of `ca_file` alone where it is not empty; no redirect is
// followed, no proxy is asked, and nobody waits for a name server that does not answer.
inline void set_rules(CURL* request, const std::string& ca_file, bool plain_http) {
    set(request, CURLOPT_PROTOCOLS_STR, plain_http ? "https,http" : "https");
    set(request, CURLOPT_FOLLOWLOCATION, 0L);
    set(request, CURLOPT_PROXY, "");  // nor the environment's
    set(request, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(request, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(request, CURLOPT_SSL_VERIFYPEER, 1L);
    set(request, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!ca_file.empty()) {
        set(request, CURLOPT_CAINFO, ca_file.c_str());
        set<const char*>(request, CURLOPT_CAPATH, nullptr);  // nor the system's
    }
    set(request, CURLOPT_NOSIGNAL, 1L);
    set(request, CURLOPT_QUICK_EXIT, 1L);
}

}  // namespace concertres::curl
