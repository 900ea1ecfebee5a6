#pragma once
// Rules of QBFT (arXiv 2002.03613) over all lives of an honest replica:
//   "lock"           having sent COMMIT for a block at round r, its ROUND-CHANGEs of that height
//   name
//                    prepared round r with that block, or a later round (Algorithm 3);
//   "justification"  a proposal of a round above 0 that it made or accepted rests on ROUND-CHANGEs
//                    of a quorum, and on the PREPAREs of a quorum for the highest prepared block
//                    that they name (Algorithm 4), all with good signatures.

#include <string>
#include <vector>

#include "consensus/qbft/records.h"
#include "sim/checkers/context.h"

namespace govchain::sim {

class QbftRoundRule {
 public:
  explicit QbftRoundRule(CheckContext& context) : context_(context) {}
  void begin() { locks_.assign(context_.rows(), {}); }
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  // A replica logs what it accepts, before it votes for it.
  void persisted(ReplicaAddress who, TimePoint now, const consensus::LogRecord& record);

 private:
  // The last COMMIT; rounds of a height only grow.
  struct Lock {
    consensus::Height height;  // 0: none
    consensus::View round;
    consensus::Digest digest;
  };
  void check_lock(ReplicaAddress who, TimePoint now, const consensus::Message& round_change);
  // What is wrong with the justification; empty if nothing is.
  [[nodiscard]] std::string flaw(ChainIndex chain, const consensus::Block& block,
                                 consensus::View round,
                                 const consensus::qbft::Justification& justification);
  [[nodiscard]] std::string flaw_of_prepares(ChainIndex chain, const consensus::Block& block,
                                             const consensus::Membership& members,
                                             const consensus::qbft::Justification& justification);

  CheckContext& context_;
  std::vector<Lock> locks_;  // by row
};

}  // namespace govchain::sim
