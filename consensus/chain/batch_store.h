#pragma once
// The batches that a replica holds until they are ordered or expire, found by their own digest and
// by that of any payload in them.

#include <cstdint>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/digest_index.h"
#include "consensus/message.h"
#include "consensus/time.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::chain {

struct HeldBatch {
  BlockRef batch;       // null: the place is free
  bool whole = false;   // the bytes of all its payloads are here
  bool shared = false;  // one of its payloads is, or was, in another batch too
  bool signing = false;
  bool restored = false;  // from the log, by which its certificate, if it had one, is not known
  Ticket ticket;          // of its record in the log; 0 if it has none
  MessageRef acknowledgement;  // this replica's own
  CertificateRef certificate;
  std::vector<MessageRef> votes;  // of this replica's own batch: acknowledgements, by position
  TimePoint sent;                 // likewise
};

class BatchStore {
 public:
  explicit BatchStore(uint64_t seed) : batches_(seed), payloads_(seed) {}

  [[nodiscard]] HeldBatch* find(const Digest& batch);
  // It must not be held yet. References are good until the next call that changes the store.
  HeldBatch& add(const BlockRef& batch);
  // The same batch with the bytes of its payloads.
  void fill(HeldBatch& held, const BlockRef& whole);
  void certify(HeldBatch& held, const CertificateRef& certificate);
  void remove(const Digest& batch);

  // A batch that holds the payload: with a certificate, good at `height`; with its bytes in the
  // log; any. Null if there is none.
  [[nodiscard]] const HeldBatch* certified(const Digest& payload, Height height) const;
  [[nodiscard]] const HeldBatch* logged(const Digest& payload) const;
  [[nodiscard]] const HeldBatch* holder(const Digest& payload) const;
  [[nodiscard]] const HeldBatch* held_of(const Digest& payload, ReplicaId origin) const;
  // The payload with its bytes, or null.
  [[nodiscard]] PayloadRef body(const Digest& payload) const;

  [[nodiscard]] size_t size() const { return batches_.size(); }
  [[nodiscard]] size_t count_of(ReplicaId origin) const;
  // In an order that is a function of the calls alone.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const HeldBatch& held : places_) {
      if (held.batch) visit(held);
    }
  }
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (HeldBatch& held : places_) {
      if (held.batch) visit(held);
    }
  }

  void encode_state(Writer& out) const;
  [[nodiscard]] uint64_t memory() const;

 private:
  template <typename Wanted>
  [[nodiscard]] const HeldBatch* find_with(const Digest& payload, Wanted&& wanted) const;
  void index(uint32_t place, bool prefer);

  std::vector<HeldBatch> places_;
  std::vector<uint32_t> free_;
  DigestIndex batches_;   // digest -> place
  DigestIndex payloads_;  // digest -> place of one batch that holds it, certified if one is
};

}  // namespace govchain::consensus::chain
