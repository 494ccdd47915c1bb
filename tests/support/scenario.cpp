#include "support/scenario.hpp"

#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "concertres/box_office.hpp"
#include "support/kept_storage.hpp"
#include "support/kernel.hpp"
#include "support/scenario_verbs.hpp"
#include "support/temp_dir.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

constexpr Time beginning = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1);

// Policies that a table's room may name.
class NobodyEnters final : public AdmissionPolicy {
  public:
    std::int64_t quota(const RoomSnapshot&, std::string_view, Time) const override { return -1; }
    std::string record(std::string_view, std::int64_t, Time) const override { return {}; }
};
class AlwaysThrows final : public AdmissionPolicy {
  public:
    std::int64_t quota(const RoomSnapshot&, std::string_view, Time) const override {
        throw std::runtime_error("this policy always throws");
    }
    std::string record(std::string_view, std::int64_t, Time) const override { return {}; }
};

void set_option(Line& line, Options& options) {
    const std::pair<const char*, Duration*> durations[] = {
        {"hold_ttl", &options.hold_ttl},
        {"extend_max", &options.extend_max},
        {"pass_ttl", &options.pass_ttl},
        {"pass_max", &options.pass_max},
        {"token_max_age", &options.token_max_age},
        {"tick", &options.tick},
        {"request_timeout", &options.request_timeout},
    };
    const std::pair<const char*, std::size_t*> sizes[] = {
        {"reservations_per_payment", &options.reservations_per_payment},
        {"inbox_max", &options.inbox_max},
        {"group_max", &options.group_max},
        {"page_max", &options.page_max},
    };
    for (const auto& [name, option] : durations) {
        if (const auto value = line.duration_field(name)) *option = *value;
    }
    for (const auto& [name, option] : sizes) {
        if (const auto value = line.number_field(name)) *option = static_cast<std::size_t>(*value);
    }
    if (const auto value = line.number_field("waiting_max")) options.waiting_max = *value;
    line.finish();
}

class Replay {
  public:
    Replay(std::filesystem::path table, const Backend& backend, std::shared_ptr<LineStore> line)
        : table_(std::move(table)), backend_(&backend), verbs_(beginning) {
        options_.running = Running::by_host;
        options_.line = std::move(line);
        if (options_.line) verbs_.begin_epochs_at(1);
        options_.policies = {{"nobody", std::make_shared<NobodyEnters>()},
                             {"throws", std::make_shared<AlwaysThrows>()}};
    }
    ~Replay() {
        close();
        if (backend_->drop) backend_->drop(directory_->path());
    }
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;

    Replayed run() {
        int at = 0;
        try {
            for (Line& line : read_table(table_)) {
                at = line.number();
                carry_out(std::move(line));
                if (result_.skipped) return std::move(result_);
            }
            if (verbs_.has_draft()) send_draft();
            if (together_) throw TableError("`together` has no end");
            final_audit();
        } catch (const std::exception& error) {
            // Whatever stands below would only follow from this.
            result_.faults.push_back(where(at) + error.what());
        }
        return std::move(result_);
    }

  private:
    struct Sent {
        Line line;
        std::optional<Answer> answer;
    };

    std::string where(int number) const {
        return table_.filename().string() + ":" + std::to_string(number) + ": ";
    }

    void carry_out(Line line) {
        if (line.verb() != "performance" && verbs_.has_draft()) send_draft();
        if (together_) {
            gather(std::move(line));
        } else if (verbs_.drafts(line)) {
            if (line.verb() == "concert") draft_ = std::move(line);
        } else if (!happens(line)) {
            sent_.push_back({std::move(line), {}});
            send(sent_.back());
            settle();
        }
    }

    // Lines that are not for the box office but happen to it. False: this is none.
    bool happens(Line& line) {
        const std::string& verb = line.verb();
        if (verb == "at" || verb == "advance") {
            const Duration time = line.duration_word("time");
            const Duration until = verb == "at" ? time : kernel_.now() + time;
            if (until < kernel_.now()) throw TableError("that is past");
            (void)office();
            kernel_.run_until(until);
        } else if (verb == "wall") {
            clock_.step_wall(line.duration_word("step"));
        } else if (verb == "options") {
            set_option(line, options_);
        } else if (verb == "sweeps") {
            options_.sweeps = line.flag("on");
            if (!options_.sweeps && !line.flag("off")) throw TableError("sweeps are on or off");
        } else if (verb == "restart") {
            (void)office();
            close();
        } else if (verb == "crash") {
            crash();
        } else if (verb == "stop") {
            office().stop();
        } else if (verb == "needs") {
            const bool copies = line.flag("copies");
            if (!copies && !line.flag("lasting")) throw TableError("needs what?");
            result_.skipped = copies ? !backend_->copies : !backend_->lasts;
        } else if (verb == "together") {
            together_ = true;
        } else if (verb == "audit") {
            check(line, audit());
        } else if (verb == "backup") {
            check(line, make_backup());
        } else if (verb == "restore") {
            if (backup_ == nullptr) throw TableError("there is no backup");
            close();
            directory_ = std::move(backup_);
        } else {
            return false;
        }
        line.finish();
        return true;
    }

