#pragma once
// What a replica has in memory of its log: the term of every entry above `base`, and the entries
// that are not executed yet or were lately. A ring that grows to the working set and then allocates
// nothing.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/block.h"
#include "consensus/codec.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::raft {

class Log {
 public:
  struct Entry {
    BlockRef block;  // null once it is only in the block store, and at a witness
    View term;
    Ticket ticket;  // of the write-ahead-log record that holds it
  };

  // Highest height whose entry is gone from here; everything up to it is committed.
  [[nodiscard]] Height base() const { return base_; }
  [[nodiscard]] Height last() const { return base_ + size_; }
  // Nullopt for the base itself if the log was restored without it.
  [[nodiscard]] std::optional<View> term_at(Height height) const;
  [[nodiscard]] View last_term() const { return term_at(last()).value_or(View()); }
  // Highest height at or below `from`, not below base, whose term is at most `term`: where two logs
  // can agree at best (etcd-io/raft, findConflictByTerm).
  [[nodiscard]] Height agreement(Height from, View term) const;

  // Null if it is not in memory.
  [[nodiscard]] BlockRef block_at(Height height) const;
  [[nodiscard]] Ticket ticket_at(Height height) const;

  // The entry after last().
  void append(BlockRef block, Ticket ticket);
  // The same of a witness: the block is not kept.
  void append(Height height, View term, Ticket ticket);
  // Gives up `from` and everything after it.
  void truncate(Height from);
  // Gives up what is at or below `height`.
  void compact(Height height);
  // Starts anew after a snapshot; nullopt: the term there is not known.
  void reset(Height height, std::optional<View> term);

  // Lets go of executed blocks, oldest first, until at most `count` of them and `bytes` are left;
  // heights above `executed` stay.
  void trim_cache(Height executed, uint32_t count, Bytes bytes);

  [[nodiscard]] Bytes memory() const;
  void encode_state(Writer& out) const;

 private:
  [[nodiscard]] bool holds(Height height) const { return height > base_ && height <= last(); }
  [[nodiscard]] Entry& at(Height height);
  [[nodiscard]] const Entry& at(Height height) const;
  void grow();
  Entry& add(Height height, View term, Ticket ticket);

  std::vector<Entry> ring_;  // a power of two
  uint64_t head_ = 0;        // place of base_ + 1
  uint64_t size_ = 0;
  Height base_;
  std::optional<View> base_term_ = View();
  Height cached_from_{1};  // lowest height that may have its block
  Bytes cached_bytes_;     // of payloads of the blocks held
};

}  // namespace govchain::consensus::raft
