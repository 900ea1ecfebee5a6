#pragma once
// What the preloaded library writes down of each change of a file before it is made, so that it can
// be taken back after a kill as far as it was not synced. A record is a header, two names and data,
// back to back; its place in the file counts as its sequence number. The system keeps what a
// process that is killed has written, so the journal outlives it; its last record may be torn, and
// then the change that it announced was not made.
//
// A changed file also gets a second name in the journal's folder, "inode-N": content is taken back
// through it whatever its first name is by then, and a file that was removed is still there.

#include <cstdint>

namespace govchain::analysis::live::forgetful {

enum class RecordType : uint32_t {
  kContent = 1,       // of `inode`: `data` (or zeros, if there are none) stood at `offset`
  kSize = 2,          // of `inode`: it was `length` long
  kSynced = 3,        // content and size of `inode` before record `covered` are durable
  kCreated = 4,       // `first` is a new name, of `inode`
  kRemoved = 5,       // `first`, a name of `inode`, is about to go
  kRenamed = 6,       // `inode` is about to be called `second` instead of `first`
  kFolderSynced = 7,  // names in folder `first` before record `covered` are durable
};

struct RecordHeader {
  uint32_t magic = 0;
  RecordType type = RecordType::kContent;
  uint64_t inode = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t covered = 0;
  uint64_t replaced = 0;  // of kRenamed: the inode that `second` named before; 0: none
  uint32_t first_bytes = 0;
  uint32_t second_bytes = 0;
  uint64_t data_bytes = 0;
};

inline constexpr uint32_t kRecordMagic = 0x6f646e75;  // "undo"
inline constexpr const char* kJournalName = "journal";
inline constexpr const char* kInodePrefix = "inode-";

// Syncs do nothing while this file is in the journal's folder: a planted fault.
inline constexpr const char* kSwallowName = "swallow";

// Environment of the process: its data folder and the journal's, absolute, on one file system.
inline constexpr const char* kDataVariable = "GOVCHAIN_FORGETFUL_DATA";
inline constexpr const char* kUndoVariable = "GOVCHAIN_FORGETFUL_UNDO";

}  // namespace govchain::analysis::live::forgetful
