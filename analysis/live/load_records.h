#pragma once
// What clients did and were told, one record for each payload and each read: the load's process
// writes it, and whoever measures and checks reads it. Times count from the start of the run.

#include <cstdint>
#include <string>
#include <vector>

#include "consensus/result.h"
#include "consensus/time.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::analysis::live {

struct TransactionRecord {
  consensus::Duration intended;  // when its client wanted to submit it
  uint32_t service = 0;          // index into WorldSpec::services
  uint16_t receipt = 0;          // code; 0: applied. Known of what is acknowledged.
};

enum class Fate : uint8_t {
  kOpen,          // no answer that says what became of it
  kAcknowledged,  // a replica said that it is final
  kRefused,       // a replica said that this submission does not get it ordered
};

struct SubmissionRecord {
  consensus::Digest payload;
  uint32_t ingress = 0;      // the replica that it was meant for
  uint32_t answered_by = 0;  // the replica that said what became of it
  uint32_t attempts = 0;     // how often it was sent
  consensus::Duration due;   // when it was to leave
  consensus::Duration sent;  // when that was first tried; zero: never
  consensus::Duration answered;
  consensus::Duration access_delay;  // to come and to go, as the scenario has it
  Fate fate = Fate::kOpen;
  consensus::Height height;  // of the block, if acknowledged; 0: the replica did not know it
  std::vector<TransactionRecord> transactions;
};

enum class ReadFate : uint8_t {
  kOpen,      // no answer
  kAnswered,  // the transaction is in the state, or is not
  kRefused,   // the replica did not answer it, or nobody could be asked
};

// A read of whether the first transaction of a payload was executed.
struct ReadRecord {
  uint32_t replica = 0;
  uint64_t submission = 0;  // index in LoadRecords::submissions
  consensus::Duration called;
  consensus::Duration answered;
  ReadFate fate = ReadFate::kOpen;
  bool present = false;      // if answered ...
  consensus::Height height;  // ... from the state after this block
};

struct LoadRecords {
  std::vector<SubmissionRecord> submissions;  // by due
  std::vector<ReadRecord> reads;              // by when they were to be asked
  consensus::Bytes payload_bytes;             // of all
  uint64_t connections = 0;                   // opened
  consensus::Duration cpu;                    // of the process that made the load, while it ran
};

[[nodiscard]] consensus::Status write_records(const std::string& path, const LoadRecords& records);
[[nodiscard]] consensus::Result<LoadRecords> read_records(const std::string& path);

}  // namespace govchain::analysis::live
