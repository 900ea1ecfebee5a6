#pragma once
// What the parts of one run share. Owned by the world; nothing here is global.

#include <deque>
#include <map>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "consensus/application.h"
#include "consensus/crypto/crypto.h"
#include "consensus/membership.h"
#include "sim/checkers/observer.h"
#include "sim/host/cpu.h"
#include "sim/host/disk.h"
#include "sim/host/flushes.h"
#include "sim/host/run_queue.h"
#include "sim/host/worker.h"
#include "sim/kernel.h"
#include "sim/load/transaction_book.h"
#include "sim/network/network.h"
#include "sim/world.h"

namespace govchain::sim {

class ReplicaHost;

// A state, as bytes, shared by all replicas that took it at the same height with the same root.
using SnapshotBytes = std::shared_ptr<const std::vector<uint8_t>>;

// What is known of a chain as a whole.
struct ChainRuntime {
  const ChainSpec* spec = nullptr;
  ChainIndex index = 0;
  EndpointIndex first_endpoint = 0;
  consensus::ChainId id;
  consensus::Membership genesis;
  std::unique_ptr<consensus::Verifier> verifier;
  std::map<std::pair<uint64_t, consensus::Digest>, std::weak_ptr<const std::vector<uint8_t>>>
      snapshots;
  // Verdicts on recent messages. A broadcast is one object for all its receivers, so its signature
  // is computed once for all of them; each is charged for it. Holding the message keeps its address
  // its own.
  struct Verdict {
    consensus::MessageRef message;
    bool valid = false;
  };
  static constexpr size_t kVerdicts = 1'024;
  std::vector<Verdict> verdicts = std::vector<Verdict>(kVerdicts);
  // By height: the proof that stands for all equal ones (ReplicaHost::shared_certificate).
  std::map<uint64_t, consensus::CertificateRef> certificates;
  // By height, from 1: contract calls in it, weighted with their class's factor, in 1/1024; when a
  // leader first wrote it.
  std::deque<uint64_t> execution_weight;
  // By height, from 1: how long its execution takes on machines that were measured.
  std::deque<Duration> execution_times;
  // The largest snapshot so far.
  Bytes state;
  // The process of its clients; null if it has none that costs anything.
  std::unique_ptr<Worker> client_process;
  std::deque<TimePoint> proposed_at;

  uint64_t committed_height = 0;  // highest released anywhere
  consensus::Digest history;      // over all committed blocks
  // What agents submitted and somebody committed. They may submit the same again.
  std::unordered_set<consensus::Digest> ordered_of_agents;
  uint64_t window_blocks = 0;  // committed in the measured window
  Bytes committed_payload;     // bytes, whole run
  TimePoint last_commit;
  uint64_t highest_view = 0;
  consensus::EngineCounters counters;  // of engines that have ended
};

// Gets what clients and gateways see.
class ClientSide {
 public:
  virtual ~ClientSide() = default;
  // The block is final and executed at `who`; `receipts` has one entry per transaction with bytes.
  // Clients of its payloads from `first` up to `last` hear of it now.
  virtual void on_answered(ReplicaAddress who, const consensus::Block& block,
                           std::span<const consensus::Receipt> receipts, const PathCost& path,
                           size_t first, size_t last) = 0;
  virtual void on_checkpoint(ReplicaAddress who, const consensus::Checkpoint& checkpoint) = 0;
  virtual void on_refused(EndpointIndex at, const consensus::Payload& payload) = 0;
  // The replica has it already: in a block that it skipped with a snapshot, so that it is final,
  // but without a receipt; or, if its client has asked again, still on its way.
  virtual void on_duplicate(EndpointIndex at, const consensus::Payload& payload) = 0;
  // The same of all payloads of a block that were submitted at `who`.
  virtual void on_skipped(ReplicaAddress who, const consensus::Block& block) = 0;
  // The read that ReplicaHost::read() began is answered from this state; null: refused.
  virtual void on_read(consensus::Token token, const consensus::Application* state) = 0;
};

struct Fabric {
  const WorldSpec& spec;
  const RunOptions& options;
  Kernel& kernel;
  Network& network;
  std::vector<Cpu>& cpus;    // per host; of one that has none of its own never used
  std::vector<Disk>& disks;  // likewise
  // Of the machines that were measured, which use these instead; null or unused elsewhere.
  std::vector<std::unique_ptr<RunQueue>>& run_queues;
  std::vector<Flushes>& flushes;
  std::vector<Observer*>& observers;
  TransactionBook& book;
  ClientSide& clients;
  std::vector<ChainRuntime>& chains;
  std::vector<std::unique_ptr<ReplicaHost>>& replicas;  // per endpoint

  template <typename Call>
  void observe(Call&& call) {
    for (Observer* observer : observers) call(*observer);
  }
};

}  // namespace govchain::sim
