#include "sim/host/worker.h"

#include <algorithm>
#include <utility>

namespace govchain::sim {

Duration Worker::begin() {
  Duration total;
  if (resumed_ != nullptr) {
    waits_ = false;
    taken_.push_back(Piece{{}, {}, kNoParty, std::exchange(resumed_, nullptr)});
    return total;
  }
  parties_.clear();
  while (!queue_.empty() && taken_.size() < at_once_) {
    Piece& piece = queue_.front();
    total += piece.cost;
    const bool known = piece.party != kNoParty &&
                       std::find(parties_.begin(), parties_.end(), piece.party) != parties_.end();
    if (!known) {
      total += piece.once;
      if (piece.party != kNoParty) parties_.push_back(piece.party);
    }
    taken_.push_back(std::move(piece));
    queue_.pop_front();
  }
  return total;
}

void Worker::end() {
  // A piece may give this worker more, or clear it.
  std::vector<Piece> taken = std::exchange(taken_, {});
  for (Piece& piece : taken) {
    if (piece.done) piece.done();
  }
  if (after_ && !taken.empty()) after_();
  taken.clear();
  if (taken_.empty()) taken_ = std::move(taken);
}

}  // namespace govchain::sim
