#pragma once
// The transactions that a scenario offers, signed. With the same seed they arrive at the same
// times, and ask for the same, as in a simulation.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/live/load_records.h"
#include "consensus/crypto/crypto.h"
#include "consensus/crypto/hash.h"
#include "consensus/result.h"
#include "sim/world_spec.h"

namespace govchain::analysis::live {

struct Departments {
  consensus::HashAlgorithm hash = consensus::HashAlgorithm::kSha256;
  std::vector<std::unique_ptr<consensus::Signer>> signers;  // of department 1, 2, …
};
// Their keys, as `govchain node init` lays them out in `network`.
[[nodiscard]] consensus::Result<Departments> read_departments(const std::string& network,
                                                              consensus::HashAlgorithm hash);

struct Batching {
  // Transactions of one department, meant for one replica, that travel under one signature.
  uint32_t transactions = 1;
  // The oldest of a batch waits so long for more.
  consensus::Duration patience = consensus::Duration::milliseconds(20);
};

// What a replica knows a transaction by.
struct TransactionName {
  consensus::Digest id;
  int64_t expiry = 0;  // nanoseconds since 1970
};

struct Offered {
  SubmissionRecord record;  // what is known before the run
  TransactionName first;    // of its transactions
  std::vector<uint8_t> bytes;
};

// Makes them one by one, by due; what leaves at the same time, in the order in which it was ready.
class LoadMaker {
 public:
  // Their wall time begins at `wall_time` (nanoseconds since 1970). `world` and `departments` must
  // live as long as this.
  LoadMaker(const sim::WorldSpec& world, const Departments& departments, const Batching& batching,
            int64_t wall_time);
  ~LoadMaker();
  LoadMaker(LoadMaker&&) noexcept;
  LoadMaker& operator=(LoadMaker&&) noexcept;

  // Nothing after the last.
  [[nodiscard]] std::optional<Offered> next();

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace govchain::analysis::live
