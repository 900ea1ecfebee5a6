#pragma once
// A world, described: places, network, hosts, chains, load, faults and adversaries. Plain data,
// complete: running the same description gives the same bytes on any machine. The simulator knows
// nothing of provinces, money or JSON.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/application.h"
#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/protocol_settings.h"
#include "sim/host/machine_profile.h"
#include "sim/units.h"

namespace govchain::sim {

// Indices into the vectors of WorldSpec.
using PlaceIndex = uint32_t;
using TrunkIndex = uint32_t;
using HostIndex = uint32_t;
using ChainIndex = uint32_t;
using ReplicaIndex = uint32_t;  // within its chain; equals ReplicaId::value() at genesis
using ServiceIndex = uint32_t;

// --- Network
// -------------------------------------------------------------------------------------------------------

// Random addition to (or, for kNormal, around) the base delay of a route, drawn per message.
struct Jitter {
  enum class Kind : uint8_t {
    kNone,
    kNormal,       // N(0, spread), the sum with the base delay cut at zero
    kExponential,  // mean `spread`
    kLogNormal,    // median `spread`, shape `shape`
  };
  Kind kind = Kind::kNone;
  Duration spread;
  double shape = 0;
};

// A link between two places, shared by all traffic that is routed over it; each direction has its
// own capacity.
struct TrunkSpec {
  std::string name;
  PlaceIndex a = 0;
  PlaceIndex b = 0;
  Rate rate;        // each direction; unlimited if zero
  Duration delay;   // one-way propagation
  double loss = 0;  // probability that a message crossing it must be retransmitted once
};

struct PlaceSpec {
  std::string name;
  Duration local_delay;  // one way between two hosts of this place
  Jitter local_jitter;
};

// How messages share cards and trunks.
enum class NetworkModel : uint8_t {
  kFifo,             // first come, first served (network/fifo.h)
  kSimgrid,          // SimGrid's CM02: max-min fair, flows no faster than a TCP window of 4 MiB
  kSimgridUncapped,  // CM02 without that window
  kSimgridLv08,      // SimGrid's LV08, made for transfers over connections that begin cold
};

struct NetworkSpec {
  NetworkModel model = NetworkModel::kFifo;
  std::vector<PlaceSpec> places;
  std::vector<TrunkSpec> trunks;
  // routes[from * places + to]: trunks in order of travel; empty for from == to. Computed by
  // models/network.
  std::vector<std::vector<TrunkIndex>> routes;
  Jitter jitter;  // of every message that crosses a trunk
  Duration retransmission_timeout =
      Duration::milliseconds(200);  // added, doubling, for each loss (RFC 6298 minimum)
  uint32_t connection_setup_round_trips =
      2;  // TCP + TLS 1.3 before a pair's first message and after a crash of either
};

// --- Hosts and chains
// ----------------------------------------------------------------------------------------------

struct HostSpec {
  std::string name;
  PlaceIndex place = 0;
  MachineProfile profile;
  // The host whose cores and disk it uses, if these are not its own: an address of its own on a
  // machine that has several. Names one that has its own.
  std::optional<HostIndex> machine = {};
};

struct ReplicaSpec {
  HostIndex host = 0;
};

struct ChainSpec {
  std::string name;
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  consensus::SignatureScheme scheme = consensus::SignatureScheme::kEd25519;
  consensus::EngineConfig
      engine;  // chain id, self, genesis members and seed are filled in by the world
  consensus::ProtocolSettings settings;
  std::vector<ReplicaSpec> replicas;
  std::vector<uint64_t> weights;        // empty: all 1
  std::vector<ReplicaIndex> witnesses;  // Raft: voters without payloads and state, ascending
  // Newest version of the rules that each replica's software knows at first; empty: the newest.
  // engine.genesis.version is that of the chain's rules.
  std::vector<consensus::ProtocolVersion> software;
  // Makes one replica's state machine; a built-in key-value machine if empty.
  std::function<std::unique_ptr<consensus::Application>()> application;
};

// --- Load
// ----------------------------------------------------------------------------------------------------------

// One kind of transaction of one service.
struct TransactionClass {
  std::string name;
  ServiceIndex service = 0;
  Bytes payload{256};  // business bytes, without signature and framing
  double execution_factor =
      1;  // cost of its contract call relative to OperationCosts::execute_transaction
  // What it calls, as the measurements of a machine name it; empty: nothing that they know.
  std::string contract = {};
};

// Makes the bytes of a transaction in exact runs. `ordinal` counts this source's transactions from
// 0; `random` is a fresh value of the source's own stream. Must return different bytes for
// different ordinals.
using TransactionMaker = std::function<void(uint64_t ordinal, uint64_t random, int64_t wall_time,
                                            std::vector<uint8_t>& out)>;

struct RateStep {
  Duration from;          // since the start of the run
  double per_second = 0;  // transactions offered from then on
};

enum class ArrivalKind : uint8_t { kPoisson, kUniform };

// What clients do who have no answer: after `after`, and then each time after twice as long as
// before, they hand in the same bytes again, at the replicas of `at` in turn. What was refused they
// also try again. Of those who have an answer some miss it, and ask once more.
struct RetrySpec {
  Duration after;
  std::vector<ReplicaIndex> at;  // not empty
  double missed = 0;             // share of the answers
};

// An open-loop stream of transactions into one replica. Arrivals never wait for answers.
struct LoadSpec {
  ChainIndex chain = 0;
  ReplicaIndex ingress = 0;
  uint32_t transaction_class = 0;  // index into WorldSpec::classes
  ArrivalKind arrivals = ArrivalKind::kPoisson;
  std::vector<RateStep> rate;  // ascending by `from`
  // So many clients, each of which asks again as soon as it has its answer: a closed loop in place
  // of a rate, of exact runs. Who was refused waits for kAfterRefusal.
  uint32_t clients = 0;
  static constexpr Duration kAfterRefusal = Duration::milliseconds(100);
  Duration until = Duration::max();
  Duration access_delay;  // client to replica, one way; counted twice in the latency
  // Where the clients run, if what they do takes cores that replicas need too. Charged only where
  // the machine's profile was measured (MachineProfile::measurements).
  std::optional<HostIndex> clients_on = {};
  TransactionMaker maker;               // random bytes of the class's size if empty
  std::optional<RetrySpec> retry = {};  // of exact runs; nothing: they ask once
};

enum class LoadMode : uint8_t {
  kExact,   // every transaction is an object, executed by the application
  kCohort,  // transactions of one load within one interval travel as one payload with their arrival
            // times summarised
};

// --- Faults and adversaries
// ----------------------------------------------------------------------------------------

struct FaultSpec {
  enum class Kind : uint8_t {
    kCrash,  // process and page cache lost: unsynced writes are gone; restarts after `duration`
    kCrashAtPersist,  // the same, at the `count`-th persist effect of the replica after `at`
    kPause,           // the process stands still and then goes on (SIGSTOP)
    kClockDrift,      // the replica's clock runs faster by `magnitude` (0.01 = 1 %)
    kPartition,       // replicas in `group` reach only each other
    kLoss,            // messages of the chain vanish for good with probability `magnitude`
    kDuplicate,       // arrive twice with probability `magnitude`
    kReorder,         // are held back up to `spread` with probability `magnitude`
    kTrunkCut,        // trunk `trunk` carries nothing; routes around it are used if there are any
    kPlaceLoss,       // all hosts of `place` crash and its trunks are cut
    kTornTail,        // as kCrash, and the record being written is left half-written
    kDiskFull,        // appends fail with disk_full
    kSlowDisk,        // syncs take `magnitude` times as long
    kNewSoftware,     // as kCrash, and what restarts knows the rules up to version `software`
    kOneWayCut,       // replicas in `group` are not heard by the others, and hear them
    kClog,            // messages from and to `group` are held back until it ends, then all arrive
    kBitRot,          // as kCrash, and a bit of what was durable in the log has turned: what
                      // restarts after `duration` finds it and refuses, for the rest of the run
  };
  Kind kind = Kind::kCrash;
  Duration at;
  Duration duration = Duration::max();  // max: for the rest of the run (a crash without restart)
  ChainIndex chain = 0;
  std::vector<ReplicaIndex> group;  // the replicas concerned
  PlaceIndex place = 0;
  TrunkIndex trunk = 0;
  double magnitude = 0;
  Duration spread;
  uint64_t count = 1;
  consensus::ProtocolVersion software = consensus::kNewestProtocolVersion;
};

struct AdversarySpec {
  enum class Kind : uint8_t {
    kSilentLeader,        // never proposes
    kEquivocatingLeader,  // proposes different blocks to different replicas
    kDoubleVoter,         // votes for every block it sees, and for a forged one
    kForger,              // sends statements in others' names and certificates with bad signatures
    kMalformedSender,     // sends damaged and random bytes
    kHidingPrimary,       // PBFT, QBFT, HotStuff: starts views that hide what was prepared
    kWithholdingOrigin,   // with certified batches: keeps the bytes of what it wants ordered to
                          // itself or to few, forges certificates, and says it holds others'
    kSelectiveLeader,     // shows what it proposes to some replicas only, others each time
    kCensor,              // neither proposes nor passes on what some clients want ordered
    kFlooder,             // sends everything many times over, with old and far future things
    kAmnesiac,            // whenever it restarts its disk is as it was at `from`: a copy restored
    kTwin,                // runs twice under one key, each for some of the others
  };
  Kind kind = Kind::kSilentLeader;
  ChainIndex chain = 0;
  ReplicaIndex replica = 0;
  Duration from;
};

// --- Requests of readers and operators
// ----------------------------------------------------------------------------------------

// Something asked of one replica at a given time, besides transactions. Ignored by a replica that
// is down; an engine may refuse (consensus/engine.h).
struct RequestSpec {
  enum class Kind : uint8_t {
    kRead,            // a linearizable read
    kMembership,      // make `voters` the voting members and the chain's other replicas learners;
                      // witnesses that do not vote leave
    kLeaderTransfer,  // hand leadership to `leader`
    kForgetLeader,    // Raft: the replica forgets whom it follows
    kUpgrade,         // let the chain follow the rules of `version`
  };
  Kind kind = Kind::kRead;
  bool removes_others = false;  // kMembership: they leave the chain instead of learning
  Duration at;
  ChainIndex chain = 0;
  ReplicaIndex replica = 0;
  std::vector<ReplicaIndex> voters;  // ascending
  ReplicaIndex leader = 0;
  consensus::ProtocolVersion version = consensus::kNewestProtocolVersion;
};

// --- Agents
// --------------------------------------------------------------------------------------------------------

class Agent;  // sim/agent.h: gateways and other actors that watch one chain and submit to another
using AgentMaker = std::function<std::unique_ptr<Agent>()>;

// --- The world
// -----------------------------------------------------------------------------------------------------

enum class CryptoMode : uint8_t { kModelled, kReal };

struct WorldSpec {
  std::string name;
  uint64_t seed = 1;
  Duration duration = Duration::seconds(60);
  Duration warmup = Duration::seconds(10);  // measurements cover [warmup, duration)
  NetworkSpec network;
  std::vector<HostSpec> hosts;
  std::vector<ChainSpec> chains;
  std::vector<std::string> services;
  std::vector<TransactionClass> classes;
  std::vector<LoadSpec> loads;
  std::vector<FaultSpec> faults;
  std::vector<AdversarySpec> adversaries;
  std::vector<RequestSpec> requests;
  std::vector<AgentMaker> agents;
  CryptoMode crypto = CryptoMode::kModelled;
  LoadMode load_mode = LoadMode::kExact;
  Duration cohort_interval = Duration::milliseconds(10);
  // After this a transaction that is not final counts as timed out.
  Duration client_timeout = Duration::seconds(30);
  // The checkers demand progress within this after the last fault is over, if a quorum is up and
  // load is waiting; zero: not demanded.
  Duration progress_bound;
};

}  // namespace govchain::sim
