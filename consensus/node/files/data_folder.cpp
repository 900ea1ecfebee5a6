#include "consensus/node/files/data_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include "consensus/node/files/key_file.h"
#include "consensus/node/log/posix_folder.h"
#include "consensus/node/log/segmented_log.h"
#include "consensus/node/store/rocks_block_store.h"
#include "consensus/protocols.h"

namespace govchain::consensus::node {

namespace {

constexpr size_t kLargestIdentity = 4'096;
constexpr std::string_view kDigits = "0123456789abcdef";

std::string hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

// One "name value" to a line, so that a person can read it and a difference can be told by line.
std::vector<std::pair<std::string, std::string>> lines_of(const DataOwner& owner) {
  return {{"govchain data", "1"},
          {"chain", std::to_string(owner.owner.chain.value())},
          {"replica", std::to_string(owner.owner.replica.value())},
          {"protocol", std::string(traits_of(owner.protocol).name)},
          {"scheme", std::string(name_of(owner.scheme))},
          {"hash", owner.hash == HashAlgorithm::kSm3 ? "sm3" : "sha256"},
          {"key", hex(owner.key.bytes)}};
}

std::string identity_of(const DataOwner& owner) {
  std::string text;
  for (const auto& [name, value] : lines_of(owner)) text += name + " " + value + "\n";
  return text;
}

Status check_identity(const std::string& path, std::string_view text, const DataOwner& owner) {
  for (const auto& [name, value] : lines_of(owner)) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line != name + " " + value) {
      return Error{ErrorCode::kInvalid,
                   "these data are of \"" + std::string(line) + "\", and this replica is \"" +
                       name + " " + value +
                       "\": it would vote with another's memory, so it does not start",
                   path};
    }
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  if (!text.empty()) return Error{ErrorCode::kCorrupt, "more lines than expected", path};
  return success();
}

Result<Descriptor> take_lock(const std::string& path) {
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!lock) return system_error("opening", path);
  if (::flock(lock.number(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return system_error("locking", path);
  return Error{ErrorCode::kInvalid,
               "another process runs on this data folder: two would vote with one key", path};
}

}  // namespace

Result<std::unique_ptr<DataFolder>> DataFolder::open(const std::string& path,
                                                     const DataOwner& owner, Bytes log_segment) {
  const std::filesystem::path root(path);
  const std::filesystem::path log_path = root / "log";
  const std::filesystem::path blocks_path = root / "blocks";
  const std::filesystem::path state_path = root / "state";
  const std::filesystem::path states_path = root / "states";
  for (const std::filesystem::path& folder : {root, log_path, states_path}) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
      return Error{ErrorCode::kIo, "making the folder: " + error.message(), folder.string()};
  }
  std::unique_ptr<DataFolder> data(new DataFolder());
  Result<Descriptor> lock = take_lock((root / "lock").string());
  if (!lock) return lock.error();
  data->lock_ = std::move(*lock);

  const std::string identity_path = (root / "identity").string();
  const Result<std::string> identity = read_file(identity_path, kLargestIdentity);
  if (!identity && identity.error().code != ErrorCode::kNotFound) return identity.error();
  if (identity) {
    const Status ours = check_identity(identity_path, *identity, owner);
    if (!ours) return ours.error();
    // The first segment was there before the identity was.
    std::error_code error;
    const bool is_empty = std::filesystem::is_empty(log_path, error);
    if (error) return Error{ErrorCode::kIo, "reading: " + error.message(), log_path.string()};
    if (is_empty) {
      return Error{
          ErrorCode::kCorrupt,
          "the log is gone: this replica may have voted, and does not know for what. Let it "
          "join the chain as a new member",
          log_path.string()};
    }
  }

  Result<std::unique_ptr<Folder>> log_folder = open_folder(log_path.string());
  if (!log_folder) return log_folder.error();
  SegmentedLogSettings log_settings;
  log_settings.owner = owner.owner;
  log_settings.hash = owner.hash;
  log_settings.segment = log_segment;
  Result<std::unique_ptr<SegmentedLog>> log =
      SegmentedLog::open(std::move(*log_folder), log_settings);
  if (!log) return log.error();
  data->storage_.settle = [log = log->get()] { return log->settle(); };
  data->storage_.log = std::move(*log);

  Result<std::unique_ptr<RocksBlockStore>> store = RocksBlockStore::open(
      blocks_path.string(), RocksBlockStoreSettings{owner.owner, owner.hash, nullptr});
  if (!store) return store.error();
  data->storage_.store = std::move(*store);

  Result<std::unique_ptr<Folder>> states_folder = open_folder(states_path.string());
  if (!states_folder) return states_folder.error();
  Result<std::unique_ptr<SnapshotFolder>> states = SnapshotFolder::open(std::move(*states_folder));
  if (!states) return states.error();
  data->snapshots_.whole = std::move(*states);
  Result<std::unique_ptr<RocksStateStore>> state = RocksStateStore::open(
      state_path.string(), RocksStateStoreSettings{owner.owner, owner.hash, nullptr});
  if (!state) return state.error();
  data->snapshots_.records = std::move(*state);

  if (!identity) {
    const Status written = replace_file(identity_path, identity_of(owner));
    if (!written) return written.error();
  }
  return data;
}

}  // namespace govchain::consensus::node
