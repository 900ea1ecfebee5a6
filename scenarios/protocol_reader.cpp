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

// What engines on consensus/chain have in common.
void read_chain(const Reader& chain, consensus::chain::ChainSettings& settings) {
  using consensus::chain::Dissemination;
  chain.milliseconds("status_interval_ms", settings.status_interval);
  chain.milliseconds("idle_status_interval_ms", settings.idle_status_interval);
  chain.integer("blocks_per_answer", settings.blocks_per_answer);
  if (chain.text("dissemination") == "leader") settings.dissemination = Dissemination::kLeader;
}

void read_tendermint(const Reader& tendermint, ProtocolSettings& settings) {
  read_chain(tendermint, settings.tendermint);
}

void read_qbft(const Reader& qbft, ProtocolSettings& settings) { read_chain(qbft, settings.qbft); }

struct Section {
  const char* protocol;
  const char* definition;  // of the schema
  void (*read)(const Reader& section, ProtocolSettings& settings);
};
constexpr Section kSections[] = {
    {"hotstuff", "hotstuff", read_hotstuff},
    {"qbft", "chain_engine", read_qbft},
    {"raft", "raft", read_raft},
    {"tendermint", "chain_engine", read_tendermint},
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
    section.read(chain.object(section.protocol, section.definition), spec.settings);
    if (chosen != section.protocol && chain.has(section.protocol)) {
      chain.warn(section.protocol, "has no effect: the protocol is " + chosen);
    }
  }
}

}  // namespace govchain::scenarios
