#include "consensus/node/config/network_file.h"

#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "consensus/codec.h"
#include "consensus/node/config/field_reader.h"
#include "consensus/node/config/members_file.h"
#include "consensus/node/files/key_file.h"
#include "consensus/protocols.h"

namespace govchain::consensus::node {

namespace {

constexpr uint64_t kFormat = 1;
constexpr uint64_t kDay = 86'400'000;  // milliseconds

void read_engine(FieldReader in, EngineConfig& engine) {
  uint64_t block_bytes = engine.max_block_bytes.count();
  uint64_t mempool = engine.mempool_limit.count();
  in.number("max_block_bytes", 1'024, kMaxMessageBytes / 2, block_bytes);
  in.number("max_block_transactions", 1, kMaxPayloadsPerBlock, engine.max_block_transactions);
  in.milliseconds("batch_delay_ms", 0, kDay, engine.batch_delay);
  in.number("max_in_flight", 1, 1'024, engine.max_in_flight);
  in.milliseconds("base_timeout_ms", 1, kDay, engine.base_timeout);
  in.milliseconds("max_timeout_ms", 1, kDay, engine.max_timeout);
  in.number("checkpoint_interval", 1, 1'000'000, engine.checkpoint_interval);
  in.number("retained_blocks", 0, 1'000'000'000, engine.retained_blocks);
  in.number("mempool_bytes", 1'024, uint64_t{1} << 40U, mempool);
  in.flag("replicas_verify_payloads", engine.replicas_verify_payloads);
  in.milliseconds("wall_clock_tolerance_ms", 1, kDay, engine.wall_clock_tolerance);
  in.word<ProposalBodies>("proposal_bodies",
                          {{"carried", ProposalBodies::kCarried},
                           {"by-digest", ProposalBodies::kByDigest},
                           {"certified", ProposalBodies::kCertified}},
                          engine.proposal_bodies);
  in.finish();
  engine.max_block_bytes = Bytes(block_bytes);
  engine.mempool_limit = Bytes(mempool);
  if (engine.max_timeout < engine.base_timeout) {
    in.fail("max_timeout_ms", "expected at least base_timeout_ms");
  }
}

void read_settings(FieldReader in, Protocol protocol, ProtocolSettings& settings) {
  if (protocol == Protocol::kHotstuff) {
    in.word<hotstuff::CommitRule>("commit_rule",
                                  {{"two-chain", hotstuff::CommitRule::kTwoChain},
                                   {"three-chain", hotstuff::CommitRule::kThreeChain}},
                                  settings.hotstuff.commit_rule);
    in.word<hotstuff::LeaderPolicy>("leader",
                                    {{"rotating", hotstuff::LeaderPolicy::kRotating},
                                     {"stable", hotstuff::LeaderPolicy::kStable}},
                                    settings.hotstuff.leader);
  }
  if (protocol == Protocol::kRaft) {
    in.milliseconds("election_timeout_ms", 0, kDay, settings.raft.election_timeout);
    in.milliseconds("heartbeat_ms", 0, kDay, settings.raft.heartbeat);
    in.flag("lease_reads", settings.raft.lease_reads);
  }
  in.finish();
}

// What no single field shows.
void check_bodies(FieldReader& in, const NetworkFile& network) {
  if (!supports(traits_of(network.protocol), network.engine.proposal_bodies)) {
    in.fail("engine/proposal_bodies",
            std::string(traits_of(network.protocol).name) + " carries payloads in its proposals");
  }
}

}  // namespace

Result<NetworkFile> read_network_file(const std::string& path) {
  const Result<std::unique_ptr<ConfigFile>> file = ConfigFile::read(path);
  if (!file) return file.error();
  NetworkFile network;
  FieldReader in(**file, (*file)->root(), "");
  (void)in.number("govchain_network", kFormat, kFormat);
  network.engine.chain = ChainId(in.number("chain", 0, UINT64_MAX));
  const std::string protocol = in.text("protocol");
  if (const ProtocolTraits* const traits = find_protocol(protocol)) {
    network.protocol = traits->protocol;
  } else {
    std::string known;
    for (const ProtocolTraits* const one : protocols()) {
      known += (known.empty() ? "" : ", ") + std::string(one->name);
    }
    in.fail("protocol", "\"" + protocol + "\" is none of " + known);
  }
  in.word<SignatureScheme>("signature",
                           {{"ed25519", SignatureScheme::kEd25519}, {"sm2", SignatureScheme::kSm2}},
                           network.scheme);
  in.word<HashAlgorithm>("hash", {{"sha256", HashAlgorithm::kSha256}, {"sm3", HashAlgorithm::kSm3}},
                         network.engine.hash);
  in.flag("admission_verifies_payloads", network.admission_verifies_payloads);
  if (const std::optional<FieldReader> engine = in.object("engine")) {
    read_engine(*engine, network.engine);
  }
  if (const std::optional<FieldReader> settings = in.object("settings")) {
    read_settings(*settings, network.protocol, network.settings);
  }
  ListedMembers listed = read_members(in, network.protocol);
  network.engine.genesis.members = std::move(listed.members);
  network.addresses = std::move(listed.addresses);
  const nlohmann::json* const application = in.any("application");
  network.application = std::make_shared<const nlohmann::json>(
      application == nullptr ? nlohmann::json::object() : *application);
  check_bodies(in, network);
  in.finish();
  if ((*file)->error()) return *(*file)->error();
  return network;
}

std::string encode_network_file(const NetworkFile& network) {
  const EngineConfig& engine = network.engine;
  const auto milliseconds = [](Duration duration) { return duration / Duration::milliseconds(1); };
  nlohmann::ordered_json root;
  root["govchain_network"] = kFormat;
  root["chain"] = engine.chain.value();
  root["protocol"] = traits_of(network.protocol).name;
  root["signature"] = name_of(network.scheme);
  root["hash"] = engine.hash == HashAlgorithm::kSm3 ? "sm3" : "sha256";
  root["admission_verifies_payloads"] = network.admission_verifies_payloads;
  nlohmann::ordered_json& rules = root["engine"];
  rules["max_block_bytes"] = engine.max_block_bytes.count();
  rules["max_block_transactions"] = engine.max_block_transactions;
  rules["batch_delay_ms"] = milliseconds(engine.batch_delay);
  rules["max_in_flight"] = engine.max_in_flight;
  rules["base_timeout_ms"] = milliseconds(engine.base_timeout);
  rules["max_timeout_ms"] = milliseconds(engine.max_timeout);
  rules["checkpoint_interval"] = engine.checkpoint_interval;
  rules["retained_blocks"] = engine.retained_blocks;
  rules["mempool_bytes"] = engine.mempool_limit.count();
  rules["replicas_verify_payloads"] = engine.replicas_verify_payloads;
  rules["wall_clock_tolerance_ms"] = milliseconds(engine.wall_clock_tolerance);
  constexpr std::string_view kBodies[] = {"carried", "by-digest", "certified"};
  rules["proposal_bodies"] = kBodies[static_cast<size_t>(engine.proposal_bodies)];
  if (network.protocol == Protocol::kHotstuff) {
    const hotstuff::HotstuffConfig& own = network.settings.hotstuff;
    root["settings"]["commit_rule"] =
        own.commit_rule == hotstuff::CommitRule::kThreeChain ? "three-chain" : "two-chain";
    root["settings"]["leader"] =
        own.leader == hotstuff::LeaderPolicy::kStable ? "stable" : "rotating";
  }
  if (network.protocol == Protocol::kRaft) {
    const raft::RaftConfig& own = network.settings.raft;
    root["settings"]["election_timeout_ms"] = milliseconds(own.election_timeout);
    root["settings"]["heartbeat_ms"] = milliseconds(own.heartbeat);
    root["settings"]["lease_reads"] = own.lease_reads;
  }
  root["members"] = encode_members({engine.genesis.members, network.addresses});
  if (network.application) root["application"] = *network.application;
  return root.dump(2) + "\n";
}

}  // namespace govchain::consensus::node
