#pragma once
// The threads of one replica's process besides its loop, as the node has them
// (consensus/node/README.md): one for its connections, one for its log and store, one for its
// state, one that writes states to the disk, one for signatures and one for those of clients, one
// for the clients' endpoint.

#include "sim/host/processor_model.h"
#include "sim/host/run_queue.h"
#include "sim/host/worker.h"

namespace govchain::sim {

struct ReplicaThreads {
  // Frames, requests or commands that a thread takes from its queue before it looks up.
  static constexpr size_t kAtOnce = 64;

  ReplicaThreads(RunQueue& queue, ProcessorModel costs, Runnable& loop_work)
      : cores(queue),
        model(std::move(costs)),
        process(queue.add_process()),
        loop(queue.add(loop_work, "loop", process, model.turn)),
        transport(queue, "transport", kAtOnce, process),
        storage(queue, "storage", kAtOnce, process),
        execution(queue, "execution", 1, process),
        snapshots(queue, "snapshots", 1, process),
        crypto(queue, "crypto", 1, process, model.first_verify),
        admission(queue, "admission", 1, process, model.first_verify_client),
        endpoint(queue, "endpoint", kAtOnce, process) {}

  void wake_loop() { cores.wake(loop); }
  // The whole process stands still, or goes on.
  void hold(bool held) {
    cores.hold(loop, held);
    for (Worker* worker :
         {&transport, &storage, &execution, &snapshots, &crypto, &admission, &endpoint}) {
      worker->hold(held);
    }
  }
  void clear() {
    for (Worker* worker :
         {&transport, &storage, &execution, &snapshots, &crypto, &admission, &endpoint}) {
      worker->clear();
    }
  }

  RunQueue& cores;
  const ProcessorModel model;
  const ProcessIndex process;
  const ThreadIndex loop;
  Worker transport;
  Worker storage;
  Worker execution;
  Worker snapshots;
  Worker crypto;
  Worker admission;
  Worker endpoint;
};

}  // namespace govchain::sim
