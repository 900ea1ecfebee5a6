#include "tests/coverage/hostile_cluster.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"

namespace govchain::coverage {

using consensus::Block;
using consensus::BlockRef;
using consensus::Bytes;
using consensus::Digest;
using consensus::Duration;
using consensus::Height;
using consensus::Message;
using consensus::MessageRef;
using consensus::ProposalBodies;
using consensus::Ref;
using consensus::ReplicaId;
using consensus::View;
using consensus::testing::Node;
namespace input = consensus::input;

namespace {

constexpr int kMaxActions = 512;
constexpr size_t kMaxFlights = 1'024;
constexpr size_t kSeen = 64;
constexpr uint32_t kPayloads = 24;
constexpr uint64_t kKeySeed = 1;  // tests/consensus/script/node.cpp makes its signers with it
// Far above what so small a chain needs.
constexpr Bytes kMaxEngineMemory{64U << 20U};

consensus::EngineConfig config_for(const consensus::ProtocolTraits& protocol, Choices& choices) {
  consensus::EngineConfig config;
  config.chain = consensus::ChainId(1);
  const uint32_t replicas = protocol.faults == consensus::FaultModel::kCrash ? 3 : 4;
  for (uint32_t i = 0; i < replicas; ++i) {
    consensus::Member member;
    member.id = ReplicaId(i);
    member.key = consensus::make_signer(consensus::SignatureScheme::kModelled, kKeySeed,
                                        config.chain, member.id)
                     ->public_key();
    config.genesis.members.push_back(member);
  }
  config.base_timeout = Duration::milliseconds(200);
  config.max_timeout = Duration::seconds(3);
  config.batch_delay = Duration::milliseconds(choices.below(3));
  config.checkpoint_interval = 1 + choices.below(4);
  config.retained_blocks = 1 + choices.below(6);
  config.max_in_flight = 1 + choices.below(4);
  config.max_block_transactions = 1 + choices.below(3);
  config.mempool_limit = Bytes(4'096);
  config.max_block_bytes = Bytes(1'024);
  config.seed = choices.byte();
  // From the seed, which decides nothing else that matters here.
  const auto bodies = static_cast<ProposalBodies>(config.seed % 4 % 3);
  if (bodies != ProposalBodies::kCarried && supports(protocol, bodies)) {
    config.proposal_bodies = bodies;
    config.genesis.version = consensus::kProposalsByDigestSince;
  }
  return config;
}

// The same with one byte of the proofs beside it, or of the names in it, changed.
BlockRef damaged(const Block& block, Choices& choices) {
  Ref<Block> copy = same_block(block, block.payloads);
  copy->availability = block.availability;
  if (!copy->availability.empty() && choices.flag()) {
    copy->availability[choices.number() % copy->availability.size()] ^= choices.byte();
  } else if (!copy->payloads.empty()) {
    copy->payloads.pop_back();
    if (choices.flag()) consensus::seal_block(consensus::HashAlgorithm::kSha256, *copy);
  }
  return BlockRef(std::move(copy));
}

}  // namespace

HostileCluster::HostileCluster(const consensus::ProtocolTraits& protocol, Choices& choices)
    : protocol_(protocol), choices_(choices), config_(config_for(protocol, choices)) {
  const auto replicas = static_cast<uint32_t>(config_.genesis.members.size());
  signer_ = consensus::make_signer(consensus::SignatureScheme::kModelled, kKeySeed, config_.chain,
                                   ReplicaId(replicas - 1));
  const consensus::ProtocolSettings settings;
  for (uint32_t i = 0; i < replicas; ++i) {
    consensus::EngineConfig own = config_;
    own.self = ReplicaId(i);
    nodes_.push_back(std::make_unique<Node>(std::to_string(i), protocol, settings, own, *this));
  }
  for (uint32_t i = 0; i < kPayloads; ++i) {
    const std::vector<uint8_t> bytes(1 + i, static_cast<uint8_t>(i));
    payloads_.push_back(consensus::make_payload(config_.hash, bytes, 1));
  }
  for (const std::unique_ptr<Node>& node : nodes_) node->start();
}

void HostileCluster::run() {
  for (int i = 0; i < kMaxActions && !choices_.empty(); ++i) {
    act();
    check_bounds();
  }
}

void HostileCluster::act() {
  constexpr uint8_t kActions = 16;
  const auto action = static_cast<uint8_t>(choices_.below(kActions));
  if (action < 5) return act_on_network(action);
  if (action == 5) {
    const Duration elapsed = Duration::milliseconds(int64_t{10} * choices_.byte());
    for (const std::unique_ptr<Node>& node : nodes_) node->advance(elapsed);
    return;
  }
  if (action == 11 || action == 12) return say_something_false();
  if (action == 13) return say_bytes();
  act_on_replica(action);
}

void HostileCluster::act_on_network(uint8_t action) {
  if (flights_.empty()) return;
  const size_t chosen =
      choices_.below(static_cast<uint32_t>(std::min<size_t>(flights_.size(), 256)));
  switch (action) {
    case 0:
      for (size_t i = 0; i <= chosen && !flights_.empty(); ++i) deliver_next();
      return;
    case 1: {
      const Flight flight = flights_[chosen];
      flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(chosen));
      return deliver(flight);
    }
    case 2:
      flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(chosen));
      return;
    case 3:
      return deliver(Flight(flights_[chosen]));
    default: {
      // Everything that is under way, and what follows from it, for a while.
      constexpr int kMost = 400;
      for (int i = 0; i < kMost && !flights_.empty(); ++i) deliver_next();
    }
  }
}

void HostileCluster::act_on_replica(uint8_t action) {
  Node& node = some_node();
  switch (action) {
    case 6:
      return node.advance(Duration::milliseconds(int64_t{10} * choices_.byte()));
    case 7:
      return restart(node);
    case 8:
      if (node.running()) node.give(input::ReadRequested{consensus::Token(choices_.number())});
      return;
    case 9:
      return node.running() ? node.crash(choices_.below(4)) : node.start();
    case 10:
      node.set_manual_sync(choices_.flag());
      if (node.running()) node.sync();
      return;
    case 14:
      return reconfigure(node);
    default:
      if (node.running()) node.give(input::Propose{payloads_[choices_.below(kPayloads)]});
  }
}

// Inputs that a host may give at any time.
void HostileCluster::restart(Node& node) {
  if (!node.running()) return node.start();
  const ReplicaId peer(choices_.below(static_cast<uint32_t>(nodes_.size())));
  switch (choices_.below(5)) {
    case 0:
      return node.give(input::PeerUp{peer});
    case 1:
      return node.give(input::PeerDown{peer});
    case 2:
      return node.give(input::PeerWritable{peer});
    case 3:
      return node.give(input::PeerDropped{peer});
    default:
      return node.give(input::WallTime{static_cast<int64_t>(choices_.number())});
  }
}

void HostileCluster::reconfigure(Node& node) {
  if (!node.running()) return;
  consensus::MembershipChange change;
  change.target = config_.genesis.members;
  for (consensus::Member& member : change.target) member.weight = choices_.below(4) == 3 ? 0 : 1;
  if (choices_.below(4) == 0) change.target.pop_back();
  silence_faulty(change.target);
  if (choices_.below(4) == 0) change.transfer_leadership_to = ReplicaId(choices_.below(5));
  for (const std::unique_ptr<Node>& each : nodes_) {
    if (each->running() && !choices_.flag()) each->give(input::Reconfigure{change});
  }
}

// Agreement is promised while liars weigh at most f: of n = 3f + 1 less than a third.
void HostileCluster::silence_faulty(std::vector<consensus::Member>& members) const {
  if (protocol_.faults == consensus::FaultModel::kCrash) return;
  uint64_t all = 0;
  for (const consensus::Member& member : members) all += member.weight;
  for (consensus::Member& member : members) {
    if (member.id.value() == faulty() && uint64_t{3} * member.weight >= all) member.weight = 0;
  }
}

void HostileCluster::deliver_next() {
  const Flight flight = std::move(flights_.front());
  flights_.pop_front();
  deliver(flight);
}

void HostileCluster::deliver(const Flight& flight) {
  if (flight.to.value() >= nodes_.size()) return;
  Node& node = *nodes_[flight.to.value()];
  if (node.running()) node.give(input::MessageReceived{flight.from, flight.message});
}

void HostileCluster::send(const std::string& label, std::optional<ReplicaId> to,
                          const consensus::Membership& members, const MessageRef& message) {
  const ReplicaId from(static_cast<uint32_t>(std::stoul(label)));
  remember(message);
  for (const consensus::Member& member : members.members) {
    if (member.id == from || (to && member.id != *to)) continue;
    if (flights_.size() >= kMaxFlights) flights_.pop_front();
    flights_.push_back({from, member.id, message});
  }
}

void HostileCluster::remember(const MessageRef& message) {
  if (seen_.size() < kSeen) {
    seen_.push_back(message);
  } else {
    seen_[seen_next_++ % kSeen] = message;
  }
}

void HostileCluster::tell(const std::string& /*label*/, const std::string& /*what*/) {}

void HostileCluster::committed(const std::string& label, const consensus::StoredBlock& stored) {
  const bool crash_only = protocol_.faults == consensus::FaultModel::kCrash;
  if (!crash_only && label == std::to_string(faulty())) return;
  const auto [known, fresh] = agreed_.emplace(stored.block->height, stored.block->digest);
  GOVCHAIN_ASSERT(fresh || known->second == stored.block->digest);
}

bool HostileCluster::find_snapshot(const std::string& label,
                                   const consensus::Checkpoint& checkpoint) {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const std::unique_ptr<Node>& node) {
    return node->label() != label && node->has_snapshot(checkpoint);
  });
}

