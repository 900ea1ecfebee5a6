#include "tests/consensus/script/cluster.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "tests/consensus/script/arguments.h"
#include "tests/consensus/script/chain_view.h"
#include "tests/consensus/script/raft_view.h"

namespace govchain::consensus::testing {

namespace {

constexpr uint64_t kMostDeliveries = 100'000;

std::string number(uint64_t value) { return std::to_string(value); }

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

Cluster::Cluster(const ProtocolTraits& protocol, const EngineConfig& config,
                 const ProtocolSettings& settings)
    : protocol_(&protocol), config_(config), settings_(settings) {}

void Cluster::add(const std::string& label, ReplicaId id) {
  EngineConfig config = config_;
  config.self = id;
  config.seed = config_.seed + id.value();
  nodes_[label] = std::make_unique<Node>(label, *protocol_, settings_, config, *this);
}

void Cluster::start(const std::string& label) {
  nodes_.at(label)->start();
  tell_neighbours(label, true);
}

void Cluster::crash(const std::string& label, uint64_t surviving) {
  nodes_.at(label)->crash(surviving);
  tell_neighbours(label, false);
}

// What transports notice: a connection stands, or no longer does.
void Cluster::tell_neighbours(const std::string& label, bool up) {
  Node& changed = *nodes_.at(label);
  for (auto& [other_label, other] : nodes_) {
    if (other_label == label || !other->running() || other->id() == changed.id()) continue;
    if (up) {
      other->give(input::PeerUp{changed.id()});
      changed.give(input::PeerUp{other->id()});
    } else {
      other->give(input::PeerDown{changed.id()});
    }
  }
}

Node* Cluster::find(const std::string& label) {
  const auto found = nodes_.find(label);
  return found == nodes_.end() ? nullptr : found->second.get();
}

PayloadRef Cluster::payload(const std::string& name) {
  const std::vector<uint8_t> bytes(name.begin(), name.end());
  PayloadRef payload = make_payload(config_.hash, bytes, 1);
  payload_names_[payload->digest] = name;
  return payload;
}

std::string Cluster::names(const std::vector<PayloadRef>& payloads) const {
  std::string text;
  for (const PayloadRef& payload : payloads) {
    if (!text.empty()) text += ',';
    const auto name = payload_names_.find(payload->digest);
    text += name == payload_names_.end() ? "?" : name->second;
  }
  return text;
}

std::string Cluster::describe_chain(const Node& node) const {
  std::vector<StoredBlock> blocks;
  node.store().load(node.store().oldest(), UINT32_MAX, Bytes(UINT64_MAX), blocks);
  std::string text;
  if (node.store().oldest() != Height(1)) text = "from " + number(node.store().oldest().value());
  for (const StoredBlock& stored : blocks) {
    if (!text.empty()) text += ' ';
    text += number(stored.block->height.value()) + "{" + names(stored.block->payloads) + "}";
  }
  return text.empty() ? "empty" : text;
}

void Cluster::send(const std::string& label, std::optional<ReplicaId> to, const Membership& members,
                   const MessageRef& message) {
  if (message->block) blocks_.note(*message, names(message->block->payloads));
  certificates_.note(*message);
  if (trace_) {
    lines_.push_back(label + " -> " + (to ? number(to->value()) : std::string("all")) + " " +
                     describe(*message));
  } else {
    counts_[std::string(protocol_->message_name(message->type))] += to ? 1 : members.size() - 1;
  }
  if (to) {
    enqueue(label, *to, message);
    return;
  }
  const ReplicaId self = nodes_.at(label)->id();
  for (const Member& member : members.members) {
    if (member.id != self) enqueue(label, member.id, message);
  }
}

void Cluster::enqueue(const std::string& from, ReplicaId to, const MessageRef& message) {
  for (const auto& [label, node] : nodes_) {
    if (node->id() != to || label == from) continue;
    Flight flight{from, label, message};
    const bool is_lost =
        is_cut(flight) || std::any_of(lost_.begin(), lost_.end(), [&](const MessageFilter& filter) {
          return matches(filter, flight);
        });
    if (!is_lost) flights_.push_back(std::move(flight));
  }
}

bool Cluster::matches(const MessageFilter& filter, const Flight& flight) const {
  return (filter.from.empty() || contains(filter.from, flight.from)) &&
         (filter.to.empty() || contains(filter.to, flight.to)) &&
         (filter.views.empty() ||
          std::count(filter.views.begin(), filter.views.end(), flight.message->view) > 0) &&
         (filter.types.empty() ||
          contains(filter.types, protocol_->message_name(flight.message->type)));
}

bool Cluster::is_cut(const Flight& flight) const {
  if (groups_.empty()) return false;
  return std::none_of(groups_.begin(), groups_.end(), [&](const auto& group) {
    return contains(group, flight.from) && contains(group, flight.to);
  });
}

void Cluster::arrive(const Flight& flight) {
  Node& node = *nodes_.at(flight.to);
  if (!node.running()) return;
  // Through the bytes, so that a script also shows that what engines send can be read.
  std::vector<uint8_t> bytes;
  encode_message(config_.chain, *flight.message, bytes);
  Result<MessageRef> decoded = decode_message(config_.chain, config_.hash, bytes);
  GOVCHAIN_ASSERT(decoded.ok());
  GOVCHAIN_ASSERT((*decoded)->wire_size == flight.message->wire_size);
  node.give(input::MessageReceived{nodes_.at(flight.from)->id(), *std::move(decoded)});
}

Status Cluster::check_type(const Case& command, const std::string& type) const {
  std::string names;
  for (uint32_t number = 0; number <= UINT8_MAX; ++number) {
    const std::string_view name = protocol_->message_name(static_cast<uint8_t>(number));
    if (name == type) return success();
    if (name != "unknown") names += " " + std::string(name);
  }
  return refuse(command, "there is no message type '" + type + "'; there are:" + names);
}

uint64_t Cluster::deliver(const MessageFilter& filter, uint64_t count) {
  std::vector<Flight> chosen;
  std::deque<Flight> kept;
  for (Flight& flight : flights_) {
    if (chosen.size() < count && matches(filter, flight)) {
      chosen.push_back(std::move(flight));
    } else {
      kept.push_back(std::move(flight));
    }
  }
  flights_ = std::move(kept);
  for (const Flight& flight : chosen) {
    if (trace_) {
      lines_.push_back(flight.to + " <- " + flight.from + " " + describe(*flight.message));
    }
    arrive(flight);
  }
  return chosen.size();
}

uint64_t Cluster::drop(const MessageFilter& filter) {
  const size_t before = flights_.size();
  std::erase_if(flights_, [&](const Flight& flight) { return matches(filter, flight); });
  return before - flights_.size();
}

void Cluster::deliver_all() {
  for (uint64_t delivered = 0; !flights_.empty(); ++delivered) {
    if (delivered == kMostDeliveries) {
      lines_.emplace_back("the replicas do not come to rest");
      return;
    }
    const Flight flight = std::move(flights_.front());
    flights_.pop_front();
    arrive(flight);
  }
}

void Cluster::deliver_all_to(const std::vector<std::string>& to) {
  const MessageFilter filter{{}, to, {}};
  for (uint64_t rounds = 0; deliver(filter, UINT64_MAX) > 0; ++rounds) {
    if (rounds == kMostDeliveries) {
      lines_.emplace_back("the replicas do not come to rest");
      return;
    }
  }
}

void Cluster::settle(const std::vector<std::string>& to) {
  const MessageFilter filter{{}, to, {}};
  for (uint64_t rounds = 0; rounds < kMostDeliveries; ++rounds) {
    bool worked = false;
    for (auto& [label, node] : nodes_) {
      if (!node->running() || !(to.empty() || contains(to, label)) || !node->has_work()) continue;
      worked = true;
      node->sync();
      node->execute(UINT64_MAX);
    }
    if (deliver(filter, UINT64_MAX) == 0 && !worked) return;
  }
  lines_.emplace_back("the replicas do not come to rest");
}

void Cluster::run_for(Duration duration) {
  deliver_all();
  for (uint64_t rounds = 0;; ++rounds) {
    if (rounds == kMostDeliveries) {
      lines_.emplace_back("the replicas do not come to rest");
      return;
    }
    std::optional<Duration> next;
    for (const auto& [label, node] : nodes_) {
      const std::optional<Duration> timer = node->running() ? node->next_timer() : std::nullopt;
      if (timer && (!next || *timer < *next)) next = timer;
    }
    const Duration elapsed = next ? std::min(*next, duration) : duration;
    for (auto& [label, node] : nodes_) {
      node->advance(elapsed);
      deliver_all();
    }
    duration -= elapsed;
    if (duration == Duration::zero() && (!next || *next > Duration::zero())) return;
  }
}

void Cluster::heal() {
  lost_.clear();
  groups_.clear();
}

std::string Cluster::describe(const Message& message) const {
  std::string text(protocol_->message_name(message.type));
  text += " view " + number(message.view.value()) + " height " + number(message.height.value());
  text += describe_raft_body(message);
  const std::string body = describe_chain_body(message, blocks_);
  text += body;
  if (message.block && !message.block->control.empty()) text += " membership change";
  if (body.empty() && message.block && !message.block->payloads.empty()) {
    text += " {" + names(message.block->payloads) + "}";
  }
  if (!message.payloads.empty()) text += " [" + names(message.payloads) + "]";
  return text;
}

std::string Cluster::describe_messages() const {
  std::string text;
  for (const Flight& flight : flights_) {
    text += flight.from + " -> " + flight.to + " " + describe(*flight.message) + "\n";
  }
  return text;
}

std::string Cluster::take_output() {
  std::string text;
  for (const auto& [type, count] : counts_) {
    text += (text.empty() ? "sent: " : ", ") + type + " x" + number(count);
  }
  if (!text.empty()) text += "\n";
  for (const std::string& line : lines_) text += line + "\n";
  counts_.clear();
  lines_.clear();
  return text;
}

void Cluster::tell(const std::string& label, const std::string& what) {
  lines_.push_back(label + ": " + what);
}

// Agreement and exactly-once hold in every script, whatever it prints.
void Cluster::committed(const std::string& label, const StoredBlock& stored) {
  const Block& block = *stored.block;
  const auto [agreed, is_new] = agreed_.emplace(block.height, block.digest);
  if (agreed->second != block.digest) tell(label, "DISAGREES about this block");
  if (!is_new) return;
  for (const PayloadRef& payload : block.payloads) {
    if (!ordered_.emplace(payload->digest, block.height).second) {
      tell(label, "ORDERS A PAYLOAD TWICE: " + names({payload}));
    }
  }
}

bool Cluster::find_snapshot(const std::string& label, const Checkpoint& checkpoint) {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& entry) {
    return entry.first != label && entry.second->running() &&
           entry.second->has_snapshot(checkpoint);
  });
}

}  // namespace govchain::consensus::testing
