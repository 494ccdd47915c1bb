#include "concertres/cloud_event.hpp"

#include "concertres/time.hpp"

namespace concertres {
namespace {

void append_id(std::string& out, const Event& event, const Uuid& owner) {
    owner.append_to(out);
    out += '/';
    out += std::to_string(event.number);
    out += '/';
    out += std::to_string(event.at.time_since_epoch().count());
}

}  // namespace

std::string cloud_event_id(const Event& event, const Uuid& owner) {
    std::string out;
    append_id(out, event, owner);
    return out;
}

std::string cloud_event(const Event& event, const Uuid& owner, std::string_view source) {
    std::string out;
    out.reserve(640);
    out += R"({"specversion":"1.0","id":")";
    append_id(out, event, owner);
    out += R"(","source":")";
    out += source;
    out += R"(","type":"concertres.)";
    out += event_name(event.kind);
    out += R"(","subject":")";
    out += stream_name(event.stream.kind);
    out += '/';
    owner.append_to(out);
    out += R"(","time":")";
    append_rfc3339(out, event.at);
    out += R"(","partitionkey":")";
    owner.append_to(out);
    out += R"(","sequence":")";
    out += std::to_string(event.number);
    out += R"(","sequencetype":"Integer","datacontenttype":"application/json","data":)";
    out += encode(event);
    out += '}';
    return out;
}

}  // namespace concertres
