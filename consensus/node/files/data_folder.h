#pragma once
// The folder where a replica keeps what it must not forget: its log, its blocks and its states,
// with a file that says whose they are.
//
//   identity   chain, replica, public key, signature scheme, protocol
//   lock       held while a process runs on the folder
//   log/       segments (segmented_log.h)
//   blocks/    RocksDB (rocks_block_store.h)
//   states/    snapshots (snapshot_folder.h)
//
// A replica whose log is gone may have voted, and nobody could know for what: it refuses to start.
// So does one whose folder is another chain's or another replica's, or whose key is another.

#include <memory>
#include <string>

#include "consensus/crypto/crypto.h"
#include "consensus/crypto/hash.h"
#include "consensus/membership.h"
#include "consensus/node/files/descriptor.h"
#include "consensus/node/host/snapshot_thread.h"
#include "consensus/node/host/storage_thread.h"
#include "consensus/node/storage_owner.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

struct DataOwner {
  StorageOwner owner;
  PublicKey key;
  SignatureScheme scheme = SignatureScheme::kEd25519;
  Protocol protocol = Protocol::kPbft;
  HashAlgorithm hash = HashAlgorithm::kSha256;
};

class DataFolder {
 public:
  // Makes the folder if there is none. Errors: kInvalid (another process runs on it; whose it is
  // instead), kCorrupt (what is missing or damaged), kUnsupported, kIo, kExhausted.
  [[nodiscard]] static Result<std::unique_ptr<DataFolder>> open(const std::string& path,
                                                                const DataOwner& owner,
                                                                Bytes log_segment);

  // Each once.
  [[nodiscard]] StorageParts take_storage() { return std::move(storage_); }
  [[nodiscard]] SnapshotParts take_snapshots() { return std::move(snapshots_); }

 private:
  DataFolder() = default;
  Descriptor lock_;
  StorageParts storage_;
  SnapshotParts snapshots_;
};

}  // namespace govchain::consensus::node
