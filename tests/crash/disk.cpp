#include "crash/disk.hpp"

#include <algorithm>
#include <utility>

namespace concertres::test {
namespace {

constexpr std::size_t sector_bytes = 512;

void put(std::string& file, std::size_t at, std::string_view bytes) {
    if (file.size() < at + bytes.size()) file.resize(at + bytes.size());
    file.replace(at, bytes.size(), bytes);
}

void apply(std::string& file, const DiskLog::Told& told) {
    if (told.kind == DiskCall::truncate) {
        file.resize(told.at);
    } else {
        put(file, told.at, told.bytes);
    }
}

// A write whose sectors fare each on its own. What it does not touch of a sector is safe: SQLite
// relies on that (SQLITE_IOCAP_POWERSAFE_OVERWRITE), as do all disks of today.
void apply_by_sectors(std::string& file, const DiskLog::Told& told, bool garbles,
                      std::mt19937_64& random) {
    const std::string_view bytes = told.bytes;
    for (std::size_t done = 0; done < bytes.size();) {
        const std::size_t at = told.at + done;
        const std::size_t size = std::min(sector_bytes - at % sector_bytes, bytes.size() - done);
        const auto chance = random() % 8;
        if (garbles && chance == 0) {
            std::string rubbish(size, '\0');
            for (char& c : rubbish) c = static_cast<char>(random());
            put(file, at, rubbish);
        } else if (chance % 2 == 0) {
            put(file, at, bytes.substr(done, size));
        }
        done += size;
    }
}

}  // namespace

std::string_view fate_name(Fate fate) {
    constexpr std::string_view names[] = {"kept", "dropped", "begun", "picked", "torn", "garbled"};
    return names[static_cast<std::size_t>(fate)];
}

// --- DiskLog -------------------------------------------------------------------------------------

void DiskLog::note(const DiskCall& call) {
    if (call.file.empty()) return;  // a temporary file, gone with its process
    if (told_.empty()) {
        // Files that were made by other means than SQLite's, before it was first asked.
        for (const auto& [name, bytes] : image_of(folder_)) {
            if (!start_.contains(name)) note({DiskCall::create, false, 0, 0, {}}, name);
        }
    }
    note(
        {call.kind, call.syncs_name, 0, static_cast<std::size_t>(call.at), std::string(call.bytes)},
        std::string(call.file.substr(call.file.rfind('/') + 1)));
}

void DiskLog::note(Told told, const std::string& name) {
    const auto known = std::find(names_.begin(), names_.end(), name);
    told.file = static_cast<int>(known - names_.begin());
    if (known == names_.end()) names_.push_back(name);
    told_.push_back(std::move(told));
}

// --- Disk ----------------------------------------------------------------------------------------

Disk::Disk(const DiskLog& log) : log_(&log) {
    for (const auto& [name, bytes] : log.start()) {
        entries_[name] = {std::make_shared<Content>(Content{bytes, {}})};
    }
}

void Disk::sync_names() {
    for (auto& [name, entry] : entries_) entry.erase(entry.begin(), entry.end() - 1);
}

bool Disk::next() {
    if (position_ == log_->size()) return false;
    const DiskLog::Told& told = log_->told()[position_++];
    Entry& entry = entries_[log_->names()[static_cast<std::size_t>(told.file)]];
    if (entry.empty()) entry.push_back(nullptr);
    if (told.kind == DiskCall::remove) {
        entry.push_back(nullptr);
    } else if (entry.back() == nullptr) {
        entry.push_back(std::make_shared<Content>());
    }
    if (told.kind == DiskCall::write || told.kind == DiskCall::truncate) {
        entry.back()->pending.push_back(&told);
    } else if (told.kind == DiskCall::sync) {
        for (const DiskLog::Told* pending : entry.back()->pending) {
            apply(entry.back()->synced, *pending);
        }
        entry.back()->pending.clear();
    }
    if (told.syncs_name) sync_names();
    return true;
}

bool Disk::at_rest() const {
    return std::all_of(entries_.begin(), entries_.end(), [](const auto& named) {
        const Entry& entry = named.second;
        return entry.size() == 1 && (entry[0] == nullptr || entry[0]->pending.empty());
    });
}

std::string Disk::cut(const Content& content, Fate fate, std::mt19937_64& random) {
    std::string file = content.synced;
    const std::size_t all = content.pending.size();
    const std::size_t begun = fate == Fate::kept ? all : random() % (all + 1);
    for (std::size_t i = 0; i < all; ++i) {
        const DiskLog::Told& told = *content.pending[i];
        const bool by_sectors = fate == Fate::torn || fate == Fate::garbled;
        if (by_sectors && told.kind == DiskCall::write) {
            apply_by_sectors(file, told, fate == Fate::garbled, random);
            continue;
        }
        const bool there = fate == Fate::kept || (fate == Fate::begun && i < begun) ||
                           (fate >= Fate::picked && random() % 2 == 0);
        if (there) apply(file, told);
    }
    return file;
}

FolderImage Disk::after_cut(Fate fate, std::mt19937_64& random) const {
    FolderImage image;
    for (const auto& [name, entry] : entries_) {
        const std::size_t which = fate == Fate::kept      ? entry.size() - 1
                                  : fate == Fate::dropped ? 0
                                                          : random() % entry.size();
        if (entry[which] != nullptr) image[name] = cut(*entry[which], fate, random);
    }
    return image;
}

std::string Disk::synced(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end() || found->second.back() == nullptr) return {};
    return found->second.back()->synced;
}

}  // namespace concertres::test
