#pragma once
// Rule "version": every block is agreed upon, and everything is signed, by the rules that are in
// force in its epoch; they change once for the whole chain, where Byzantine protocols say with the
// first height after a checkpoint; and no replica speaks, commits or executes by rules that its
// software does not know, nor does a chain move to where no quorum of its members can follow.

#include <optional>
#include <string_view>
#include <vector>

#include "sim/checkers/context.h"
#include "sim/checkers/height_window.h"

namespace govchain::sim {

class VersionRule {
 public:
  explicit VersionRule(CheckContext& context) : context_(context) {}
  void begin();
  // What this replica runs from now on.
  void software(ReplicaAddress who, consensus::ProtocolVersion newest);
  // This replica is the first to have these members, and the version of their rules, in force.
  void membership(ReplicaAddress who, TimePoint now, const consensus::Membership& next);
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  void commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
              const consensus::Certificate* certificate);
  void executed(ReplicaAddress who, TimePoint now, const consensus::Block& block);

 private:
  using Version = std::optional<consensus::ProtocolVersion>;
  struct Chain {
    HeightWindow<Version> blocks;  // committed
  };
  // Of the epoch; none if the epoch is unknown (then other rules say so).
  [[nodiscard]] Version version_of(ChainIndex chain, consensus::Epoch epoch) const;
  void require_known(ReplicaAddress who, TimePoint now, consensus::ProtocolVersion version,
                     std::string_view deed);
  void compare_neighbours(ReplicaAddress who, TimePoint now, consensus::Height height,
                          consensus::ProtocolVersion version);

  CheckContext& context_;
  std::vector<Chain> chains_;
  std::vector<consensus::ProtocolVersion> software_;  // by row
  std::vector<consensus::ProtocolVersion> ever_;      // by row: newest that it has had
};

}  // namespace govchain::sim
