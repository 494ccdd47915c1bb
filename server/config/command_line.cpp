#include "config/command_line.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include "base/hex.hpp"
#include "base/json_reader.hpp"
#include "concertres/version.hpp"
#include "config/command_reader.hpp"
#include "config/command_table.hpp"
#include "config/exit_codes.hpp"
#include "config/settings_text.hpp"
#include "config/suggestion.hpp"

namespace concertres::server {
namespace {

Say unknown_command(std::string_view name) {
    std::vector<std::string_view> names;
    for (const CommandSpec& command : all_commands()) names.push_back(command.name);
    const auto meant = nearest_word(name, names);
    return wrong_usage({}, {fmt::format("there is no command {}{}", in_quotes(name),
                                        meant ? fmt::format("; did you mean {}?", *meant) : "")});
}

void read_prices(Reader& reader, ImportArguments& arguments) {
    for (const std::string& text : reader.flags().values("price")) {
        // A category may have "=" in its name; an amount has none.
        const std::size_t equals = text.rfind('=');
        const auto amount = equals == std::string::npos
                                ? std::nullopt
                                : Reader::whole_number(std::string_view(text).substr(equals + 1), 0,
                                                       Money::max_minor);
        if (!amount || equals == 0) {
            reader.fault("flag --price: must be CATEGORY=AMOUNT, like Stalls=90000, not {}",
                         in_quotes(text));
        } else if (!arguments.prices.emplace(text.substr(0, equals), Money{*amount}).second) {
            reader.fault("flag --price: {} has a price already", in_quotes(text.substr(0, equals)));
        }
    }
}

void read_window(Reader& reader, ImportArguments& arguments) {
    const auto text = reader.flags().value("per-window");
    if (!text) return;
    constexpr std::int64_t ten_years_ms = 315'360'000'000;  // what a room's policy allows
    const std::string_view both = *text;
    const std::size_t slash = both.find('/');
    std::optional<std::int64_t> admit;
    std::optional<std::int64_t> length;
    if (slash != std::string_view::npos) {
        admit = Reader::whole_number(both.substr(0, slash), 1,
                                     std::numeric_limits<std::int64_t>::max());
        length = Reader::whole_number(both.substr(slash + 1), 1, ten_years_ms);
    }
    if (admit && length) {
        arguments.per_window = {.admit_max = *admit, .length = std::chrono::milliseconds(*length)};
    } else {
        reader.fault("flag --per-window: must be R/MS, like 50/60000 for 50 in any minute, not {}",
                     in_quotes(*text));
    }
}

void read_classes(Reader& reader, ImportArguments& arguments) {
    for (const std::string& text : reader.flags().values("class")) {
        const std::size_t equals = text.rfind('=');
        const auto weight = equals == std::string::npos
                                ? std::nullopt
                                : Reader::whole_number(std::string_view(text).substr(equals + 1), 1,
                                                       RoomClass::weight_max);
        if (!weight || equals == 0) {
            reader.fault("flag --class: must be NAME=WEIGHT, like fan_club=3, not {}",
                         in_quotes(text));
        } else {
            arguments.classes.push_back({.name = text.substr(0, equals), .weight = *weight});
        }
    }
}

Command parse_import(Reader& reader) {
    ImportArguments arguments;
    arguments.file = reader.word("FILE", "the concert or seating plan");
    reader.read_store(arguments);
    arguments.title = reader.flags().value("title").value_or("");
    for (const std::string& date : reader.flags().values("date")) {
        if (auto time = reader.time("date", date)) arguments.dates.push_back(*time);
    }
    read_prices(reader, arguments);
    arguments.active_max = reader.number("active-max", std::numeric_limits<std::int64_t>::max());
    read_window(reader, arguments);
    if (const auto text = reader.flags().value("opens-at")) {
        if (auto time = reader.time("opens-at", *text)) arguments.opens_at = time->time;
    }
    arguments.draw = reader.toggle("draw");
    arguments.waiting_list = reader.toggle("waiting-list");
    read_classes(reader, arguments);
    return reader.end(std::move(arguments));
}

Command parse_explain(Reader& reader) {
    ExplainArguments arguments;
    const std::string id = reader.word("ID", "the UUID of what is to be explained");
    if (auto uuid = Uuid::parse(id)) {
        arguments.id = *uuid;
    } else if (!id.empty()) {
        reader.fault("argument {}: must be a UUID, like 8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91",
                     in_quotes(id));
    }
    reader.read_store(arguments);
    if (auto seat = reader.number("seat", std::numeric_limits<SeatNumber>::max())) {
        arguments.seat = static_cast<SeatNumber>(*seat);
    }
    if (auto place = reader.number("place", std::numeric_limits<std::int64_t>::max())) {
        arguments.place = PlaceNumber{*place};
    }
    if (reader.flags().has("seat") && reader.flags().has("place")) {
        reader.fault(
            "flag --place: goes not with --seat; a place is a concert's, a seat a "
            "performance's");
    }
    arguments.json = reader.toggle("json");
    return reader.end(std::move(arguments));
}

Command parse_audit(Reader& reader) {
    AuditArguments arguments;
    reader.refuse_words(0);
    reader.read_store(arguments);
    return reader.end(std::move(arguments));
}

// What the settings of the same names say, and whether it goes together.
void read_sinks(Reader& reader, RelayArguments& arguments, bool passes_on) {
    Settings settings;
    const std::size_t faults = reader.flags().faults.size();
    for (const std::string_view name : relay_settings()) {
        const Setting& setting = *find_setting(name);
        const auto texts = reader.flags().values(name);
        if (texts.empty()) continue;
        if (const auto fault = setting.store(settings, texts)) {
            reader.fault("flag --{}: {}", name, *fault);
        }
    }
    arguments.relay = settings.relay;
    if (!passes_on) {
        const bool to_kafka = !arguments.relay.kafka.empty();
        const bool to_webhook = !arguments.relay.webhook.empty();
        if (arguments.sink.empty() && to_kafka != to_webhook) {
            arguments.sink = to_kafka ? kafka_sink : webhook_sink;
        }
        return;
    }
    if (!arguments.data.empty()) {
        reader.fault(
            "flag --data: a folder belongs to one program at a time: have its server pass events "
            "on, with its settings kafka and webhook; --data goes with --from and --enable, while "
            "no server runs");
    }
    if (reader.flags().faults.size() > faults) return;
    for (const Contradiction& found : contradictions(arguments.relay)) {
        reader.fault("flag --{}: {}", found.first, found.detail);
    }
    if (arguments.relay.kafka.empty() && arguments.relay.webhook.empty()) {
        reader.fault(
            "where to is needed: flag --kafka, brokers as HOST:PORT,..., or --webhook, a URL");
    }
}

Command parse_relay(Reader& reader) {
    RelayArguments arguments;
    reader.refuse_words(0);
    reader.read_store(arguments, {.server = false});
    if (!arguments.server.empty()) {
        reader.fault("flag --server: relay works on the store itself: give --store or --data");
    }
    if (const auto text = reader.flags().value("from")) {
        const auto time = *text == "beginning" ? std::optional(OffsetTime{.time = Time::min()})
                                               : reader.time("from", *text);
        if (time) arguments.from = time->time;
    }
    arguments.sink = reader.flags().value("sink").value_or("");
    if (reader.flags().has("sink") && arguments.sink != kafka_sink &&
        arguments.sink != webhook_sink) {
        reader.fault("flag --sink: must be kafka or webhook, not {}", in_quotes(arguments.sink));
    }
    arguments.enable = reader.toggle("enable");
    const bool passes_on = !arguments.from && !arguments.enable;
    if (arguments.from && arguments.enable) {
        reader.fault("flag --enable: goes not with --from, which enables too");
    }
    if (passes_on && reader.flags().has("sink")) {
        reader.fault("flag --sink: goes only with --from and --enable");
    }
    read_sinks(reader, arguments, passes_on);
    return reader.end(std::move(arguments));
}

Command parse_backup(Reader& reader) {
    BackupArguments arguments;
    arguments.file = reader.word("FILE", "where the copy goes");
    reader.read_store(arguments, {.database = false});
    if (!arguments.store.empty()) {
        reader.fault(
            "flag --store: a sale in PostgreSQL is copied by PostgreSQL's own programs, while it "
            "goes on: pg_dump --format=custom --schema=concertres --file=FILE DATABASE");
    }
    return reader.end(std::move(arguments));
}

void parse_draw_verify(Reader& reader, DrawArguments& arguments) {
    reader.refuse_words(2);
    arguments.file = reader.word_at(1, "FILE", "what `draw export` has written");
    for (const char* flag : {"data", "store", "server", "admin-key"}) {
        if (reader.flags().has(flag)) {
            reader.fault("flag --{}: goes not with verify, which reads nothing but the file", flag);
        }
    }
    if (const auto text = reader.flags().value("commitment")) {
        if (!from_hex(*text, arguments.commitment.emplace())) {
            reader.fault("flag --commitment: must be 64 hexadecimal digits, not {}",
                         in_quotes(*text));
        }
    }
    if (auto place = reader.number("place", std::numeric_limits<std::int64_t>::max())) {
        arguments.place = PlaceNumber{*place};
    }
}

void parse_draw_export(Reader& reader, DrawArguments& arguments) {
    reader.refuse_words(3);
    const std::string id = reader.word_at(1, "ID", "the UUID of the concert");
    if (auto concert = ConcertId::parse(id)) {
        arguments.concert = *concert;
    } else if (!id.empty()) {
        reader.fault("argument {}: must be a UUID, like 8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91",
                     in_quotes(id));
    }
    arguments.file = reader.word_at(2, "FILE", "where the draw goes");
    reader.read_store(arguments);
    for (const char* flag : {"commitment", "place"}) {
        if (reader.flags().has(flag)) reader.fault("flag --{}: goes only with verify", flag);
    }
}

Command parse_draw(Reader& reader) {
    DrawArguments arguments;
    const std::string action = reader.word_at(0, "verify or export", "what is to be done");
    if (action == "verify") {
        parse_draw_verify(reader, arguments);
    } else if (action == "export") {
        arguments.action = DrawArguments::Action::export_;
        parse_draw_export(reader, arguments);
    } else if (!action.empty()) {
        reader.fault("argument {}: must be verify or export", in_quotes(action));
    }
    return reader.end(std::move(arguments));
}

Command parse_ticket(Reader& reader) {
    TicketArguments arguments;
    const std::string action = reader.word_at(0, "verify", "what is to be done");
    if (!action.empty() && action != "verify") {
        reader.fault("argument {}: must be verify", in_quotes(action));
    }
    reader.refuse_words(2);
    const std::vector<std::string>& words = reader.flags().words;
    arguments.ticket = words.size() > 1 ? words[1] : "-";
    arguments.keys = reader.flags().value("keys").value_or("");
    arguments.server = reader.flags().value("server").value_or("");
    arguments.admin_key = reader.flags().value("admin-key").value_or("");
    if (reader.flags().has("keys") == reader.flags().has("server")) {
        reader.fault(
            "give exactly one of --keys FILE, to verify without a network, and --server URL");
    } else if (reader.flags().has("keys") && arguments.keys.empty()) {
        reader.fault("flag --keys: must be a file, not nothing");
    } else if (reader.flags().has("server")) {
        reader.check_url(arguments.server, "server");
    } else if (reader.flags().has("admin-key")) {
        reader.fault("flag --admin-key: goes with --server; a file asks for no key");
    }
    return reader.end(std::move(arguments));
}

void read_time_scale(Reader& reader, LoadArguments& arguments) {
    const auto text = reader.flags().value("time-scale");
    if (!text) return;
    const char* const end = text->data() + text->size();
    const auto [stop, wrong] =
        std::from_chars(text->data(), end, arguments.time_scale, std::chars_format::fixed);
    const bool is_number = wrong == std::errc() && stop == end;
    if (!is_number || arguments.time_scale < 0.001 || arguments.time_scale > 1'000) {
        reader.fault("flag --time-scale: must be a number from 0.001 to 1000, not {}",
                     in_quotes(*text));
    }
}

Command parse_load(Reader& reader) {
    constexpr std::int64_t hour_ms = 3'600'000;
    LoadArguments arguments;
    arguments.profile = reader.word("PROFILE", "smoke, stages, peak or a file");
    if (auto target = reader.flags().value("target")) {
        arguments.target = *target;
        reader.check_url(arguments.target, "target");
    }
    arguments.scenario = reader.flags().value("scenario").value_or("");
    arguments.concert = reader.flags().value("concert").value_or("");
    if (!arguments.concert.empty() && !ConcertId::parse(arguments.concert)) {
        reader.fault("flag --concert: must be a UUID, not {}", in_quotes(arguments.concert));
    }
    arguments.api_key = reader.flags().value("api-key").value_or("");
    read_time_scale(reader, arguments);
    if (const auto text = reader.flags().value("think-ms")) {
        const auto think = Reader::whole_number(*text, 0, hour_ms);
        if (think) {
            arguments.think = std::chrono::milliseconds(*think);
        } else {
            reader.fault("flag --think-ms: must be a whole number from 0 to {}, not {}", hour_ms,
                         in_quotes(*text));
        }
    }
    if (const auto timeout = reader.number("timeout-ms", hour_ms)) {
        arguments.timeout = std::chrono::milliseconds(*timeout);
    }
    arguments.json = reader.flags().value("json").value_or("");
    arguments.html = reader.flags().value("html").value_or("");
    return reader.end(std::move(arguments));
}

Command parse_version(Reader& reader) {
    reader.refuse_words(0);
    return reader.end(Say{.out = fmt::format("concertres {}\n", version())});
}

Command parse_help(Reader& reader) {
    reader.refuse_words(1);
    Say say{.out = program_help()};
    if (!reader.flags().words.empty()) {
        const std::string& name = reader.flags().words.front();
        const CommandSpec* command = find_command(name);
        if (command == nullptr) return unknown_command(name);
        say.out = command_help(*command);
    }
    return reader.end(std::move(say));
}

Say wrong_settings(const LoadedSettings& loaded) {
    Say say{.exit_code = exit_code::config};
    std::vector<std::string> texts;
    for (const SettingFault& fault : loaded.faults) {
        texts.push_back(fault.text);
        if (fault.is_usage) say.exit_code = exit_code::usage;
    }
    if (say.exit_code == exit_code::usage) return wrong_usage("serve", texts);
    for (const std::string& text : texts) say.err += fmt::format("concertres serve: {}\n", text);
    return say;
}

// What the settings name; what is wrong with it is a fault of theirs.
Secrets read_named(LoadedSettings& loaded) {
    std::vector<std::string> faults;
    Secrets secrets = read_secrets(loaded.settings, faults);
    check_data_folder(loaded.settings, faults);
    for (std::string& fault : faults) loaded.faults.push_back({.text = std::move(fault)});
    return secrets;
}

Command parse_doctor(std::span<const std::string> arguments, const Environment& environment) {
    LoadedSettings loaded = load_settings(arguments, environment);
    if (loaded.mode == ServeMode::help) return Say{.out = command_help(*find_command("doctor"))};
    std::vector<std::string> usage;
    if (loaded.mode != ServeMode::run)
        usage.emplace_back("this prints no configuration; serve does");
    (void)read_named(loaded);
    DoctorArguments doctor{.settings = std::move(loaded.settings)};
    for (SettingFault& fault : loaded.faults) {
        (fault.is_usage ? usage : doctor.faults).push_back(std::move(fault.text));
    }
    if (!usage.empty()) return wrong_usage("doctor", usage);
    return doctor;
}

Command parse_serve(std::span<const std::string> arguments, const Environment& environment) {
    LoadedSettings loaded = load_settings(arguments, environment);
    if (loaded.mode == ServeMode::help) return Say{.out = serve_help()};
    Secrets secrets;
    if (loaded.mode != ServeMode::print_config) secrets = read_named(loaded);
    if (!loaded.faults.empty()) return wrong_settings(loaded);
    if (loaded.mode == ServeMode::print_config) return Say{.out = print_config(loaded)};
    if (loaded.mode == ServeMode::check_config) return Say{.out = "the configuration is good\n"};
    return ServeArguments{.settings = std::move(loaded.settings), .secrets = std::move(secrets)};
}

}  // namespace

ImportOptions ImportArguments::options() const {
    ImportOptions options{
        .title = title, .dates = dates, .prices = prices, .room = {}, .opens_at = opens_at};
    if (active_max || per_window || draw || !classes.empty() || waiting_list) {
        options.room = RoomPolicy{.active_max = active_max,
                                  .window = per_window,
                                  .draw = draw,
                                  .classes = classes,
                                  .waiting_list = waiting_list};
    }
    return options;
}

Command parse_command_line(const std::vector<std::string>& arguments,
                           const Environment& environment) {
    if (arguments.empty()) return Say{.err = program_help(), .exit_code = exit_code::usage};
    std::string name = arguments.front();
    if (name == "--help" || name == "-h") name = "help";
    if (name == "--version") name = "version";
    const CommandSpec* command = find_command(name);
    if (command == nullptr) return unknown_command(name);

    const std::span<const std::string> rest = std::span(arguments).subspan(1);
    if (name == "serve") return parse_serve(rest, environment);
    if (name == "doctor") return parse_doctor(rest, environment);
    Reader reader(*command, rest);
    if (reader.flags().help) return Say{.out = command_help(*command)};
    if (name == "import") return parse_import(reader);
    if (name == "audit") return parse_audit(reader);
    if (name == "explain") return parse_explain(reader);
    if (name == "backup") return parse_backup(reader);
    if (name == "draw") return parse_draw(reader);
    if (name == "ticket") return parse_ticket(reader);
    if (name == "load") return parse_load(reader);
    if (name == "relay") return parse_relay(reader);
    if (name == "version") return parse_version(reader);
    return parse_help(reader);
}

}  // namespace concertres::server
