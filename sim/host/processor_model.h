#pragma once
// What the threads of one replica of a protocol cost on a machine that was measured: every figure
// from a row of its measurements, none fitted to anything.
//
// Where a figure depends on more than was measured, straight lines are drawn between what was:
// payloads of a block (1 and 100), transactions of a block (1, 30 and 500), bytes. Of replicas the
// nearest number that was measured counts.

#include <array>
#include <string>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/input.h"
#include "consensus/protocol_traits.h"
#include "consensus/result.h"
#include "sim/host/flushes.h"
#include "sim/host/measurements.h"
#include "sim/host/run_queue.h"

namespace govchain::sim {

// Of one step of an engine.
struct StepCost {
  Duration one;      // in blocks of one payload
  Duration hundred;  // in blocks of a hundred
  [[nodiscard]] Duration of(size_t payloads) const;
};

// Of encoding or decoding one type of message.
struct CodecCost {
  Duration time;
  Bytes size;  // of the message that was measured
  // Of a message that carries payloads the time grows with the size; a vote is a vote.
  [[nodiscard]] Duration of(Bytes message) const;
};

// Of something that is done again and again while a thread is awake.
struct BatchCost {
  Duration once;  // for whatever there is
  Duration each;
};

class ProcessorModel {
 public:
  // Errors: kNotFound with the row that is missing.
  [[nodiscard]] static consensus::Result<ProcessorModel> make(
      const Measurements& measurements, const consensus::ProtocolTraits& protocol,
      uint32_t replicas, consensus::SignatureScheme scheme, consensus::HashAlgorithm hash);

  // Of the machine alone; what is missing is nothing, and make() says so.
  [[nodiscard]] static WakeCosts wake_costs(const Measurements& measurements);

  [[nodiscard]] Duration step(const consensus::Input& input) const;
  [[nodiscard]] Duration encode(const consensus::Message& message) const;
  [[nodiscard]] Duration decode(const consensus::Message& message) const;
  // A block's transactions of one contract; `share` of all that are in the block. Of a contract
  // that was not measured `factor` times what a call of factor 1 takes. `state` is what is there
  // already, as a snapshot has it: the larger it is, the longer are the ways and the less of it is
  // in the caches.
  [[nodiscard]] Duration execute(const std::string& contract, double factor, Bytes payload,
                                 uint64_t of_this, uint64_t in_block, Bytes state) const;
  // A record of the states that calls were measured on, in a snapshot.
  static constexpr uint64_t kBytesPerMeasuredRecord = 65;

  WakeCosts wake;
  Duration hand_over;  // one item of a mailbox whose reader is awake
  // What the first step of a loop's turn takes more, since others had the core meanwhile.
  Duration turn;
  Duration sign;
  Duration verify;
  Duration verify_client;
  // What the first signature of a turn takes more.
  Duration first_verify;
  Duration first_verify_client;
  Duration hash_per_kilobyte;
  // A frame on its way out or in, and the system's calls for what goes to or comes from one peer.
  BatchCost send;
  BatchCost receive;
  Duration send_per_kilobyte;
  Duration receive_per_kilobyte;
  BatchCost log;  // a record in the log, and its sync's own processor time
  Duration log_per_kilobyte;
  BatchCost store;              // a payload of a block in the store, and the block
  FlushTimes flush;             // from the sync's call until the disk has it
  Duration state_per_kilobyte;  // of executed blocks: what they changed, for the state's records
  Duration write_per_kilobyte;  // until it is on the disk
  BatchCost serve;              // the endpoint: a request and its answer
  BatchCost client;             // the same for who asks

 private:
  struct ContractCost {
    std::string contract;  // empty: a call of factor 1
    // In blocks of 1, 30 and 500.
    std::array<Duration, 3> each;
    std::array<Duration, 3> each_large;  // on the large state; nothing: was not measured
    Duration per_kilobyte;
    Bytes payload;  // with which it was measured
  };
  static constexpr size_t kTypes = 256;
  static constexpr std::array<uint64_t, 3> kBlocks = {1, 30, 500};
  static constexpr uint64_t kSmallState = 10'000;  // records
  static constexpr uint64_t kLargeState = 1'000'000;
  [[nodiscard]] static Duration in_block_of(const std::array<Duration, 3>& each,
                                            uint64_t transactions);

  friend class ProcessorModelMaker;

  std::array<StepCost, kTypes> messages_;
  std::array<StepCost, kTypes> verified_;
  std::array<StepCost, std::variant_size_v<consensus::Input>> inputs_;
  std::array<CodecCost, kTypes> encode_;
  std::array<CodecCost, kTypes> decode_;
  std::vector<ContractCost> contracts_;
};

}  // namespace govchain::sim