std::string HostileCluster::names(const std::vector<consensus::PayloadRef>& payloads) const {
  return std::to_string(payloads.size());
}

// --- lies

// The faulty replica says what an honest one never would, or somebody else's words.
void HostileCluster::say_something_false() {
  Ref<Message> message = choices_.flag() && !seen_.empty() ? copy_of_seen() : from_nothing();
  if (choices_.flag()) message->sender = ReplicaId(faulty());
  if (choices_.below(4) != 0) message->signature = signer_->sign(message->statement(config_.chain));
  consensus::seal_message(*message);
  const MessageRef sealed(std::move(message));
  remember(sealed);
  const uint32_t first = choices_.below(faulty());
  const bool to_all = choices_.flag();
  for (uint32_t i = 0; i < faulty(); ++i) {
    if (to_all || i == first) lie_to(i, sealed);
  }
}

void HostileCluster::lie_to(uint32_t victim, const MessageRef& message) {
  if (protocol_.faults == consensus::FaultModel::kByzantine) {
    return deliver({ReplicaId(faulty()), ReplicaId(victim), message});
  }
  const Node& node = *nodes_[victim];
  if (!node.running()) return;
  const std::unique_ptr<consensus::Engine> copy = node.engine().clone();
  consensus::EffectSink sink;
  const consensus::Input heard = input::MessageReceived{ReplicaId(faulty()), message};
  copy->step(node.now(), std::span(&heard, 1), sink);
}

