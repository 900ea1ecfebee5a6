#pragma once
// Availability certificates (Narwhal, EuroSys'22, §3.1 and §4.1; Aptos' Quorum Store calls one a
// proof of store, Autobahn, SOSP'24, §5.1 a proof of availability).
//
// A batch is what a replica takes from its clients at a time. It is a block of its own kind: its
// proposer is the replica that took it, its height the last one at which it may be ordered, and its
// digest binds both, the epoch, and digest, size and count of every payload. Who has all its bytes
// durably acknowledges it: signs a statement over that height and digest. Acknowledgements of f+1
// weight are its certificate: one of their signers is honest and keeps the bytes.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

struct CertifiedBatch {
  BlockRef batch;  // payloads may be named only
  CertificateRef certificate;
  // Its payloads in the block that it stands in: `count` from `first` on.
  size_t first = 0;
  size_t count = 0;
};

[[nodiscard]] BlockRef make_batch(HashAlgorithm algorithm, Epoch epoch, ReplicaId origin,
                                  Height expiry, std::vector<PayloadRef> payloads);

// What is signed: "I hold this batch's bytes, and keep them until it is ordered or expired."
// `version` is that of the batch's epoch.
[[nodiscard]] Statement acknowledgement_of(ChainId chain, Protocol protocol,
                                           ProtocolVersion version, const Block& batch);

// Appends the proof of one batch. `taken[i]` says whether payload i stands in the block, where the
// batch's payloads follow each other in the batch's order; the names of the others stand here, so
// that the batch's digest can be computed. 24 bytes, 48 for each other payload, 68 for each signer.
void encode_batch_proof(const Block& batch, const Certificate& certificate,
                        const std::vector<bool>& taken, std::vector<uint8_t>& out);

// The batches that `proofs` is about, in the order of the block's payloads, every one of which
// belongs to one of them. Nullopt if it is malformed. Neither signatures nor signers' weight nor
// expiry have been looked at.
[[nodiscard]] std::optional<std::vector<CertifiedBatch>> read_availability(
    ChainId chain, Protocol protocol, ProtocolVersion version, HashAlgorithm algorithm,
    const Block& block, std::span<const uint8_t> proofs);

}  // namespace govchain::consensus::chain
