#pragma once
// A disk that forgets what was not synced, fills up, fails and rots: what a log has to live with.
// It outlives the folders that are opened on it, as a disk outlives a process.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/node/log/folder.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::node::testing {

using consensus::testing::RandomSource;

class ForgetfulDisk {
 public:
  struct Counters {
    uint64_t writes = 0;
    uint64_t syncs = 0;  // of files
  };

  [[nodiscard]] std::unique_ptr<Folder> open();

  // The power fails. Of every file, each sector that was not synced is there or not, by chance; of
  // the names that changed since the folder was synced, the first few.
  void crash(RandomSource& random);
  // The power fails, and the disk happens to have written everything.
  void crash_after_writing_all();

  void set_capacity(std::optional<uint64_t> bytes) { capacity_ = bytes; }
  // The n-th operation from now on (0: the next) that changes something fails with kIo, as do all
  // after it until the next crash or repair.
  void fail_after(uint64_t operations) { fuse_ = operations; }
  void repair() { fuse_.reset(); }
  void flip_bit(const std::string& name, uint64_t bit);

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<uint8_t>& bytes(const std::string& name);
  void remove(const std::string& name);

 private:
  friend class ForgetfulFile;
  friend class ForgetfulFolder;
  struct Content {
    std::vector<uint8_t> now;
    std::vector<uint8_t> durable;
  };
  using Names = std::map<std::string, std::shared_ptr<Content>>;

  [[nodiscard]] Status operate();
  [[nodiscard]] bool has_room(uint64_t more) const;

  Names names_;
  std::vector<Names> unsynced_;  // as names_ was after each change since the last sync
  Names durable_names_;
  std::optional<uint64_t> capacity_;
  std::optional<uint64_t> fuse_;
  Counters counters_;
};

}  // namespace govchain::consensus::node::testing