Ref<Message> HostileCluster::copy_of_seen() {
  const Message& seen = *seen_[choices_.below(static_cast<uint32_t>(seen_.size()))];
  Ref<Message> message = Ref<Message>::make();
  message->protocol = seen.protocol;
  message->type = seen.type;
  message->lane = seen.lane;
  message->version = seen.version;
  message->by_digest = seen.by_digest;
  message->sender = seen.sender;
  message->epoch = seen.epoch;
  message->view = seen.view;
  message->height = seen.height;
  message->digest = seen.digest;
  message->signature = seen.signature;
  message->body = seen.body;
  message->payloads = seen.payloads;
  message->block = seen.block;
  // One or two things are different.
  for (uint32_t changes = 1 + choices_.below(2); changes > 0; --changes) {
    switch (choices_.below(10)) {
      case 8:
        if (message->block) message->block = damaged(*message->block, choices_);
        break;
      case 9:
        message->by_digest = message->block && !message->by_digest;
        break;
      case 0:
        message->type = choices_.byte();
        break;
      case 1:
        message->view = View(message->view.value() + choices_.below(3));
        break;
      case 2:
        message->height = Height(message->height.value() + choices_.below(3));
        break;
      case 3:
        message->digest = some_digest();
        break;
      case 4:
        message->block = some_block();
        break;
      case 5:
        if (!message->body.empty()) {
          message->body[choices_.byte() % message->body.size()] ^= choices_.byte();
          if (choices_.flag()) message->digest = consensus::hash(config_.hash, message->body);
        }
        break;
      case 6:
        message->body.resize(choices_.byte());
        break;
      default:
        message->epoch = consensus::Epoch(choices_.below(3));
    }
  }
  return message;
}

