#include "scenarios/protocol_reader.h"

#include <string>

#include "consensus/protocols.h"

namespace govchain::scenarios {

using consensus::ProtocolSettings;

namespace {

void read_raft(const Reader& raft, ProtocolSettings& settings) {
  consensus::raft::RaftConfig& config = settings.raft;
  raft.milliseconds("election_timeout_ms", config.election_timeout);
  raft.milliseconds("heartbeat_ms", config.heartbeat);
  raft.integer("max_append_messages", config.max_append_messages);
  raft.bytes("max_append_bytes", config.max_append_bytes);
  raft.boolean("pre_vote", config.pre_vote);
  raft.boolean("check_quorum", config.check_quorum);
  raft.boolean("lease_reads", config.lease_reads);
  raft.boolean("catch_up_before_voting", config.catch_up_before_voting);
  raft.integer("max_clock_drift_ppm", config.max_clock_drift_ppm);
}

void read_hotstuff(const Reader& hotstuff, ProtocolSettings& settings) {
  using consensus::hotstuff::CommitRule;
  using consensus::hotstuff::LeaderPolicy;
  consensus::hotstuff::HotstuffConfig& config = settings.hotstuff;
  if (hotstuff.text("commit_rule") == "three_chain") config.commit_rule = CommitRule::kThreeChain;
  if (hotstuff.text("leader") == "stable") config.leader = LeaderPolicy::kStable;
  hotstuff.integer("views_per_leader", config.views_per_leader);
}

struct Section {
  const char* protocol;
  void (*read)(const Reader& section, ProtocolSettings& settings);
};
constexpr Section kSections[] = {
    {"hotstuff", read_hotstuff},
    {"raft", read_raft},
};

}  // namespace

consensus::Protocol protocol_of(const Reader& section, consensus::Protocol otherwise) {
  // The schema lets no name pass that is not in the table.
  const consensus::ProtocolTraits* traits = consensus::find_protocol(section.text("protocol"));
  return traits != nullptr ? traits->protocol : otherwise;
}

void read_protocol_settings(const Reader& chain, sim::ChainSpec& spec) {
  const std::string chosen(consensus::traits_of(spec.protocol).name);
  for (const Section& section : kSections) {
    section.read(chain.object(section.protocol, section.protocol), spec.settings);
    if (chosen != section.protocol && chain.has(section.protocol)) {
      chain.warn(section.protocol, "has no effect: the protocol is " + chosen);
    }
  }
}

}  // namespace govchain::scenarios
