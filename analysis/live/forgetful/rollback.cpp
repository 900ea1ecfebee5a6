#include "analysis/live/forgetful/rollback.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "analysis/live/forgetful/undo_journal.h"
#include "consensus/node/files/descriptor.h"

namespace govchain::analysis::live::forgetful {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;
using consensus::node::Descriptor;
using consensus::node::system_error;

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPage = 4'096;
constexpr size_t kLargestJournal = size_t{8} << 30U;

struct Record {
  RecordHeader header;
  std::string first;
  std::string second;
  std::string_view data;  // in the journal's text
};

// All whole records; a torn one at the end belongs to a change that was not made.
Result<std::vector<Record>> parse(std::string_view text, const std::string& path) {
  std::vector<Record> records;
  while (text.size() >= sizeof(RecordHeader)) {
    Record record;
    std::memcpy(&record.header, text.data(), sizeof record.header);
    const RecordHeader& header = record.header;
    if (header.magic != kRecordMagic) {
      return Error{ErrorCode::kCorrupt,
                   "record " + std::to_string(records.size()) + " is no record", path};
    }
    const uint64_t names = uint64_t{header.first_bytes} + header.second_bytes;
    if (text.size() - sizeof header < names ||
        text.size() - sizeof header - names < header.data_bytes) {
      break;
    }
    text.remove_prefix(sizeof header);
    record.first = text.substr(0, header.first_bytes);
    record.second = text.substr(header.first_bytes, header.second_bytes);
    record.data = text.substr(names, header.data_bytes);
    text.remove_prefix(names + header.data_bytes);
    records.push_back(std::move(record));
  }
  return records;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

uint64_t inode_at(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

class Rollback {
 public:
  Rollback(std::string undo, const std::vector<Record>& records, sim::RandomStream& random)
      : undo_(std::move(undo)), records_(records), random_(random) {
    for (const Record& record : records) {
      const RecordHeader& header = record.header;
      if (header.type == RecordType::kSynced) raise(synced_[header.inode], header.covered);
      if (header.type == RecordType::kFolderSynced) {
        raise(folders_synced_[record.first], header.covered);
      }
    }
  }

  [[nodiscard]] Result<Forgotten> run() {
    loses_all_ = random_.chance(0.5);
    std::map<uint64_t, std::vector<const Record*>> by_inode;
    std::vector<const Record*> names;
    for (size_t i = 0; i < records_.size(); ++i) {
      const Record& record = records_[i];
      switch (record.header.type) {
        case RecordType::kContent:
        case RecordType::kSize:
          if (i >= synced_[record.header.inode]) {
            by_inode[record.header.inode].push_back(&record);
          }
          break;
        case RecordType::kCreated:
        case RecordType::kRemoved:
          if (i >= folders_synced_[folder_of(record.first)]) names.push_back(&record);
          break;
        case RecordType::kRenamed:
          if (i >= folders_synced_[folder_of(record.second)]) names.push_back(&record);
          break;
        case RecordType::kSynced:
        case RecordType::kFolderSynced:
          break;
      }
    }
    for (const auto& [inode, changes] : by_inode) {
      forgotten_.writes += changes.size();
      if (Status done = restore_content(inode, changes); !done) return done.error();
    }
    if (Status done = restore_names(names); !done) return done.error();
    return forgotten_;
  }

 private:
  static void raise(uint64_t& value, uint64_t to) { value = std::max(value, to); }
  [[nodiscard]] std::string held(uint64_t inode) const {
    return undo_ + "/" + kInodePrefix + std::to_string(inode);
  }

  // Which of the pages from `begin` to `end` are lost.
  void draw(uint64_t begin, uint64_t end, std::map<uint64_t, bool>& lost) {
    for (uint64_t page = begin / kPage; page * kPage < end; ++page) {
      if (!lost.contains(page)) lost[page] = loses_all_ || random_.chance(0.5);
    }
  }

  [[nodiscard]] Status restore_content(uint64_t inode, const std::vector<const Record*>& changes) {
    const std::string path = held(inode);
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return system_error("opening", path);
    struct stat facts {};
    if (::fstat(file.number(), &facts) != 0) return system_error("looking at", path);
    const auto present = static_cast<uint64_t>(facts.st_size);
    uint64_t durable = present;
    const auto first_size = std::find_if(changes.begin(), changes.end(), [](const Record* one) {
      return one->header.type == RecordType::kSize;
    });
    if (first_size != changes.end()) durable = (*first_size)->header.length;
    if (durable > present && ::ftruncate(file.number(), static_cast<off_t>(durable)) != 0) {
      return system_error("lengthening", path);
    }
    std::map<uint64_t, bool> lost;
    // What was cut off comes back whole.
    for (uint64_t page = present / kPage; page * kPage < durable; ++page) lost[page] = true;
    for (const Record* one : changes) {
      if (one->header.type == RecordType::kContent) {
        draw(one->header.offset, one->header.offset + one->header.length, lost);
      }
    }
    if (present > durable) draw(durable, present, lost);
    // Newest first, so that the oldest content has the last word.
    for (auto one = changes.rbegin(); one != changes.rend(); ++one) {
      if ((*one)->header.type != RecordType::kContent) continue;
      if (Status done = put_back(file, path, **one, lost); !done) return done;
    }
    if (present > durable) {
      if (Status done = take_growth(file, path, durable, present, lost); !done) return done;
    }
    for (const auto& [page, is_lost] : lost) {
      ++(is_lost ? forgotten_.lost_pages : forgotten_.kept_pages);
    }
    return consensus::success();
  }

  [[nodiscard]] static Status put_back(const Descriptor& file, const std::string& path,
                                       const Record& record, const std::map<uint64_t, bool>& lost) {
    static const std::vector<char> kZeros(kPage);
    const uint64_t end = record.header.offset + record.header.length;
    for (uint64_t at = record.header.offset; at < end;) {
      const uint64_t page_end = std::min(end, (at / kPage + 1) * kPage);
      const uint64_t count = page_end - at;
      if (lost.at(at / kPage)) {
        const char* const bytes =
            record.data.empty() ? kZeros.data() : record.data.data() + (at - record.header.offset);
        if (::pwrite(file.number(), bytes, count, static_cast<off_t>(at)) !=
            static_cast<ssize_t>(count)) {
          return system_error("taking back", path);
        }
      }
      at = page_end;
    }
    return consensus::success();
  }

  // What lies behind the durable end: lost pages hold zeros, and the file ends with the last page
  // that was kept.
  [[nodiscard]] static Status take_growth(const Descriptor& file, const std::string& path,
                                          uint64_t durable, uint64_t present,
                                          const std::map<uint64_t, bool>& lost) {
    uint64_t end = durable;
    for (uint64_t page = durable / kPage; page * kPage < present; ++page) {
      if (!lost.at(page)) end = std::min(present, (page + 1) * kPage);
    }
    if (::ftruncate(file.number(), static_cast<off_t>(end)) != 0) {
      return system_error("cutting", path);
    }
    for (uint64_t page = durable / kPage; page * kPage < end; ++page) {
      if (!lost.at(page)) continue;
      const uint64_t from = std::max(durable, page * kPage);
      const uint64_t to = std::min(end, (page + 1) * kPage);
      const std::vector<char> zeros(to - from);
      if (::pwrite(file.number(), zeros.data(), zeros.size(), static_cast<off_t>(from)) !=
          static_cast<ssize_t>(zeros.size())) {
        return system_error("taking back", path);
      }
    }
    return consensus::success();
  }

  [[nodiscard]] Status restore_names(const std::vector<const Record*>& names) {
    forgotten_.names = names.size();
    const uint64_t kept = loses_all_ ? 0 : random_.below(names.size() + 1);
    forgotten_.lost_names = names.size() - kept;
    for (size_t i = names.size(); i > kept; --i) {
      if (Status done = take_back(*names[i - 1]); !done) return done;
    }
    return consensus::success();
  }

  [[nodiscard]] Status name(uint64_t inode, const std::string& path) const {
    if (inode_at(path) == inode) return consensus::success();
    ::unlink(path.c_str());
    if (::link(held(inode).c_str(), path.c_str()) != 0) return system_error("naming again", path);
    return consensus::success();
  }

  [[nodiscard]] Status take_back(const Record& record) const {
    const RecordHeader& header = record.header;
    if (header.type == RecordType::kCreated) {
      if (inode_at(record.first) == header.inode) ::unlink(record.first.c_str());
      return consensus::success();
    }
    if (header.type == RecordType::kRemoved) return name(header.inode, record.first);
    // Announced and not done: the process was killed in between.
    if (inode_at(record.second) != header.inode) return consensus::success();
    if (Status done = name(header.inode, record.first); !done) return done;
    if (header.replaced != 0) return name(header.replaced, record.second);
    ::unlink(record.second.c_str());
    return consensus::success();
  }

  const std::string undo_;
  const std::vector<Record>& records_;
  sim::RandomStream& random_;
  bool loses_all_ = false;
  std::map<uint64_t, uint64_t> synced_;
  std::map<std::string, uint64_t> folders_synced_;
  Forgotten forgotten_;
};

Status clear(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    fs::remove(entry.path(), error);
    if (error) break;
  }
  if (error) return Error{ErrorCode::kIo, "clearing: " + error.message(), folder};
  return consensus::success();
}

}  // namespace

Result<Forgotten> roll_back(const std::string& undo, sim::RandomStream& random) {
  const std::string path = undo + "/" + kJournalName;
  const Result<std::string> text = consensus::node::read_file(path, kLargestJournal);
  if (!text && text.error().code == ErrorCode::kNotFound) return Forgotten{};
  if (!text) return text.error();
  const Result<std::vector<Record>> records = parse(*text, path);
  if (!records) return records.error();
  Result<Forgotten> forgotten = Rollback(undo, *records, random).run();
  if (!forgotten) return forgotten.error();
  if (Status cleared = clear(undo); !cleared) return cleared.error();
  return forgotten;
}

}  // namespace govchain::analysis::live::forgetful
