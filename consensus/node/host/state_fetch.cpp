#include "consensus/node/host/state_fetch.h"

#include <algorithm>

#include "consensus/codec.h"

namespace govchain::consensus::node {

namespace {

enum class Word : uint8_t { kRequest = 1, kPart = 2 };
constexpr uint32_t kLargestPart = 16U << 20U;

}  // namespace

std::vector<uint8_t> encode(const StateRequest& request) {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  out.u8(static_cast<uint8_t>(Word::kRequest));
  out.ordinal(request.height);
  out.u64(request.offset);
  return bytes;
}

std::vector<uint8_t> encode(const StatePart& part) {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  out.u8(static_cast<uint8_t>(Word::kPart));
  out.ordinal(part.height);
  out.u64(part.offset);
  out.u64(part.total);
  out.blob(part.bytes);
  return bytes;
}

Result<StateWord> decode_state_word(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  StateWord word;
  switch (static_cast<Word>(in.u8())) {
    case Word::kRequest: {
      StateRequest request;
      request.height = in.ordinal<Height>();
      request.offset = in.u64();
      word.request = request;
      break;
    }
    case Word::kPart: {
      StatePart part;
      part.height = in.ordinal<Height>();
      part.offset = in.u64();
      part.total = in.u64();
      const std::span<const uint8_t> content = in.blob(kLargestPart);
      part.bytes.assign(content.begin(), content.end());
      word.part = std::move(part);
      break;
    }
    default:
      in.fail();
  }
  if (!in.finished()) {
    return Error{ErrorCode::kMalformed, "neither a request for a state nor a part of one", {}};
  }
  return word;
}

StateFetch::Progress StateFetch::begin(const Checkpoint& checkpoint, std::vector<ReplicaId> peers,
                                       TimePoint now) {
  checkpoint_ = checkpoint;
  peers_ = std::move(peers);
  active_ = true;
  never_mix_ = false;
  attempt_ = 0;
  bytes_.clear();
  total_.reset();
  return next_peer(now);
}

StateFetch::Progress StateFetch::next_peer(TimePoint now) {
  Progress progress;
  waiting_ = false;
  if (peers_.empty() || attempt_ >= settings_.rounds * peers_.size()) {
    active_ = false;
    progress.failed = true;
    return progress;
  }
  Duration patience = settings_.patience;
  for (uint32_t i = 0; i < attempt_ && patience < settings_.longest_patience; ++i) {
    patience = patience * 2;
  }
  gives_up_at_ = now + std::min(patience, settings_.longest_patience);
  ++attempt_;
  if (never_mix_) {
    bytes_.clear();
    total_.reset();
  }
  asked_ = bytes_.size();
  ask_more(progress);
  return progress;
}

void StateFetch::ask_more(Progress& progress) {
  const ReplicaId peer = peers_[(attempt_ - 1) % peers_.size()];
  // How long it is only the first part says.
  const uint64_t end = total_ ? *total_ : bytes_.size() + 1;
  const uint64_t window = bytes_.size() + settings_.part_bytes * settings_.parts_under_way;
  while (asked_ < std::min(end, window)) {
    progress.asks.push_back({peer, StateRequest{checkpoint_.height, asked_}});
    asked_ += settings_.part_bytes;
  }
}

// Parts come in the order in which they were asked for, as the connection keeps it. Anything else
// is an answer to a question that has been given up, or a lie.
StateFetch::Progress StateFetch::on_part(ReplicaId from, StatePart part, TimePoint now) {
  if (!active_ || waiting_ || part.height != checkpoint_.height ||
      from != peers_[(attempt_ - 1) % peers_.size()]) {
    return {};
  }
  if (part.total == 0 || part.total > settings_.largest) return next_peer(now);
  if (part.offset != bytes_.size()) return {};
  const uint64_t left = part.total > part.offset ? part.total - part.offset : 0;
  const bool fits = !part.bytes.empty() && part.bytes.size() <= left &&
                    (part.bytes.size() == left || part.bytes.size() == settings_.part_bytes);
  // Peers have states of one length if they have the same; who says otherwise after others had
  // their turn begins anew.
  if (!fits || (total_ && *total_ != part.total)) {
    never_mix_ = true;
    return next_peer(now);
  }
  total_ = part.total;
  bytes_.insert(bytes_.end(), part.bytes.begin(), part.bytes.end());
  Progress progress;
  if (bytes_.size() == *total_) {
    waiting_ = true;
    progress.complete = true;
    return progress;
  }
  gives_up_at_ = std::max(gives_up_at_, now + settings_.patience);
  ask_more(progress);
  return progress;
}

StateFetch::Progress StateFetch::on_time(TimePoint now) {
  if (!active_ || waiting_ || now < gives_up_at_) return {};
  return next_peer(now);
}

StateFetch::Progress StateFetch::on_down(ReplicaId peer, TimePoint now) {
  if (!active_ || waiting_ || peer != peers_[(attempt_ - 1) % peers_.size()]) return {};
  return next_peer(now);
}

StateFetch::Progress StateFetch::on_mismatch(TimePoint now) {
  if (!active_) return {};
  never_mix_ = true;
  bytes_.clear();
  total_.reset();
  return next_peer(now);
}

std::optional<TimePoint> StateFetch::deadline() const {
  if (!active_ || waiting_) return std::nullopt;
  return gives_up_at_;
}

}  // namespace govchain::consensus::node
