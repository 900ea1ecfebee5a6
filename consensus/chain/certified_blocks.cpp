// Blocks that name certified payloads: what a proposer puts into one, and what a replica asks of
// one before it votes.

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

namespace {

bool has_same_signatures(const Certificate& one, const Certificate& other) {
  if (one.signers != other.signers) return false;
  for (size_t i = 0; i < one.signatures.size(); ++i) {
    if (one.signatures[i] != other.signatures[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<CertifiedBatch>> ChainEngine::batches_of(const Block& block) const {
  return read_availability(config_.chain, protocol_, version_of_message(block.epoch), config_.hash,
                           block, block.availability);
}

// Certificates that are not good at `height` any more: their payloads are certified anew by the
// replica whose clients wait for them.
void ChainEngine::hold_back_expired(Height height) {
  batches_.for_each([&](const HeldBatch& held) {
    if (!held.certificate || held.batch->height >= height) return;
    for (const PayloadRef& payload : held.batch->payloads) {
      if (batches_.certified(payload->digest, height) == nullptr) {
        mempool_.make_ready(payload->digest, false);
      }
    }
  });
}

// Whether payloads wait in a batch that may not stand at the next height, and may still stand in an
// unfinal block below it: until that is final, nobody certifies them anew.
bool ChainEngine::a_batch_came_too_late(Height next) const {
  if (!certifies()) return false;
  bool found = false;
  batches_.for_each([&](const HeldBatch& held) {
    if (found || !held.certificate || held.batch->height >= next) return;
    found = std::any_of(
        held.batch->payloads.begin(), held.batch->payloads.end(),
        [&](const PayloadRef& payload) { return mempool_.is_pending(payload->digest); });
  });
  return found;
}

// Puts the selected payloads in the order of their batches, and the proof of each batch beside
// them. What does not fit into the bound on proofs waits for the next block.
void ChainEngine::attach_availability(Block& block) {
  const std::vector<PayloadRef> selected = std::exchange(block.payloads, {});
  DigestIndex chosen(config_.seed);
  for (const PayloadRef& payload : selected) chosen.insert(payload->digest, 0);
  for (const PayloadRef& first : selected) {
    if (!chosen.find(first->digest)) continue;  // came with an earlier one's batch
    const HeldBatch* const held = batches_.certified(first->digest, block.height);
    const Block* const batch = held == nullptr ? nullptr : held->batch.get();
    const uint64_t most = batch == nullptr ? 0
                                           : 24 + 48 * batch->payloads.size() +
                                                 68 * held->certificate->signers.size();
    if (batch == nullptr || block.availability.size() + most > kMaxAvailabilityBytes) {
      mempool_.put_back(first->digest);
      if (batch == nullptr) mempool_.make_ready(first->digest, false);
      continue;
    }
    std::vector<bool> taken(batch->payloads.size(), false);
    for (size_t i = 0; i < taken.size(); ++i) {
      taken[i] = chosen.erase(batch->payloads[i]->digest);
      if (taken[i]) block.payloads.push_back(batch->payloads[i]);
    }
    encode_batch_proof(*batch, *held->certificate, taken, block.availability);
  }
}

// Every payload is in a batch of this epoch that may be ordered at this height, certified by enough
// weight. The signatures are claims until they are verified.
bool ChainEngine::is_available(const Block& block) const {
  if (block.epoch != epoch()) return false;
  const std::optional<std::vector<CertifiedBatch>> batches = batches_of(block);
  if (!batches) return false;
  return std::all_of(batches->begin(), batches->end(), [&](const CertifiedBatch& held) {
    return held.count > 0 && held.batch->height >= block.height &&
           weight_of(*held.certificate, membership_) >= availability_quorum();
  });
}

// The certificate that was verified once is not looked at again. Another one of the same batch is:
// this replica will show the block with it to others, who may know none.
void ChainEngine::append_availability_claims(const Block& block, ClaimList& claims) {
  if (is_availability_unverified()) return;
  const std::optional<std::vector<CertifiedBatch>> batches = batches_of(block);
  if (!batches) return;
  for (const CertifiedBatch& named : *batches) {
    const HeldBatch* const held = batches_.find(named.batch->digest);
    const bool known = held != nullptr && held->certificate &&
                       has_same_signatures(*held->certificate, *named.certificate);
    if (!known) append_claims(*named.certificate, claims);
  }
}

void ChainEngine::learn_availability(const Block& block) {
  const std::optional<std::vector<CertifiedBatch>> batches = batches_of(block);
  if (!batches) return;
  for (const CertifiedBatch& named : *batches) {
    const HeldBatch* const held = batches_.find(named.batch->digest);
    if (held == nullptr || !held->certificate) learn_certificate(named.batch, named.certificate);
  }
  // What is on its way from its origin may come by itself.
  want_bytes(block, config_.base_timeout / 8);
}

}  // namespace govchain::consensus::chain