    void gather(Line line) {
        if (line.verb() == "advance") {
            clock_.advance(line.duration_word("time"));
            line.finish();
        } else if (line.verb() == "end") {
            line.finish();
            together_ = false;
            settle();
        } else {
            sent_.push_back({std::move(line), {}});
            send(sent_.back());
        }
    }

    void send(Sent& sent) {
        const auto reply = [&sent](Answer answer) { sent.answer = std::move(answer); };
        if (!verbs_.send(sent.line, office(), reply)) {
            throw TableError("`" + sent.line.verb() + "` is no verb");
        }
    }

    void send_draft() {
        sent_.push_back({std::move(draft_), {}});
        Sent& sent = sent_.back();
        verbs_.send_draft(office(), [&sent](Answer answer) { sent.answer = std::move(answer); });
        settle();
    }

    // The box office works until all that was sent is answered, and no further.
    void settle() {
        for (const Sent& sent : sent_) {
            while (!sent.answer) {
                if (!office().step()) throw TableError("there is no answer");
            }
        }
        for (Sent& sent : sent_) check(sent.line, *sent.answer);
        sent_.clear();
    }

    void check(const Line& line, const Answer& answer) {
        std::optional<std::string> fault;
        if (line.expected()) {
            fault = difference(*line.expected(), answer);
        } else if (answer.refused) {
            fault = "refused: " + answer.to_string();
        }
        if (fault) {
            result_.faults.push_back(where(line.number()) + "`" + line.text() + "`: " + *fault);
        }
    }

    Answer audit() {
        const Result<AuditReport> report = office().audit();
        if (!report) return Answers::refusal(report.error());
        if (report->clean()) return {.words = {"clean"}};
        Answer answer{.words = {"findings"}};
        for (const Finding& finding : report->findings) {
            answer.detail += finding.rule + ": " + finding.what + "; ";
        }
        return answer;
    }

    void final_audit() {
        if (result_.skipped) return;
        // A box office that was stopped audits no more.
        close();
        const Answer answer = audit();
        if (answer.words.front() != "clean") {
            result_.faults.push_back(table_.filename().string() +
                                     ": the audit at the end: " + answer.to_string());
        }
    }

    // --- The box office, opened when it is first needed

    BoxOffice& office() {
        if (!office_) {
            office_ = std::make_unique<BoxOffice>(open(), options_);
            kernel_.add(*office_);
        }
        return *office_;
    }

    std::unique_ptr<Storage> open() {
        if (backend_->lasts) return backend_->open(directory_->path(), &clock_);
        if (!kept_) kept_ = backend_->open(directory_->path(), &clock_);
        return std::make_unique<KeptStorage>(kept_);
    }

    void close() {
        if (!office_) return;
        kernel_.remove(*office_);
        office_.reset();
    }

    Answer make_backup() {
        auto copied = std::make_unique<TempDir>();
        std::optional<AnswerTo<Backup>> answer;
        office().submit<Backup>({.file = copied->path() / "store.db"},
                                [&](AnswerTo<Backup> told) { answer = std::move(told); });
        while (!answer) {
            if (!office().step()) throw TableError("there is no answer");
        }
        if (!*answer) return Answers::refusal(answer->error());
        const AuditReport report = concertres::audit(*backend_->open(copied->path(), &clock_));
        backup_ = std::move(copied);
        return {.words = {report.clean() ? "clean" : "findings"}};
    }

    // What a process that is killed leaves behind is what its files hold at that moment.
    void crash() {
        (void)office();
        auto left = std::make_unique<TempDir>();
        for (const auto& file : std::filesystem::directory_iterator(directory_->path())) {
            std::filesystem::copy_file(file.path(), left->path() / file.path().filename());
        }
        close();
        directory_ = std::move(left);
    }

    std::filesystem::path table_;
    const Backend* backend_;
    TestClock clock_{beginning};
    Kernel kernel_{clock_};
    Options options_;
    Verbs verbs_;
    std::unique_ptr<TempDir> directory_ = std::make_unique<TempDir>();
    std::unique_ptr<TempDir> backup_;
    std::shared_ptr<Storage> kept_;
    std::unique_ptr<BoxOffice> office_;
    Line draft_;
    bool together_ = false;
    std::list<Sent> sent_;  // in a list, because answers come back to where they are
    Replayed result_;
};

}  // namespace

Replayed replay(const std::filesystem::path& table, const Backend& backend,
                std::shared_ptr<LineStore> line) {
    return Replay(table, backend, std::move(line)).run();
}

}  // namespace concertres::test
