#include <algorithm>

#include <gtest/gtest.h>

#include "tests/models/services/two_chains.h"

namespace govchain::models::gateway {
namespace {

using testing::ChainUnderTest;
using testing::connected_chain;
using testing::effects;
using testing::kGatewayDepartment;
using testing::kHour;
using testing::kOtherGatewayDepartment;
using testing::kSecond;
using testing::make_request;
using testing::Members;
using testing::Random;

constexpr uint64_t kSource = 1;
constexpr uint64_t kTarget = 2;
constexpr uint64_t kRequester = 3;

constexpr uint16_t code(Refusal refusal) { return static_cast<uint16_t>(refusal); }

struct Setup {
  consensus::Protocol source_protocol = consensus::Protocol::kPbft;
  consensus::SignatureScheme scheme = consensus::SignatureScheme::kModelled;
  uint64_t max_lag = 4'096;
  uint32_t adapter_failures_per_million = 0;
  consensus::ProtocolVersion source_version = consensus::kOldestProtocolVersion;
  bool source_has_witness = false;  // its last member
};

class Pair {
 public:
  explicit Pair(const Setup& setup = {})
      : source_members(members_of_source(setup)),
        target_members(kTarget, 4, consensus::Protocol::kPbft, setup.scheme),
        source(connected_chain(kSource, known(target_members, setup), 1)),
        target(connected_chain(kTarget, known(source_members, setup), 1)) {
    // So that every height has a state to prove from.
    (void)source.commit({});
    (void)target.commit({});
  }
  static Members members_of_source(const Setup& setup) {
    Members members(kSource, 4, setup.source_protocol, setup.scheme);
    members.set_version(setup.source_version);
    if (setup.source_has_witness) members.set_role(3, consensus::MemberRole::kWitness, 1);
    return members;
  }
  static ForeignChain known(const Members& members, const Setup& setup) {
    ForeignChain foreign = members.registration();
    foreign.max_lag = setup.max_lag;
    foreign.adapter_failures_per_million = setup.adapter_failures_per_million;
    return foreign;
  }
  void pass(int64_t nanoseconds) {
    source.pass(nanoseconds);
    target.pass(nanoseconds);
  }
  uint16_t request(uint64_t number, int64_t timeout, bool possible = true,
                   consensus::Digest lock = {}) {
    MakeRequest made = make_request(number, kTarget, source.now() + timeout, possible);
    made.request.lock = lock;
    return source.call(kRequester, 0, kContractId, Method::kRequest, made);
  }
  // Proof and evidence of the present state, or of an earlier height.
  [[nodiscard]] Execute execute_arguments(uint64_t number, uint64_t height = 0) {
    const RequestName name{DepartmentId(kRequester), number};
    if (height == 0) height = source.ledger().height().value();
    const StateTree& tree = *source.ledger().tree_at(consensus::Height(height));
    Execute execute;
    execute.source = consensus::ChainId(kSource);
    execute.name = name;
    execute.request = find_request(source.state(), name).value();
    execute.checkpoint =
        evidence_of(*source_members.certify(height, tree.root(), source_members.quorum()));
    encode_proof(tree.prove(request_key(name).bytes()), execute.proof);
    return execute;
  }
  [[nodiscard]] Settle settle_arguments(uint64_t number, uint64_t height = 0) {
    const RequestName name{DepartmentId(kRequester), number};
    if (height == 0) height = target.ledger().height().value();
    const StateTree& tree = *target.ledger().tree_at(consensus::Height(height));
    Settle settle;
    settle.name = name;
    settle.decision =
        find_decision(target.state(), consensus::ChainId(kSource), name).value_or(Decision{});
    settle.checkpoint =
        evidence_of(*target_members.certify(height, tree.root(), target_members.quorum()));
    encode_proof(tree.prove(decision_key(consensus::ChainId(kSource), name).bytes()), settle.proof);
    return settle;
  }
  uint16_t execute(const Execute& arguments, uint64_t who = kGatewayDepartment) {
    return target.call(who, 0, kContractId, Method::kExecute, arguments);
  }
  uint16_t settle(const Settle& arguments, uint64_t who = kGatewayDepartment) {
    return source.call(who, 0, kContractId, Method::kSettle, arguments);
  }
  [[nodiscard]] RequestState state_of(uint64_t number) {
    return find_status(source.state(), {DepartmentId(kRequester), number})->state;
  }

