#include "tests/consensus/reference_run.h"

#include <span>
#include <variant>
#include <vector>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/journal.h"
#include "tests/consensus/loopback.h"

namespace govchain::consensus::testing {
namespace {

constexpr ChainId kChain{1};
constexpr HashAlgorithm kHash = HashAlgorithm::kSha256;
constexpr uint32_t kReplicas = 4;

class Recorder final : public StepObserver {
 public:
  explicit Recorder(ReferenceRun& run) : run_(run) {}
  void before_step(uint32_t /*replica*/) override {}
  void after_step(uint32_t replica, std::span<const Effect> effects) override {
    bytes_.assign(run_.effects.bytes.begin(), run_.effects.bytes.end());
    bytes_.push_back(static_cast<uint8_t>(replica));
    for (const Effect& effect : effects) {
      encode_effect(kChain, effect, bytes_);
      if (const auto* send = std::get_if<effect::Send>(&effect)) note(*send->message);
      if (const auto* broadcast = std::get_if<effect::Broadcast>(&effect)) {
        note(*broadcast->message);
      }
      if (const auto* persist = std::get_if<effect::Persist>(&effect)) note(*persist->record);
    }
    run_.effects = hash(kHash, bytes_);
    run_.effect_count += effects.size();
  }

 private:
  void note(const Message& message) {
    const auto [place, is_new] = run_.messages.try_emplace(message.type);
    if (is_new) encode_message(kChain, message, place->second);
  }
  void note(const LogRecord& record) {
    const auto [place, is_new] = run_.records.try_emplace(record.type);
    if (is_new) encode_record(record, place->second);
  }
  ReferenceRun& run_;
  std::vector<uint8_t> bytes_;
};

// What befalls one chain.
class Story {
 public:
  Story(const ProtocolTraits& protocol, ProposalBodies bodies, ReferenceRun& run,
        uint32_t witnesses = 0)
      : protocol_(protocol),
        run_(run),
        recorder_(run),
        chain_(protocol, kReplicas, options(witnesses), config(bodies), {}, &recorder_) {}

