#pragma once
// The world of a script: replicas, the messages under way between them, and what is told about it.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/protocol_settings.h"
#include "consensus/protocol_traits.h"
#include "consensus/result.h"
#include "tests/consensus/data_driven.h"
#include "tests/consensus/script/block_names.h"
#include "tests/consensus/script/certificate_book.h"
#include "tests/consensus/script/node.h"

namespace govchain::consensus::testing {

// Which messages a command is about; empty lists mean any.
struct MessageFilter {
  std::vector<std::string> from;  // labels of replicas
  std::vector<std::string> to;
  std::vector<std::string> types;  // message names
  std::vector<View> views = {};
};

// What a liar says in a replica's name, signed with its key.
struct Saying {
  std::string from;  // label
  std::vector<std::string> to;
  std::string type;
  View view;
  Height height;
  std::string block;                   // its payloads, "a,b"; "nil" for none
  std::optional<int64_t> valid_round;  // of a Tendermint proposal
  std::optional<View> prepared;        // round of a QBFT ROUND-CHANGE that proves nothing
  View on;                             // a HotStuff proposal: view of its parent; 0: the root
  bool forged = false;                 // its signature is not good
};

class Cluster final : public NodeHost {
 public:
  Cluster(const ProtocolTraits& protocol, const EngineConfig& config,
          const ProtocolSettings& settings = {});
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // A replica with this identity; labels are unique, identities need not be: two replicas with the
  // same identity are twins, which is how a script makes an equivocating replica.
  void add(const std::string& label, ReplicaId id);
  void start(const std::string& label);
  void crash(const std::string& label, uint64_t surviving);
  [[nodiscard]] Node* find(const std::string& label);
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Node>>& nodes() const { return nodes_; }
  [[nodiscard]] const EngineConfig& config() const { return config_; }

  // The payload that a script calls by this name: its bytes are the name.
  [[nodiscard]] PayloadRef payload(const std::string& name);
  [[nodiscard]] std::string names(const std::vector<PayloadRef>& payloads) const override;
  [[nodiscard]] std::string describe_chain(const Node& node) const;

  // An error if no message of this protocol is called so.
  [[nodiscard]] Status check_type(const Case& command, const std::string& type) const;
  // Delivers the messages now under way that match, at most `count`, in the order in which they
  // were sent. Messages that are sent meanwhile stay under way.
  uint64_t deliver(const MessageFilter& filter, uint64_t count);
  uint64_t drop(const MessageFilter& filter);
  [[nodiscard]] Status say(const Saying& saying);
  // Delivers until nothing is under way.
  void deliver_all();
  // Delivers to these until nothing for them is under way.
  void deliver_all_to(const std::vector<std::string>& to);
  // The same, for everybody if `to` is empty, with manual disks and executions doing what they are
  // asked on the way.
  void settle(const std::vector<std::string>& to);
  // Lets time pass for everybody, delivering at once whatever is sent.
  void run_for(Duration duration);

  // From now on messages that match are lost as they are sent, and messages between different
  // groups, too; heal() ends both.
  void lose(MessageFilter filter) { lost_.push_back(std::move(filter)); }
  void partition(std::vector<std::vector<std::string>> groups) { groups_ = std::move(groups); }
  void heal();

  // Lines told since the last call. Messages are told one by one if `trace` is set, otherwise
  // counted by type.
  [[nodiscard]] std::string take_output();
  void set_trace(bool trace) { trace_ = trace; }
  [[nodiscard]] const BlockNames& block_names() const { return blocks_; }
  // Messages under way, one per line.
  [[nodiscard]] std::string describe_messages() const;

  void send(const std::string& label, std::optional<ReplicaId> to, const Membership& members,
            const MessageRef& message) override;
  void tell(const std::string& label, const std::string& what) override;
  void committed(const std::string& label, const StoredBlock& block) override;
  [[nodiscard]] bool find_snapshot(const std::string& label, const Checkpoint& checkpoint) override;

 private:
  struct Flight {
    std::string from;
    std::string to;
    MessageRef message;
  };
  [[nodiscard]] bool matches(const MessageFilter& filter, const Flight& flight) const;
  [[nodiscard]] bool is_cut(const Flight& flight) const;
  [[nodiscard]] std::string describe(const Message& message) const;
  // --- adversary.cpp
  [[nodiscard]] Status say_about(const Saying& saying, const Node& liar, Message& message);
  [[nodiscard]] Status say_tendermint(const Saying& saying, Message& message) const;
  void say_qbft(const Saying& saying, Message& message) const;
  [[nodiscard]] Status say_hotstuff(const Saying& saying, Message& message);
  [[nodiscard]] const BlockNames::Known* block_of(const Saying& saying) const;

  void enqueue(const std::string& from, ReplicaId to, const MessageRef& message);
  void arrive(const Flight& flight);
  void tell_neighbours(const std::string& label, bool up);

  const ProtocolTraits* protocol_;
  EngineConfig config_;
  ProtocolSettings settings_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;
  std::deque<Flight> flights_;
  std::vector<MessageFilter> lost_;
  std::vector<std::vector<std::string>> groups_;
  std::map<Digest, std::string> payload_names_;
  BlockNames blocks_;
  CertificateBook certificates_;
  std::map<Height, Digest> agreed_;   // block digest that the first to commit it committed
  std::map<Digest, Height> ordered_;  // payload -> height
  std::vector<std::string> lines_;
  std::map<std::string, uint64_t> counts_;  // messages by type since the last output
  bool trace_ = false;
};

}  // namespace govchain::consensus::testing
