// Messages as bytes, and what becomes of each: the status of its answer, and whether its connection
// goes on. Both the parser and the whole server are held to this table.
#pragma once

#include <string>
#include <vector>

namespace concertres {

struct FramingCase {
    std::string name;
    std::string bytes;
    int status;
    bool kept;
};

inline std::vector<FramingCase> framing_cases() {
    using namespace std::string_literals;
    const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
    const auto line = [](const std::string& text) { return text + "\r\nHost: a\r\n\r\n"; };
    const auto target = [&](const std::string& text) { return line("GET " + text + " HTTP/1.1"); };
    const auto host = [](const std::string& text) {
        return "GET / HTTP/1.1\r\nHost:" + text + "\r\n\r\n";
    };
    return {
        // What is well framed.
        {"the least", get + "\r\n", 200, true},
        {"an empty line before", "\r\n" + get + "\r\n", 200, true},
        {"no space after the colon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n", 200, true},
        {"spaces and tabs around a value", get + "X: \t y \t\r\n\r\n", 200, true},
        {"an empty value", get + "X:\r\n\r\n", 200, true},
        {"a value beyond ASCII", get + "X: caf\xc3\xa9\r\n\r\n", 200, true},
        {"every mark of a target", target("/-._~:@!$&'()*+,;=%2F/?a=/?"), 200, true},
        {"an absolute target", target("http://example.org:80/path?q"), 200, true},
        {"an absolute target without path", target("HTTP://example.org"), 200, true},
        {"an asterisk", line("OPTIONS * HTTP/1.1"), 200, true},
        {"another method", line("PROPFIND / HTTP/1.1"), 200, true},
        {"a numeric host", host(" 127.0.0.1:8080"), 200, true},
        {"a host of version 6", host(" [::1]:8080"), 200, true},
        {"a length", post + "Content-Length: 5\r\n\r\nhello", 200, true},
        {"a length of 0", post + "content-length: 0\r\n\r\n", 200, true},
        {"a body of GET", get + "Content-Length: 2\r\n\r\nhi", 200, true},
        {"no body of POST", post + "\r\n", 200, true},
        {"chunks", chunked + "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 200, true},
        {"CHUNKED", post + "TRANSFER-ENCODING: Chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n", 200, true},
        {"chunks of leading zeros", chunked + "0005\r\nhello\r\n000\r\n\r\n", 200, true},
        {"chunks in capitals", chunked + "A\r\n0123456789\r\n0\r\n\r\n", 200, true},
        {"an extension", chunked + "5;a=b\r\nhello\r\n0\r\n\r\n", 200, true},
        {"a quoted extension", chunked + "5;a=\"b\"\r\nhello\r\n0\r\n\r\n", 200, true},
        {"trailers", chunked + "1\r\n!\r\n0\r\nX: y\r\nZ: z\r\n\r\n", 200, true},
        {"an upgrade is not granted", get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         200, true},
        {"an upgrade to HTTP/2",
         get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
         200, true},
        {"an upgrade with a body",
         post + "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nhi", 200, true},
        {"an expectation whose body is there",
         post + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", 200, true},
        // What ends its connection all the same.
        {"close", get + "Connection: close\r\n\r\n", 200, false},
        {"close in a list", get + "Connection: x, Close ,y\r\n\r\n", 200, false},
        {"close beats keep-alive", get + "Connection: keep-alive\r\nConnection: close\r\n\r\n", 200,
         false},
        {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200, false},
        {"HTTP/1.0 kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, true},
        {"HTTP/1.0 with a length", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", 200, false},
        // The request line.
        {"no version", line("GET /"), 400, false},
        {"no target", line("GET HTTP/1.1"), 400, false},
        {"only a method", line("GET"), 400, false},
        {"HTTP/0.9", line("GET / HTTP/0.9"), 505, false},
        {"HTTP/1.2", line("GET / HTTP/1.2"), 505, false},
        {"HTTP/2.0", line("GET / HTTP/2.0"), 505, false},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, false},
        {"a long version", line("GET / HTTP/1.10"), 400, false},
        {"a version in small letters", line("GET / http/1.1"), 400, false},
        {"another protocol", line("OPTIONS / RTSP/1.0"), 400, false},
        {"two spaces before the target", line("GET  / HTTP/1.1"), 400, false},
        {"two spaces before the version", line("GET /  HTTP/1.1"), 400, false},
        {"a space after the version", line("GET / HTTP/1.1 "), 400, false},
        {"a tab for a space", line("GET\t/ HTTP/1.1"), 400, false},
        {"a space before the method", " " + get + "\r\n", 400, false},
        {"two empty lines before", "\r\n\r\n" + get + "\r\n", 400, false},
        {"an empty line of LF before", "\n" + get + "\r\n", 400, false},
        {"a method in small letters", line("get / HTTP/1.1"), 400, false},
        {"an unknown method", line("BREW / HTTP/1.1"), 400, false},
        {"a method of RTSP", line("DESCRIBE / HTTP/1.1"), 400, false},
        {"a method of ICE", line("SOURCE / HTTP/1.1"), 400, false},
        {"a tunnel", line("CONNECT a:443 HTTP/1.1"), 400, false},
        {"the hello of TLS", "\x16\x03\x01\x02"s, 400, false},
        // The target.
        {"a fragment", target("/a#b"), 400, false},
        {"a quote", target("/a\"b"), 400, false},
        {"a backslash", target("/a\\b"), 400, false},
        {"a bracket", target("/a<b"), 400, false},
        {"a control byte in the target", target("/a\x01"), 400, false},
        {"NUL in the target", target("/a\0b"s), 400, false},
        {"DEL in the target", target("/a\x7f"), 400, false},
        {"a letter beyond ASCII", target("/\xc3\xa9"), 400, false},
        {"half an escape", target("/a%2"), 400, false},
        {"an escape of no digits", target("/a%zz"), 400, false},
        {"a target without slash", target("a"), 400, false},
        {"an asterisk of GET", target("*"), 400, false},
        {"another scheme", target("ftp://a/"), 400, false},
        {"an absolute target without host", target("http:///a"), 400, false},
        {"an absolute target with a user", target("http://u@a/"), 400, false},
        {"an absolute target that is a query", target("http://a?b"), 400, false},
        // The fields.
        {"a space before the colon", get + "X : y\r\n\r\n", 400, false},
        {"a tab before the colon", get + "X\t: y\r\n\r\n", 400, false},
        {"a field without name", get + ": y\r\n\r\n", 400, false},
        {"a field without colon", get + "X\r\n\r\n", 400, false},
        {"a space in a name", get + "X Y: z\r\n\r\n", 400, false},
        {"a name beyond ASCII", get + "\xc3\xa9: z\r\n\r\n", 400, false},
        {"a folded field", get + "X: y\r\n z\r\n\r\n", 400, false},
        {"a field folded by a tab", get + "X: y\r\n\tz\r\n\r\n", 400, false},
        {"a space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, false},
        {"NUL in a value", get + "X: a\0b\r\n\r\n"s, 400, false},
        {"a control byte in a value", get + "X: a\x01\r\n\r\n", 400, false},
        {"DEL in a value", get + "X: a\x7f\r\n\r\n", 400, false},
        {"a bare CR in a value", get + "X: a\rY: b\r\n\r\n", 400, false},
        {"a bare CR before the end", get + "X: a\r\r\n\r\n", 400, false},
        {"a bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400, false},
        {"a bare LF after a field", get + "X: a\nY: b\r\n\r\n", 400, false},
        {"a bare LF at the end", get + "\n", 400, false},
        // Host.
        {"no host", "GET / HTTP/1.1\r\n\r\n", 400, false},
        {"two hosts", get + "Host: a\r\n\r\n", 400, false},
        {"two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, false},
        {"an empty host", host(""), 400, false},
        {"only a port", host(" :80"), 400, false},
        {"two hosts in one field", host(" a, b"), 400, false},
        {"a host with a path", host(" a/b"), 400, false},
        {"a host with a user", host(" u@a"), 400, false},
        {"a port of letters", host(" a:http"), 400, false},
        {"a port too long", host(" a:123456"), 400, false},
        {"half a host of version 6", host(" [::1"), 400, false},
        {"a host of letters in brackets", host(" [abcg]"), 400, false},
        // The length.
        {"two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", 400, false},
        {"twice the same length", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 400,
         false},
        {"a list of lengths", post + "Content-Length: 2, 2\r\n\r\nhi", 400, false},
        {"a length with a sign", post + "Content-Length: +2\r\n\r\nhi", 400, false},
        {"a length below 0", post + "Content-Length: -2\r\n\r\nhi", 400, false},
        {"a length in base 16", post + "Content-Length: 0x2\r\n\r\nhi", 400, false},
        {"a length of nothing", post + "Content-Length:\r\n\r\n", 400, false},
        {"a length with a space", post + "Content-Length: 1 2\r\n\r\n", 400, false},
        {"a length that overflows", post + "Content-Length: 18446744073709551618\r\n\r\nhi", 400,
         false},
        {"a length that is too large", post + "Content-Length: 99999999999999999\r\n\r\nhi", 413,
         false},
        // The coding.
        {"a coding and a length",
         post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, false},
        {"a coding before a length",
         post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, false},
        {"a coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400, false},
        {"another coding", post + "Transfer-Encoding: gzip\r\n\r\n", 400, false},
        {"no coding", post + "Transfer-Encoding: identity\r\n\r\n", 400, false},
        {"an empty coding", post + "Transfer-Encoding:\r\n\r\n", 400, false},
        {"identity, chunked", post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 400,
         false},
        {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, false},
        {"chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400,
         false},
        {"chunked twice",
         post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
         false},
        {"nearly chunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, false},
        {"chunked in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400, false},
        // The chunks.
        {"a chunk without size", chunked + "\r\nhello\r\n0\r\n\r\n", 400, false},
        {"a size of no digits", chunked + "x\r\nhello\r\n0\r\n\r\n", 400, false},
        {"a size below 0", chunked + "-5\r\nhello\r\n0\r\n\r\n", 400, false},
        {"a size in C's base 16", chunked + "0x5\r\nhello\r\n0\r\n\r\n", 400, false},
        {"a space before the size", chunked + " 5\r\nhello\r\n0\r\n\r\n", 400, false},
        {"a space after the size", chunked + "5 \r\nhello\r\n0\r\n\r\n", 400, false},
        {"a size that overflows", chunked + "10000000000000005\r\nhello\r\n0\r\n\r\n", 400, false},
        {"a size that is too large", chunked + "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 413,
         false},
        {"a size that ends in LF", chunked + "5\nhello\r\n0\r\n\r\n", 400, false},
        {"a size whose CR stands alone", chunked + "5\rxhello\r\n0\r\n\r\n", 400, false},
        {"a chunk longer than it says", chunked + "4\r\nhello\r\n0\r\n\r\n", 400, false},
        {"a chunk that ends in LF", chunked + "5\r\nhello\n0\r\n\r\n", 400, false},
        {"a chunk whose CR stands alone", chunked + "5\r\nhello\rx0\r\n\r\n", 400, false},
        {"LF in an extension", chunked + "5;a\nb\r\nhello\r\n0\r\n\r\n", 400, false},
        {"CR in an extension", chunked + "5;a\rb\r\nhello\r\n0\r\n\r\n", 400, false},
        {"NUL in an extension", chunked + "5;a\0b\r\nhello\r\n0\r\n\r\n"s, 400, false},
        {"a folded trailer", chunked + "0\r\nX: y\r\n z\r\n\r\n", 400, false},
        {"a trailer that ends in LF", chunked + "0\r\nX: y\n\r\n", 400, false},
        {"a bare CR in a trailer", chunked + "0\r\nX: a\rb\r\n\r\n", 400, false},
        {"a trailer without name", chunked + "0\r\n: y\r\n\r\n", 400, false},
        {"a trailer without colon", chunked + "0\r\nX\r\n\r\n", 400, false},
        {"an end of LF", chunked + "0\r\n\n", 400, false},
        // The expectation.
        {"another expectation", post + "Expect: coffee\r\nContent-Length: 0\r\n\r\n", 400, false},
    };
}

}  // namespace concertres
