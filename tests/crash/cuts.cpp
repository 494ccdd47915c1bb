#include "crash/cuts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "crash/memory.hpp"
#include "crash/recovery.hpp"

namespace concertres::test {
namespace {

class Cuts {
  public:
    explicit Cuts(const CutPlan& plan) : plan_(plan), day_(plan.day), recovery_(day_) {
        result_.commits = day_.states().size() - 1;
        result_.happened = day_.happened();
        result_.faults = day_.backup_faults();
    }

    CutResult run() {
        if (plan_.in_order) {
            Disk disk(day_.log());
            do {
                cut_at(disk);
            } while (!is_over() && disk.next());
        } else {
            run_drawn();
        }
        result_.looked_at = recovery_.looked_at();
        return std::move(result_);
    }

  private:
    void run_drawn() {
        std::mt19937_64 random(plan_.day.seed);
        while (!is_over()) {
            Disk disk(day_.log());
            for (std::size_t left = random() % (day_.log().size() + 1); left > 0; --left) {
                disk.next();
            }
            cut_at(disk);
        }
    }

    [[nodiscard]] bool is_over() const {
        return result_.cuts >= plan_.cuts_max || result_.faults.size() >= plan_.faults_max;
    }

    // Each cut draws from a source of its own, so that it can be made again alone.
    [[nodiscard]] std::mt19937_64 random_for(std::size_t position, int turn) const {
        std::seed_seq seeds{plan_.day.seed, std::uint64_t{position},
                            static_cast<std::uint64_t>(turn)};
        return std::mt19937_64(seeds);
    }

    void cut_at(const Disk& disk) {
        const int turns = disk.at_rest() ? 1 : plan_.fates_each;
        for (int turn = 0; turn < turns && !is_over(); ++turn) {
            std::mt19937_64 random = random_for(disk.position(), turn);
            const Fate fate = disk.at_rest() ? Fate::kept : static_cast<Fate>(random() % fates);
            const FolderImage image = disk.after_cut(fate, random);
            const auto where = fmt::format("seed {}, cut at {}, turn {}: {}", plan_.day.seed,
                                           disk.position(), turn, fate_name(fate));
            const Recovered found = recovery_.open(image);
            ++result_.cuts;
            const std::size_t least = day_.told_by(disk.position());
            if (!found.fault.empty()) {
                complain(where, found.fault);
            } else if (found.state < least) {
                complain(where,
                         fmt::format("state {} was told, state {} is there", least, found.state));
            } else if (static_cast<int>(random() % 100) < plan_.recoveries_percent) {
                cut_recovery(image, found.state, where, random);
            }
        }
    }

    // What the cut has left is on the disk by now, whether it was told or not: so it stays.
    void cut_recovery(const FolderImage& image, std::size_t state, const std::string& where,
                      std::mt19937_64& random) {
        const DiskLog log = recovery_.log_of_opening(image);
        Disk disk(log);
        do {
            const auto fate = static_cast<Fate>(random() % fates);
            const Recovered found = recovery_.open(disk.after_cut(fate, random));
            ++result_.cuts;
            ++result_.in_recoveries;
            const auto here = fmt::format("{}, and in the recovery at {}: {}", where,
                                          disk.position(), fate_name(fate));
            if (!found.fault.empty()) {
                complain(here, found.fault);
            } else if (found.state != state) {
                complain(here, fmt::format("state {} is there, before it was state {}", found.state,
                                           state));
            }
        } while (!is_over() && disk.next());
    }

    void complain(const std::string& where, const std::string& what) {
        if (result_.first_fault == 0) result_.first_fault = result_.cuts;
        result_.faults.push_back(where + ": " + what);
    }

    CutPlan plan_;
    PlainMemory memory_;
    RecordedDay day_;
    Recovery recovery_;
    CutResult result_;
};

}  // namespace

CutResult cut_everywhere(const CutPlan& plan) { return Cuts(plan).run(); }

}  // namespace concertres::test