Ref<Message> HostileCluster::from_nothing() {
  Ref<Message> message = Ref<Message>::make();
  message->protocol = protocol_.protocol;
  message->version = config_.genesis.version;
  message->type = choices_.byte();
  message->sender = ReplicaId(faulty());
  message->epoch = consensus::Epoch(choices_.below(2));
  message->view = View(choices_.number());
  message->height = Height(choices_.number());
  const std::span<const uint8_t> body = choices_.bytes(choices_.byte());
  message->body.assign(body.begin(), body.end());
  message->digest = choices_.flag() ? some_digest() : consensus::hash(config_.hash, message->body);
  if (choices_.flag()) message->block = some_block();
  message->by_digest =
      message->block && config_.proposal_bodies != ProposalBodies::kCarried && !choices_.flag();
  if (choices_.below(4) == 0) message->payloads.push_back(payloads_[choices_.below(kPayloads)]);
  return message;
}

consensus::BlockRef HostileCluster::some_block() {
  if (choices_.flag()) {
    for (const MessageRef& seen : seen_) {
      if (seen->block && choices_.flag()) return seen->block;
    }
  }
  Ref<Block> block = Ref<Block>::make();
  block->height = Height(choices_.byte());
  block->view = View(choices_.byte());
  block->proposer = ReplicaId(faulty());
  for (uint32_t count = choices_.below(3); count > 0; --count) {
    block->payloads.push_back(payloads_[choices_.below(kPayloads)]);
  }
  if (choices_.below(8) == 0) {
    const std::span<const uint8_t> control = choices_.bytes(choices_.byte());
    block->control.assign(control.begin(), control.end());
  }
  consensus::seal_block(config_.hash, *block);
  return consensus::BlockRef(std::move(block));
}

Digest HostileCluster::some_digest() {
  if (seen_.empty() || choices_.flag()) return {};
  const Message& seen = *seen_[choices_.below(static_cast<uint32_t>(seen_.size()))];
  return seen.block && choices_.flag() ? seen.block->digest : seen.digest;
}

// Bytes on the wire, decoded as a host would.
void HostileCluster::say_bytes() {
  const size_t count = size_t{choices_.byte()} * 2;
  const consensus::Result<MessageRef> message =
      consensus::decode_message(config_.chain, config_.hash, choices_.bytes(count));
  if (message) lie_to(choices_.below(faulty()), *message);
}

void HostileCluster::check_bounds() {
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (!node->running()) continue;
    GOVCHAIN_ASSERT(node->engine().memory() <= kMaxEngineMemory);
    GOVCHAIN_ASSERT(node->engine().status().executed <= node->engine().status().committed);
  }
}

Node& HostileCluster::some_node() {
  return *nodes_[choices_.below(static_cast<uint32_t>(nodes_.size()))];
}

}  // namespace govchain::coverage
