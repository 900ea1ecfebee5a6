#pragma once
// A gateway: carries requests from one chain to another and their decisions back. It stands on both
// sides (one end at a place of each chain), watches one replica of each, and trusts neither: it
// checks a checkpoint's certificate before it spends bandwidth on it, and the chains check again.
//
//   source commits request -> stable checkpoint covers it -> request, Merkle proof and certificate
//   travel over the trunks -> target commits execute -> stable checkpoint covers the decision ->
//   decision, proof and certificate travel back -> source commits settle
//
// Nothing depends on a gateway but time. One that stops is replaced by another with the same links
// and a patience above zero, which takes up whatever nobody has moved for that long; what both
// carry is refused once on the chain. After a restart a gateway reads what is pending from the
// outbox.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "models/ledger/ledger.h"
#include "models/services/gateway/contract.h"
#include "sim/agent.h"
#include "sim/world_spec.h"

namespace govchain::models {

// One end of a link: a chain, the replica that the gateway asks, and where it stands there.
struct GatewayEnd {
  sim::ChainIndex chain = 0;
  sim::ReplicaIndex replica = 0;
  sim::PlaceIndex place = 0;
  sim::HostIndex host = 0;      // charged with checking certificates of the other chain
  consensus::ChainId chain_id;  // as its ledger and its engine have it
  DepartmentId department;      // with Role::kGateway on that chain
  std::shared_ptr<consensus::Signer>
      key;  // signs its transactions; may be null where nobody checks
};

// One direction: requests from source to target.
struct GatewayLink {
  GatewayEnd source;
  GatewayEnd target;
  sim::ServiceIndex service = 0;  // latency from the request's submission to its settlement
  uint32_t execute_class = 0;     // transaction classes of what it submits
  uint32_t settle_class = 0;
  // How long a request may stand still before this gateway takes it up; zero for the first gateway.
  sim::Duration patience;
  // Without an answer for this long, a step is tried anew with fresh proofs.
  sim::Duration retry = sim::Duration::seconds(5);
  // A chain with little to do makes no checkpoint; after this long the gateway submits a
  // transaction that does nothing but make a block. Zero: never.
  sim::Duration nudge;
  int64_t validity = 600'000'000'000;  // of its transactions, in nanoseconds; at most the ledgers'
};

struct GatewayCounters {
  uint64_t taken = 0;      // requests taken up
  uint64_t completed = 0;  // settled by this gateway
  uint64_t compensated = 0;
  uint64_t settled_by_others = 0;
  uint64_t retries = 0;
  uint64_t nudges = 0;
  uint64_t bad_certificates = 0;
};

class Gateway final : public sim::Agent {
 public:
  // Requests under way at a time; the rest wait in the outbox.
  static constexpr size_t kMaxTasks = 4'096;

  explicit Gateway(GatewayLink link) : link_(std::move(link)) {}

  [[nodiscard]] std::vector<Watch> watches() const override;
  void start(sim::AgentContext& context) override;
  void on_block(sim::AgentContext& context, sim::ChainIndex chain, const consensus::Block& block,
                std::span<const consensus::Receipt> receipts) override;
  void on_checkpoint(sim::AgentContext& context, sim::ChainIndex chain,
                     const consensus::Checkpoint& checkpoint) override;
  void on_final(sim::AgentContext& context, uint64_t cookie, consensus::Receipt receipt) override;
  void on_refused(sim::AgentContext& context, uint64_t cookie) override;
  void on_transferred(sim::AgentContext& context, uint64_t cookie) override;
  void on_timer(sim::AgentContext& context, uint64_t cookie) override;

  [[nodiscard]] const GatewayCounters& counters() const { return counters_; }
  [[nodiscard]] size_t tasks() const { return tasks_.size(); }

 private:
  enum class Stage : uint8_t {
    kWaiting,    // for patience to run out, or for the source's next checkpoint
    kCarrying,   // the request is on its way, or submitted to the target
    kDecided,    // the target has committed its decision; wait for a checkpoint that covers it
    kReturning,  // the decision is on its way back, or submitted to the source
  };
  struct Task {
    gateway::RequestName name;
    gateway::Request request;
    Stage stage = Stage::kWaiting;
    uint16_t attempt = 0;          // counts what was sent or armed, so that late answers are known
    std::vector<uint8_t> message;  // transaction under way
    bool took_effect = false;      // what the target decided, once known
  };
  using Tasks = std::map<uint64_t, Task>;  // by place in the outbox

  void scan_outbox(sim::AgentContext& context);
  void carry(sim::AgentContext& context, uint64_t index, Task& task);
  void bring_back(sim::AgentContext& context, uint64_t index, Task& task);
  void retry(sim::AgentContext& context, uint64_t index, Task& task);
  void settled(sim::AgentContext& context, Tasks::iterator place, bool by_this_gateway);
  void send(sim::AgentContext& context, uint64_t index, Task& task, const GatewayEnd& from,
            const GatewayEnd& to);
  void arm(sim::AgentContext& context, uint64_t index, Task& task, sim::Duration after);
  void nudge(sim::AgentContext& context, const GatewayEnd& end);
  // The tree and the evidence of the newest checkpoint of an end, if its replica is up, still has
  // that state, and the certificate is good.
  struct Certified {
    const StateTree* tree = nullptr;
    gateway::CheckpointEvidence evidence;
  };
  [[nodiscard]] Certified certified(sim::AgentContext& context, const GatewayEnd& end,
                                    const GatewayEnd& checker);
  [[nodiscard]] const Ledger* ledger_of(sim::AgentContext& context, const GatewayEnd& end) const;
  // Drops a task that somebody else settled; true if it did.
  bool drop_if_settled(sim::AgentContext& context, uint64_t index, Task& task);
  [[nodiscard]] std::vector<uint8_t> transaction(sim::AgentContext& context, const GatewayEnd& end,
                                                 gateway::Method method,
                                                 std::vector<uint8_t> arguments);

  GatewayLink link_;
  Tasks tasks_;
  uint64_t scanned_ = 0;  // outbox entries looked at
  uint64_t nonce_ = 0;    // of this gateway's transactions
  uint64_t salt_ = 0;     // keeps nonces of two gateways with one identity apart
  bool nudge_armed_ = false;
  consensus::Height uncovered_source_;  // newest block of the source with a request
  consensus::Height uncovered_target_;  // newest block of the target with a decision
  struct CheckedCheckpoint {
    consensus::Digest root;
    consensus::Height height;
    bool good = false;
  };
  CheckedCheckpoint checked_source_;  // certificates are checked once per checkpoint
  CheckedCheckpoint checked_target_;
  GatewayCounters counters_;
};

// A pair of gateways (the first, and one that stands in for it) for one direction between two
// chains of `world`.
struct GatewayPlan {
  GatewayLink link;
  // Second gateway: its own department on both chains, its own places and hosts.
  bool standby = false;
  GatewayLink standby_link;
};

// Checks each link against the world (chains, replicas, places, hosts, services and classes exist;
// the two ends are different chains; a standby has patience) and appends one agent maker per
// gateway, first before standby, in the order of `plans`.
[[nodiscard]] consensus::Status add_gateways(sim::WorldSpec& world,
                                             std::span<const GatewayPlan> plans);

}  // namespace govchain::models