  Members source_members;
  Members target_members;
  ChainUnderTest source;
  ChainUnderTest target;
};

TEST(GatewayContract, CarriesARequestThereAndTheDecisionBack) {
  for (const auto scheme :
       {consensus::SignatureScheme::kModelled, consensus::SignatureScheme::kEd25519,
        consensus::SignatureScheme::kSm2}) {
    for (const auto protocol : {consensus::Protocol::kPbft, consensus::Protocol::kRaft}) {
      Pair pair({.source_protocol = protocol, .scheme = scheme});
      ASSERT_EQ(pair.request(7, kHour), 0);
      ASSERT_EQ(pair.execute(pair.execute_arguments(7)), 0);
      EXPECT_EQ(effects(pair.target.state()), (std::map<uint64_t, int>{{7, 1}}));
      EXPECT_EQ(pair.state_of(7), RequestState::kPending);
      ASSERT_EQ(pair.settle(pair.settle_arguments(7)), 0);
      EXPECT_EQ(pair.state_of(7), RequestState::kCompleted);
      EXPECT_EQ(pair.execute(pair.execute_arguments(7)), code(Refusal::kAlreadyDecided));
      EXPECT_EQ(pair.settle(pair.settle_arguments(7)), code(Refusal::kAlreadySettled));
    }
  }
}

TEST(GatewayContract, TheTargetRefusesForGoodAfterTheDeadlineAndTheSourceCompensates) {
  Pair pair;
  ASSERT_EQ(pair.request(7, kHour), 0);
  const Execute early = pair.execute_arguments(7);
  // The target's clock alone decides: the source's may be anywhere.
  pair.target.pass(kHour + 1);
  ASSERT_EQ(pair.execute(early), 0);
  EXPECT_TRUE(effects(pair.target.state()).empty());
  ASSERT_EQ(pair.settle(pair.settle_arguments(7)), 0);
  EXPECT_EQ(pair.state_of(7), RequestState::kCompensated);
}

TEST(GatewayContract, ACallThatTheTargetRefusesIsUndoneAndCompensated) {
  Pair pair;
  ASSERT_EQ(pair.request(8, kHour, false), 0);
  ASSERT_EQ(pair.execute(pair.execute_arguments(8)), 0);
  const auto decision = find_decision(pair.target.state(), consensus::ChainId(kSource),
                                      {DepartmentId(kRequester), 8});
  EXPECT_EQ(decision->code, static_cast<uint16_t>(sharing::Refusal::kNoSuchResource));
  ASSERT_EQ(pair.settle(pair.settle_arguments(8)), 0);
  EXPECT_EQ(pair.state_of(8), RequestState::kCompensated);
}

TEST(GatewayContract, ALockIsHeldUntilTheRequestIsSettled) {
  Pair pair;
  consensus::Digest lock;
  lock.bytes[0] = 9;
  ASSERT_EQ(pair.request(1, kHour, true, lock), 0);
  EXPECT_EQ(pair.request(2, kHour, true, lock), code(Refusal::kLocked));
  ASSERT_EQ(pair.execute(pair.execute_arguments(1)), 0);
  EXPECT_EQ(pair.request(2, kHour, true, lock), code(Refusal::kLocked));
  ASSERT_EQ(pair.settle(pair.settle_arguments(1)), 0);
  EXPECT_EQ(pair.request(2, kHour, true, lock), 0);
}

TEST(GatewayContract, RefusesWhatIsForgedStaleOrNotAGateways) {
  Pair pair({.max_lag = 3});
  ASSERT_EQ(pair.request(7, kHour), 0);
  const Execute good = pair.execute_arguments(7);
  const auto refused = [&](auto&& change) {
    Execute execute = good;
    change(execute);
    return pair.execute(execute);
  };
  using E = Execute;
  EXPECT_EQ(pair.execute(good, kRequester), code(Refusal::kNotAGateway));
  EXPECT_EQ(refused([](E& e) { e.source = consensus::ChainId(9); }), code(Refusal::kUnknownChain));
  EXPECT_EQ(refused([](E& e) { e.request.target = consensus::ChainId(9); }),
            code(Refusal::kOtherTarget));
  // Another call, another number, another deadline than the source committed.
  EXPECT_EQ(refused([](E& e) { e.request.call.arguments[0] ^= 1U; }), code(Refusal::kBadProof));
  EXPECT_EQ(refused([](E& e) { e.name.number = 8; }), code(Refusal::kBadProof));
  EXPECT_EQ(refused([](E& e) { ++e.request.deadline; }), code(Refusal::kBadProof));
  EXPECT_EQ(refused([](E& e) { e.proof.back() ^= 1U; }), code(Refusal::kBadProof));
  // A root of the forger's own making, with a proof that fits it.
  EXPECT_EQ(refused([](E& e) {
              StateTree tree(consensus::HashAlgorithm::kSha256);
              tree.put(request_key(e.name).bytes(), encode_fields(e.request));
              e.checkpoint.state_root = tree.root();
              e.proof.clear();
              encode_proof(tree.prove(request_key(e.name).bytes()), e.proof);
            }),
            code(Refusal::kNoQuorum));
  EXPECT_EQ(refused([](E& e) { e.checkpoint.height = consensus::Height(77); }),
            code(Refusal::kNoQuorum));
  EXPECT_EQ(refused([](E& e) { e.checkpoint.epoch = consensus::Epoch(1); }),
            code(Refusal::kOtherEpoch));
  EXPECT_EQ(refused([](E& e) {
              e.checkpoint.signers.pop_back();
              e.checkpoint.signatures.pop_back();
            }),
            code(Refusal::kNoQuorum));
  EXPECT_EQ(refused([](E& e) {
              e.checkpoint.signers[1] = e.checkpoint.signers[0];
              e.checkpoint.signatures[1] = e.checkpoint.signatures[0];
            }),
            code(Refusal::kNoQuorum));
  for (size_t signature = 0; signature < good.checkpoint.signatures.size(); ++signature) {
    EXPECT_EQ(refused([&](E& e) { e.checkpoint.signatures[signature].bytes[5] ^= 4U; }),
              code(Refusal::kNoQuorum));
  }
  EXPECT_TRUE(effects(pair.target.state()).empty());
  EXPECT_EQ(pair.execute(good), 0);

  // Once a newer checkpoint is known, one that is more than three blocks older is refused.
  for (int i = 0; i < 5; ++i) (void)pair.source.commit({});
  ASSERT_EQ(pair.request(8, kHour), 0);
  ASSERT_EQ(pair.request(9, kHour), 0);
  const Execute old = pair.execute_arguments(9);
  for (int i = 0; i < 4; ++i) (void)pair.source.commit({});
  ASSERT_EQ(pair.execute(pair.execute_arguments(8)), 0);
  EXPECT_EQ(pair.execute(old), code(Refusal::kStaleCheckpoint));
  // The head's own height admits one root only, signed or not.
  Execute fork = pair.execute_arguments(9);
  StateTree tree(consensus::HashAlgorithm::kSha256);
  tree.put(request_key(fork.name).bytes(), encode_fields(fork.request));
  fork.proof.clear();
  encode_proof(tree.prove(request_key(fork.name).bytes()), fork.proof);
  fork.checkpoint = evidence_of(*pair.source_members.certify(
      fork.checkpoint.height.value(), tree.root(), pair.source_members.quorum()));
  EXPECT_EQ(pair.execute(fork), code(Refusal::kConflictingCheckpoint));
  EXPECT_EQ(pair.execute(pair.execute_arguments(9)), 0);
}

// From version 2 on signatures cover the version: those made by other rules prove nothing.
TEST(GatewayContract, BelievesSignaturesByTheRulesOfTheOtherChainOnly) {
  for (const auto protocol : {consensus::Protocol::kPbft, consensus::Protocol::kRaft}) {
    Pair pair({.source_protocol = protocol, .source_version = consensus::ProtocolVersion::k2});
    ASSERT_EQ(pair.request(7, kHour), 0);
    pair.source_members.set_version(consensus::ProtocolVersion::k1);
    EXPECT_EQ(pair.execute(pair.execute_arguments(7)), code(Refusal::kNoQuorum));
    pair.source_members.set_version(consensus::ProtocolVersion::k2);
    EXPECT_EQ(pair.execute(pair.execute_arguments(7)), 0);
  }
}

// Three members have a state, so two of them prove one; the fourth is a witness.
TEST(GatewayContract, AsksForMostOfThoseThatHaveAStateAndForNoWitness) {
  Pair pair({.source_protocol = consensus::Protocol::kRaft, .source_has_witness = true});
  ASSERT_EQ(pair.request(7, kHour), 0);
  Execute execute = pair.execute_arguments(7);
  const uint64_t height = execute.checkpoint.height.value();
  const consensus::Digest root = execute.checkpoint.state_root;
  const auto signed_by = [&](uint32_t first, uint32_t count) {
    execute.checkpoint = evidence_of(*pair.source_members.certify(height, root, count, first));
    return pair.execute(execute);
  };
  EXPECT_EQ(signed_by(0, 1), code(Refusal::kNoQuorum));
  EXPECT_EQ(signed_by(2, 2), code(Refusal::kNoQuorum));
  EXPECT_EQ(signed_by(0, 2), 0);
}

TEST(GatewayContract, TheSourceRefusesADecisionThatTheTargetDidNotMake) {
  Pair pair;
  ASSERT_EQ(pair.request(7, kHour), 0);
  // Nothing decided yet: absence is no decision, whatever is claimed.
  EXPECT_EQ(pair.settle(pair.settle_arguments(7)), code(Refusal::kBadProof));
  ASSERT_EQ(pair.execute(pair.execute_arguments(7)), 0);
  Settle settle = pair.settle_arguments(7);
  settle.decision.outcome = Outcome::kExpired;
  EXPECT_EQ(pair.settle(settle), code(Refusal::kBadProof));
  settle = pair.settle_arguments(7);
  settle.name.number = 8;
  EXPECT_EQ(pair.settle(settle), code(Refusal::kNoSuchRequest));
  settle = pair.settle_arguments(7);
  settle.checkpoint.signatures[0].bytes[0] ^= 1U;
  EXPECT_EQ(pair.settle(settle), code(Refusal::kNoQuorum));
  EXPECT_EQ(pair.state_of(7), RequestState::kPending);
}

TEST(GatewayContract, AnAdapterFailsByTheRequestsNameAtItsRate) {
  ForeignChain foreign;
  foreign.chain = consensus::ChainId(kSource);
  foreign.adapter_failures_per_million = 20'000;
  int failed = 0;
  for (uint64_t number = 0; number < 50'000; ++number) {
    failed += adapter_fails(foreign, {DepartmentId(1), number}) ? 1 : 0;
  }
  EXPECT_NEAR(failed, 1'000, 150);

  Pair pair({.adapter_failures_per_million = 1'000'000});
  ASSERT_EQ(pair.request(7, kHour), 0);
  ASSERT_EQ(pair.execute(pair.execute_arguments(7)), 0);
  EXPECT_TRUE(effects(pair.target.state()).empty());
  ASSERT_EQ(pair.settle(pair.settle_arguments(7)), 0);
  EXPECT_EQ(pair.state_of(7), RequestState::kCompensated);
}

// Gateways that carry anything at any time: early, late, twice, from old states, damaged. At every
// moment no request has taken effect twice, or has been settled against what happened; at the end
// every one has done exactly one of the two.
class ChaosHistory {
 public:
  explicit ChaosHistory(uint64_t seed) : random_(seed) {}

  void run() {
    for (int step = 0; step < 40; ++step) {
      // The clocks of the two chains wander apart.
      pair_.source.pass(static_cast<int64_t>(random_.below(20)) * kSecond);
      pair_.target.pass(static_cast<int64_t>(random_.below(20)) * kSecond);
      act();
      check();
    }
    for (uint64_t number = 1; number <= requests_; ++number) finish(number);
    check();
    for (uint64_t number = 1; number <= requests_; ++number) {
      ASSERT_NE(pair_.state_of(number), RequestState::kPending) << number;
    }
  }

 private:
  void act() {
    const uint64_t draw = random_.below(10);
    if (draw < 2 || requests_ == 0) {
      const auto timeout = static_cast<int64_t>(1 + random_.below(300)) * kSecond;
      requests_ += pair_.request(requests_ + 1, timeout, !random_.one_in(6)) == 0 ? 1U : 0U;
    } else if (draw < 5) {
      carry(1 + random_.below(requests_));
    } else if (draw < 8) {
      bring_back(1 + random_.below(requests_));
    } else if (!sent_.empty()) {
      // Something that was sent before, once more.
      const auto& [there, bytes] = sent_[random_.below(sent_.size())];
      (void)(there ? pair_.target : pair_.source).commit({bytes});
    }
  }
  uint64_t some_height(ChainUnderTest& chain) {
    const uint64_t newest = chain.ledger().height().value();
    return random_.one_in(2) ? newest : 1 + random_.below(newest);
  }
  void carry(uint64_t number) {
    Execute execute = pair_.execute_arguments(number, some_height(pair_.source));
    damage(execute.checkpoint, execute.proof);
    if (random_.one_in(10)) execute.request.deadline += kHour;
    send(true, Method::kExecute, execute);
  }
  void bring_back(uint64_t number) {
    Settle settle = pair_.settle_arguments(number, some_height(pair_.target));
    damage(settle.checkpoint, settle.proof);
    if (random_.one_in(10)) settle.decision.outcome = static_cast<Outcome>(random_.below(3));
    send(false, Method::kSettle, settle);
  }
  void damage(CheckpointEvidence& evidence, std::vector<uint8_t>& proof) {
    if (!random_.one_in(6)) return;
    const uint64_t what = random_.below(3);
    if (what == 0) proof[random_.below(proof.size())] ^= 1U;
    if (what == 1) evidence.state_root.bytes[random_.below(32)] ^= 1U;
    if (what == 2) evidence.signatures[random_.below(3)].bytes[random_.below(64)] ^= 1U;
  }
  template <typename Arguments>
  void send(bool there, Method method, const Arguments& arguments) {
    ChainUnderTest& chain = there ? pair_.target : pair_.source;
    const uint64_t who = random_.one_in(2) ? kGatewayDepartment : kOtherGatewayDepartment;
    sent_.emplace_back(there, chain.transaction(who, 0, kContractId, method, arguments));
    if (random_.one_in(5)) return;  // lost, and perhaps found again later
    const std::vector<uint8_t> bytes = sent_.back().second;
    std::vector<std::vector<uint8_t>> block(random_.one_in(4) ? 2 : 1, bytes);
    (void)chain.commit(block);
  }
  void finish(uint64_t number) {
    (void)pair_.execute(pair_.execute_arguments(number));
    (void)pair_.settle(pair_.settle_arguments(number));
  }
  void check() {
    const std::map<uint64_t, int> happened = effects(pair_.target.state());
    for (const auto& [number, times] : happened) ASSERT_EQ(times, 1) << number;
    for (uint64_t number = 1; number <= requests_; ++number) {
      const RequestState state = pair_.state_of(number);
      if (state == RequestState::kPending) continue;
      ASSERT_EQ(state == RequestState::kCompleted, happened.count(number) == 1) << number;
    }
    if (!random_.one_in(8)) return;
    ASSERT_EQ(broken_invariant(pair_.source.ledger().tree()), std::nullopt);
  }

  Random random_;
  Pair pair_;
  uint64_t requests_ = 0;
  std::vector<std::pair<bool, std::vector<uint8_t>>> sent_;
};

TEST(GatewayContract, NeverBothNeverNeitherNeverTwiceOverRandomHistories) {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    ChaosHistory history(seed);
    history.run();
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "seed " << seed;
  }
}

TEST(GatewayText, EveryRefusalHasOne) {
  for (uint16_t refusal = 100; refusal <= 114; ++refusal) {
    EXPECT_FALSE(text_of(static_cast<Refusal>(refusal)).empty()) << refusal;
  }
  EXPECT_TRUE(text_of(static_cast<Refusal>(115)).empty());
}

}  // namespace
}  // namespace govchain::models::gateway
