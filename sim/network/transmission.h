#pragma once
// One send or broadcast under way, with its arrivals in order, so that a broadcast needs one event
// however many receivers it has.

#include <cstdint>
#include <vector>

#include "consensus/assert.h"
#include "sim/network/network.h"

namespace govchain::sim {

struct Transmission {
  Parcel parcel;
  TimePoint origin;        // arrivals are counted from here
  Duration serialisation;  // at the narrowest place passed so far
  uint64_t sequence = 0;   // its place among equal times
  // (nanoseconds after origin) << kReceiverBits | receiver, ascending.
  std::vector<uint64_t> arrivals;
  size_t next = 0;

  // For a copy that crosses trunks of finite rate, one by one.
  PlaceIndex at_place = 0;
  PlaceIndex destination = 0;
  size_t next_trunk = 0;
  std::vector<TrunkIndex> way;
  TimePoint first_bit;
  TimePoint last_bit;
  Duration extra_delay;  // jitter and retransmissions
  ReplicaIndex receiver = 0;

  static constexpr unsigned kReceiverBits = 12;
  static constexpr uint64_t kReceiverMask = (1U << kReceiverBits) - 1;

  void add_arrival(TimePoint at, ReplicaIndex to) {
    const auto after = static_cast<uint64_t>((at - origin).nanoseconds());
    GOVCHAIN_ASSERT(after < (uint64_t{1} << (64U - kReceiverBits)) && to <= kReceiverMask);
    arrivals.push_back(after << kReceiverBits | to);
  }
  [[nodiscard]] TimePoint arrival_time(size_t index) const {
    return origin + Duration::nanoseconds(static_cast<int64_t>(arrivals[index] >> kReceiverBits));
  }
  [[nodiscard]] ReplicaIndex arrival_receiver(size_t index) const {
    return static_cast<ReplicaIndex>(arrivals[index] & kReceiverMask);
  }
};

// Transmissions are recycled and keep their address.
class TransmissionPool {
 public:
  uint32_t take() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<Transmission>());
      free_.push_back(static_cast<uint32_t>(all_.size() - 1));
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  void give(uint32_t index) {
    Transmission& transmission = *all_[index];
    transmission.parcel.message.reset();
    transmission.parcel.bytes.reset();
    transmission.arrivals.clear();
    transmission.next = 0;
    transmission.next_trunk = 0;
    free_.push_back(index);
  }
  [[nodiscard]] Transmission& operator[](uint32_t index) { return *all_[index]; }

 private:
  std::vector<std::unique_ptr<Transmission>> all_;
  std::vector<uint32_t> free_;
};

}  // namespace govchain::sim
