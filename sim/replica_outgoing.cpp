// What leaves a replica: when its ticket is durable, and how it gets to the wire.

#include <algorithm>
#include <utility>

#include "sim/replica_host.h"

namespace govchain::sim {

using consensus::ReplicaId;
using consensus::Ticket;

void ReplicaHost::gate(Gated gated) {
  gated.since = now();
  gated.path = cause_;
  if (gated.after <= log_.durable()) {
    release(gated);
  } else {
    gated_.push_back(std::move(gated));
  }
}

void ReplicaHost::release_durable() {
  // In the order in which they were asked for, whatever their tickets.
  const Ticket durable = log_.durable();
  std::vector<Gated> waiting = std::exchange(gated_, std::move(gated_room_));
  for (Gated& gated : waiting) {
    if (gated.after <= durable) {
      release(gated);
    } else {
      gated_.push_back(std::move(gated));
    }
  }
  waiting.clear();
  gated_room_ = std::move(waiting);
}

void ReplicaHost::release(Gated& gated) {
  gated.path.disk += now() - gated.since;
  fabric_.observe([&](Observer& observer) {
    observer.on_release(address_, now(), gated.kind, gated.after, log_.durable());
  });
  switch (gated.kind) {
    case GatedEffect::kSend:
    case GatedEffect::kBroadcast: {
      const ReplicaId* to = gated.kind == GatedEffect::kSend ? &gated.to : nullptr;
      fabric_.observe(
          [&](Observer& observer) { observer.on_send(address_, now(), to, *gated.message); });
      if (interceptor_) {
        intercept_sent(to, gated.message);
      } else {
        transmit(to, gated.message, gated.path);
      }
      break;
    }
    case GatedEffect::kCommit:
      release_commit(gated);
      break;
    case GatedEffect::kTruncate:
      // Blocks that the log alone holds must be in the store first.
      truncate_before_ = std::max(truncate_before_, gated.before);
      store_dirty_ = true;
      break;
  }
}

void ReplicaHost::transmit(const ReplicaId* to, const consensus::MessageRef& message,
                           PathCost path) {
  Parcel parcel;
  parcel.from = endpoint_;
  parcel.lane = message->lane;
  parcel.size = message->wire_size;
  parcel.message = message;
  if (message->block) {
    // A proposal begins a new path.
    note_proposal(message->block->height);
  } else {
    parcel.path = path;
  }
  if (to == nullptr) {
    put_on_wire(peers_, std::move(parcel));
    return;
  }
  const ReplicaIndex receiver = to->value();
  if (receiver == address_.replica || receiver >= chain().spec->replicas.size()) return;
  put_on_wire(std::span(&receiver, 1), std::move(parcel));
}

// One thread hands the copies to the card, one after the other.
void ReplicaHost::put_on_wire(std::span<const ReplicaIndex> receivers, Parcel parcel) {
  if (receivers.empty()) return;
  if (threads_) return send_frames(receivers, parcel);
  Duration each = costs_.message_send;
  if (costs_.per_kilobyte_network != Duration::zero()) {
    each += Duration::nanoseconds(
        static_cast<int64_t>(static_cast<uint64_t>(costs_.per_kilobyte_network.nanoseconds()) *
                             parcel.size.count() / 1'000U));
  }
  TimePoint first = now();
  if (each > Duration::zero()) {
    const Duration total = each * static_cast<int64_t>(receivers.size());
    send_free_ = cpu().run_on(send_core_, std::max(now(), send_free_), total);
    first = send_free_ - total + each;
  }
  fabric_.network.broadcast(parcel, receivers, first, each);
}

}  // namespace govchain::sim
