#pragma once
// What operations cost on one class of machine. Filled from a profile file by scenarios/ (or
// measured on real hardware); the figures that ship carry their source there.

#include <memory>
#include <string>

#include "sim/units.h"

namespace govchain::sim {

// CPU time on one core of this machine.
struct OperationCosts {
  Duration message_receive;  // per message: system call share, decode, dispatch, engine step
  Duration message_send;     // per message and receiver: copy to socket, encryption set-up
  Duration
      per_kilobyte_network;      // per 1,000 bytes sent or received (copies, TLS record encryption)
  Duration sign;                 // one signature of the chain's scheme
  Duration verify;               // one verification
  Duration hash_per_kilobyte;    // per 1,000 bytes hashed
  Duration execute_transaction;  // one contract call; scaled by TransactionClass::execution_factor
  Duration admit_transaction;    // client endpoint: parse, check format, mempool
  Duration client_verify;        // client signature check, per transaction
};

// sim/host/measurements.h: single measurements of one machine.
struct Measurements;

struct DiskCosts {
  Duration sync;    // one fdatasync of a small append
  Rate write_rate;  // sequential
  Rate read_rate;
};

struct MachineProfile {
  std::string id;
  std::string description;
  uint32_t cores = 1;
  Bytes memory;
  Rate nic;  // each direction
  OperationCosts costs;
  DiskCosts disk;
  // If there are any, replicas on such a machine are modelled thread by thread
  // (sim/host/processor_model.h), and `costs` stand for nothing but agents' work.
  std::shared_ptr<const Measurements> measurements = nullptr;
};

// Everything free and unlimited: what closed forms assume.
[[nodiscard]] inline MachineProfile free_machine() {
  return MachineProfile{.id = "free",
                        .description = "no cost",
                        .cores = 1,
                        .memory = {},
                        .nic = {},
                        .costs = {},
                        .disk = {},
                        .measurements = nullptr};
}

}  // namespace govchain::sim
