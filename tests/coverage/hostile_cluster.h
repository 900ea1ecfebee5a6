#pragma once
// A small chain in the hands of a fuzzer: it chooses what is delivered, lost, repeated, when time
// passes, who crashes, and what a faulty replica says, signed with that replica's own key and no
// other. Whatever it chooses, no engine may fail an assertion, touch memory that is not its own, or
// grow without bound, and honest replicas agree. Where the protocol does not bear lies, a copy of
// the engine hears them and is given up.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/protocol_settings.h"
#include "consensus/protocol_traits.h"
#include "tests/consensus/script/node.h"
#include "tests/coverage/choices.h"

namespace govchain::coverage {

class HostileCluster final : public consensus::testing::NodeHost {
 public:
  HostileCluster(const consensus::ProtocolTraits& protocol, Choices& choices);
  HostileCluster(const HostileCluster&) = delete;
  HostileCluster& operator=(const HostileCluster&) = delete;

  // Until the choices are used up, or a bounded number of them.
  void run();

  void send(const std::string& label, std::optional<consensus::ReplicaId> to,
            const consensus::Membership& members, const consensus::MessageRef& message) override;
  void tell(const std::string& label, const std::string& what) override;
  void committed(const std::string& label, const consensus::StoredBlock& block) override;
  [[nodiscard]] bool find_snapshot(const std::string& label,
                                   const consensus::Checkpoint& checkpoint) override;
  [[nodiscard]] std::string names(
      const std::vector<consensus::PayloadRef>& payloads) const override;

 private:
  struct Flight {
    consensus::ReplicaId from;
    consensus::ReplicaId to;
    consensus::MessageRef message;
  };
  void act();
  void act_on_network(uint8_t action);
  void act_on_replica(uint8_t action);
  void deliver_next();
  void deliver(const Flight& flight);
  void remember(const consensus::MessageRef& message);
  void restart(consensus::testing::Node& node);
  void reconfigure(consensus::testing::Node& node);
  void silence_faulty(std::vector<consensus::Member>& members) const;
  void say_something_false();
  void lie_to(uint32_t victim, const consensus::MessageRef& message);
  void say_bytes();
  [[nodiscard]] consensus::Ref<consensus::Message> copy_of_seen();
  [[nodiscard]] consensus::Ref<consensus::Message> from_nothing();
  [[nodiscard]] consensus::BlockRef some_block();
  [[nodiscard]] consensus::Digest some_digest();
  void check_bounds();
  [[nodiscard]] consensus::testing::Node& some_node();
  [[nodiscard]] uint32_t faulty() const { return static_cast<uint32_t>(nodes_.size()) - 1; }

  const consensus::ProtocolTraits& protocol_;
  Choices& choices_;
  consensus::EngineConfig config_;
  std::unique_ptr<consensus::Signer> signer_;  // of the faulty replica, the last one
  std::vector<std::unique_ptr<consensus::testing::Node>> nodes_;
  std::deque<Flight> flights_;
  std::vector<consensus::MessageRef> seen_;
  size_t seen_next_ = 0;
  std::vector<consensus::PayloadRef> payloads_;
  std::map<consensus::Height, consensus::Digest> agreed_;
};

}  // namespace govchain::coverage