  void normal_case() {
    decide(6);
    for (uint32_t i = 0; i < kReplicas; ++i) {
      chain_.input(i, input::ReadRequested{Token(1'000 + i)});
      chain_.input(i, input::Propose{chain_.make_payload()});
    }
    chain_.run_for(Duration::seconds(1));
  }
  // The leader says nothing any more, and comes back.
  void leader_failure() {
    const uint32_t leader = leader_now();
    chain_.cut_off(leader);
    decide(6);
    // Its client goes on; what it asked for is ordered by others meanwhile.
    const PayloadRef payload = chain_.make_payload();
    chain_.input(leader, input::Propose{payload});
    chain_.input((leader + 1) % kReplicas, input::Propose{payload});
    decide(4);
    chain_.join(leader);
    chain_.run_for(Duration::seconds(30));
    decide(4);
  }
  void restart() {
    chain_.restart(2);
    decide(6);
  }
  // Away for longer than blocks are kept.
  void state_transfer() {
    chain_.cut_off(3);
    decide(60);
    chain_.join(3);
    chain_.run_for(Duration::seconds(60));
    decide(6);
  }
  // One replica hears none of what has this role for a while, and a leader fails meanwhile.
  void losses() {
    for (const MessageRole role : {MessageRole::kProposal, MessageRole::kLeaderChange,
                                   MessageRole::kVote, MessageRole::kCheckpoint}) {
      lose(role, static_cast<uint32_t>(role) % kReplicas);
    }
  }
  // One replica hears nothing, and asks for what was ordered before.
  void late_request() {
    chain_.set_filter(
        [](uint32_t /*from*/, uint32_t to, const Message& /*message*/) { return to != 3; });
    const PayloadRef payload = chain_.make_payload();
    chain_.input(leader_now(), input::Propose{payload});
    decide(8);
    chain_.input(3, input::Propose{payload});
    chain_.run_for(Duration::seconds(5));
    heal();
  }
  // Nothing becomes final, and one replica has not seen the proposal: it may have to propose that
  // again.
  void prepared_and_not_final() {
    const ProtocolTraits& protocol = protocol_;
    for (uint32_t victim = 0; victim < kReplicas; ++victim) {
      chain_.set_filter([&protocol, victim](uint32_t /*from*/, uint32_t to,
                                            const Message& message) {
        const MessageRole role = protocol.roles.of(message.type);
        return role != MessageRole::kFinalVote && (role != MessageRole::kProposal || to != victim);
      });
      ask(leader_now());
      chain_.run_for(Duration::seconds(5));
      heal();
    }
  }
  // One replica has not seen the proposal; another one gets the last vote of the first phase when
  // it has voted for nothing in the last phase already.
  void late_vote() {
    const ProtocolTraits& protocol = protocol_;
    std::vector<MessageRef> held;
    bool voted_for_nothing = false;
    chain_.set_filter([&](uint32_t from, uint32_t to, const Message& message) {
      const MessageRole role = protocol.roles.of(message.type);
      if (role == MessageRole::kFinalVote && from == 1 && message.digest == Digest()) {
        voted_for_nothing = true;
      }
      if (role == MessageRole::kProposal && to == 2) return false;
      if (role != MessageRole::kVote || from != 0 || to != 1) return true;
      held.push_back(copy(message));
      return false;
    });
    ask(leader_now());
    for (int i = 0; i < 400 && !voted_for_nothing; ++i) chain_.run_for(Duration::milliseconds(25));
    for (const MessageRef& vote : held) {
      chain_.input(1, input::MessageReceived{ReplicaId(0), vote});
    }
    heal();
  }
  void hand_over() {
    if (protocol_.faults != FaultModel::kCrash) return;
    MembershipChange change;
    change.transfer_leadership_to = ReplicaId((leader_now() + 1) % kReplicas);
    chain_.input(leader_now(), input::Reconfigure{change});
    chain_.run_for(Duration::seconds(5));
    decide(4);
  }
  void membership_change() {
    if (!protocol_.reconfigures) return;
    MembershipChange change;
    for (uint32_t i = 0; i < kReplicas - 1; ++i)
      change.target.push_back(Member{ReplicaId(i), 1, {}});
    // As Raft's followers pass it on: not the leader first.
    const uint32_t leader = leader_now();
    for (uint32_t i = 1; i <= kReplicas; ++i) {
      chain_.input((leader + i) % kReplicas, input::Reconfigure{change});
    }
    decide(12);
    chain_.run_for(Duration::seconds(60));
    decide(4);
  }
  // A follower is asked first where the leader is who carries it out.
  void upgrade() {
    decide(4);
    MembershipChange change;
    change.version = kNewestProtocolVersion;
    const uint32_t leader = leader_now();
    for (uint32_t i = 1; i <= kReplicas; ++i) {
      chain_.input((leader + i) % kReplicas, input::Reconfigure{change});
    }
    decide(12);
  }
  // The last member is a witness; then it is away for so long that its log has to begin anew.
  void witness() {
    decide(6);
    chain_.restart(kReplicas - 1);
    decide(6);
    chain_.cut_off(kReplicas - 1);
    decide(60);
    chain_.join(kReplicas - 1);
    chain_.run_for(Duration::seconds(60));
    decide(6);
  }
  // One replica gets no bytes of batches, and asks for them when a block with their names is final.
  void certified_batches() {
    decide(6);
    chain_.set_filter([](uint32_t /*from*/, uint32_t to, const Message& message) {
      return to != 1 || message.payloads.empty();
    });
    decide(4);
    chain_.set_filter({});
    chain_.run_for(Duration::seconds(30));
    chain_.restart(2);
    decide(6);
  }
  // A replica that lacks what a proposal names.
  void missing_bodies() {
    decide(4);
    const bool first_leads = protocol_.faults == FaultModel::kCrash && leader_now() == 1;
    const uint32_t victim = first_leads ? 2 : 1;  // not one who needs nobody's payloads
    chain_.set_filter([victim](uint32_t /*from*/, uint32_t to, const Message& message) {
      return to != victim || message.payloads.empty();
    });
    decide(4);
    chain_.set_filter({});
    chain_.run_for(Duration::seconds(30));
    decide(4);
  }
  void end() {
    std::vector<uint8_t> bytes(run_.state.bytes.begin(), run_.state.bytes.end());
    for (uint32_t i = 0; i < kReplicas; ++i) {
      const Digest fingerprint = chain_.engine(i).fingerprint();
      bytes.insert(bytes.end(), fingerprint.bytes.begin(), fingerprint.bytes.end());
      run_.committed += chain_.engine(i).counters().committed_blocks;
    }
    run_.state = hash(kHash, bytes);
  }

 private:
  static LoopbackOptions options(uint32_t witnesses) {
    LoopbackOptions options;
    options.witnesses = witnesses;
    options.payloads_per_block = 2;
    options.payloads_ahead = 8;
    options.payload_bytes = Bytes(1'000);
    options.keeps_storage = true;
    return options;
  }
  static EngineConfig config(ProposalBodies bodies) {
    EngineConfig config = Loopback::usual_config();
    config.chain = kChain;
    config.checkpoint_interval = 4;
    config.retained_blocks = 8;
    config.base_timeout = Duration::seconds(2);
    config.proposal_bodies = bodies;
    if (bodies != ProposalBodies::kCarried) config.genesis.version = kProposalsByDigestSince;
    return config;
  }
  // A story in which nothing is decided any more is a bug of an engine, and shows in the digest.
  void decide(uint64_t blocks) { run_.stalls += chain_.run(blocks) ? 0 : 1; }
  [[nodiscard]] uint32_t leader_now() const {
    const EngineStatus status = chain_.engine(0).status();
    return status.leader_known ? status.leader.value() : 0;
  }
  void ask(uint32_t replica) {
    for (int i = 0; i < 4; ++i) chain_.input(replica, input::Propose{chain_.make_payload()});
  }
  void heal() {
    chain_.set_filter({});
    chain_.run_for(Duration::seconds(30));
    decide(4);
  }
  void lose(MessageRole role, uint32_t victim) {
    const ProtocolTraits& protocol = protocol_;
    chain_.set_filter(
        [&protocol, role, victim](uint32_t /*from*/, uint32_t to, const Message& message) {
          return to != victim || protocol.roles.of(message.type) != role;
        });
    decide(6);
    // Together more than f of them fail, so nothing need be decided until that is over.
    const uint32_t leader = leader_now();
    chain_.cut_off(leader);
    chain_.run_for(Duration::seconds(10));
    chain_.join(leader);
    heal();
  }
  [[nodiscard]] static MessageRef copy(const Message& message) {
    std::vector<uint8_t> bytes;
    encode_message(kChain, message, bytes);
    Result<MessageRef> decoded = decode_message(kChain, kHash, bytes, Cohorts::kAllowed);
    GOVCHAIN_ASSERT(decoded.ok());
    return *decoded;
  }

  const ProtocolTraits& protocol_;
  ReferenceRun& run_;
  Recorder recorder_;
  Loopback chain_;
};

}  // namespace

ReferenceRun make_reference_run(const ProtocolTraits& protocol) {
  ReferenceRun run;
  {
    Story story(protocol, ProposalBodies::kCarried, run);
    story.normal_case();
    story.leader_failure();
    story.restart();
    story.state_transfer();
    story.losses();
    story.late_request();
    story.prepared_and_not_final();
    story.late_vote();
    story.hand_over();
    story.membership_change();
    story.end();
  }
  if (protocol.proposes_by_digest) {
    Story story(protocol, ProposalBodies::kByDigest, run);
    story.missing_bodies();
    story.end();
  }
  if (protocol.proposes_certified) {
    Story story(protocol, ProposalBodies::kCertified, run);
    story.certified_batches();
    story.end();
  }
  if (protocol.reconfigures) {
    Story story(protocol, ProposalBodies::kCarried, run);
    story.upgrade();
    story.end();
  }
  if (protocol.faults == FaultModel::kCrash) {
    Story story(protocol, ProposalBodies::kCarried, run, 1);
    story.witness();
    story.end();
  }
  return run;
}

}  // namespace govchain::consensus::testing
