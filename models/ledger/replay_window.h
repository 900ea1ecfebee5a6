#pragma once
// Which transactions were handled, and how, for as long as they could still be replayed.
//
// A transaction names the last block time at which it may be applied, and may not name one further
// ahead than `validity`; so an id may be forgotten once its expiry has passed. Ids are kept in one
// tree per minute of expiry: a replay can only be in the tree that its own expiry names, and a
// minute that has passed is dropped whole. The roots of the trees are records of the state, so that
// a client can prove what became of its transaction.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "consensus/application.h"
#include "consensus/codec.h"
#include "consensus/result.h"
#include "models/ledger/receipt_proof.h"
#include "models/ledger/state_tree.h"

namespace govchain::models {

class ReplayWindow {
 public:
  static constexpr int64_t kBucketWidth = 60'000'000'000;  // one minute of expiry, in nanoseconds

  explicit ReplayWindow(consensus::HashAlgorithm algorithm) : algorithm_(algorithm) {}

  [[nodiscard]] static int64_t bucket_of(int64_t expiry);
  [[nodiscard]] std::optional<consensus::Receipt> find(const consensus::Digest& id,
                                                       int64_t expiry) const;
  // Null unless it is remembered. `state`: the one that settle() brought up to date last.
  [[nodiscard]] std::optional<ReceiptProof> prove(const consensus::Digest& id, int64_t expiry,
                                                  const StateTree& state) const;
  // The same for the path of an id (StateTree::path_of), and the walk to it.
  [[nodiscard]] std::optional<consensus::Receipt> find_at(const consensus::Digest& path,
                                                          int64_t expiry) const;
  void foresee(const consensus::Digest& path, int64_t expiry, StateWalks& walks) const;
  void add(const consensus::Digest& id, const consensus::Digest& path, int64_t expiry,
           consensus::Receipt receipt);
  // Drops every bucket in which all has expired at `block_time`, and brings the state's records of
  // the buckets up to date.
  void settle(int64_t block_time, StateTree& state);
  [[nodiscard]] uint64_t size() const;

  // Minutes with their receipts, ascending: what a snapshot has of them, beside their number.
  [[nodiscard]] std::vector<std::pair<int64_t, StateTree>> minutes() const;
  // Reads a snapshot's minutes, and checks every bucket against its record in `state`.
  [[nodiscard]] static consensus::Result<ReplayWindow> decode(consensus::HashAlgorithm algorithm,
                                                              const StateTree& state,
                                                              consensus::Reader& in);

  // Piece by piece instead: receipts of minutes in any order, then check(). False if `receipt` is
  // not one.
  [[nodiscard]] bool restore(int64_t minute, const consensus::Digest& path,
                             std::span<const uint8_t> id, std::span<const uint8_t> receipt);
  // Every bucket against its record in `state`, and none missing.
  [[nodiscard]] consensus::Status check(const StateTree& state);

 private:
  struct Bucket {
    StateTree receipts;  // by transaction id
    bool changed = false;
  };
  Bucket& bucket_at(int64_t number);

  consensus::HashAlgorithm algorithm_;
  std::map<int64_t, Bucket> buckets_;
};

}  // namespace govchain::models
