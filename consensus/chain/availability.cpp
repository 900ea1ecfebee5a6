#include "consensus/chain/availability.h"

#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/messages.h"

namespace govchain::consensus::chain {

BlockRef make_batch(HashAlgorithm algorithm, Epoch epoch, ReplicaId origin, Height expiry,
                    std::vector<PayloadRef> payloads) {
  Ref<Block> batch = Ref<Block>::make();
  batch->height = expiry;
  batch->epoch = epoch;
  batch->proposer = origin;
  batch->payloads = std::move(payloads);
  seal_block(algorithm, *batch);
  return BlockRef(std::move(batch));
}

Statement acknowledgement_of(ChainId chain, Protocol protocol, ProtocolVersion version,
                             const Block& batch) {
  return Statement{
      chain,   batch.epoch,  protocol,     static_cast<uint8_t>(CommonType::kAcknowledgement),
      View(0), batch.height, batch.digest, version};
}

void encode_batch_proof(const Block& batch, const Certificate& certificate,
                        const std::vector<bool>& taken, std::vector<uint8_t>& out_bytes) {
  GOVCHAIN_ASSERT(taken.size() == batch.payloads.size());
  uint32_t count = 0;
  for (const bool in_block : taken) count += in_block ? 1 : 0;
  Writer out(out_bytes);
  out.replica(batch.proposer);
  out.ordinal(batch.height);
  out.u32(count);
  out.u32(static_cast<uint32_t>(taken.size()) - count);
  for (size_t i = 0; i < taken.size(); ++i) {
    if (taken[i]) continue;
    const Payload& payload = *batch.payloads[i];
    out.u32(static_cast<uint32_t>(i));
    out.digest(payload.digest);
    out.u64(payload.size.count());
    out.u32(payload.transactions);
  }
  out.u32(static_cast<uint32_t>(certificate.signers.size()));
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    out.replica(certificate.signers[i]);
    out.signature(certificate.signatures[i]);
  }
}

namespace {

constexpr size_t kOmittedBytes = 4 + 32 + 8 + 4;
constexpr size_t kSignerBytes = 4 + 64;

struct Omitted {
  uint32_t index = 0;
  PayloadRef name;
};

std::vector<Omitted> read_omitted(Reader& in) {
  std::vector<Omitted> omitted(in.count(kMaxRequestPayloads, kOmittedBytes));
  for (size_t i = 0; i < omitted.size(); ++i) {
    omitted[i].index = in.u32();
    if (i > 0 && omitted[i].index <= omitted[i - 1].index) in.fail();
    Ref<Payload> name = Ref<Payload>::make();
    name->digest = in.digest();
    name->size = Bytes(in.u64());
    name->transactions = in.u32();
    name->named = true;
    if (name->size > Bytes(kMaxMessageBytes)) in.fail();
    omitted[i].name = PayloadRef(std::move(name));
  }
  return omitted;
}

// Those of the block and those that it omits, in the batch's order; empty if they do not fit.
std::vector<PayloadRef> merge(std::span<const PayloadRef> taken,
                              const std::vector<Omitted>& omitted) {
  std::vector<PayloadRef> payloads;
  payloads.reserve(taken.size() + omitted.size());
  size_t next_taken = 0;
  size_t next_omitted = 0;
  while (payloads.size() < taken.size() + omitted.size()) {
    if (next_omitted < omitted.size() && omitted[next_omitted].index == payloads.size()) {
      payloads.push_back(omitted[next_omitted++].name);
    } else if (next_taken < taken.size()) {
      payloads.push_back(taken[next_taken++]);
    } else {
      return {};
    }
  }
  return payloads;
}

}  // namespace

std::optional<std::vector<CertifiedBatch>> read_availability(ChainId chain, Protocol protocol,
                                                             ProtocolVersion version,
                                                             HashAlgorithm algorithm,
                                                             const Block& block,
                                                             std::span<const uint8_t> proofs) {
  std::vector<CertifiedBatch> batches;
  Reader in(proofs);
  size_t first = 0;
  while (in.ok() && in.remaining() > 0) {
    const ReplicaId origin = in.replica();
    const auto expiry = in.ordinal<Height>();
    const uint32_t count = in.u32();
    const std::vector<Omitted> omitted = read_omitted(in);
    Ref<Certificate> certificate = Ref<Certificate>::make();
    const uint32_t signers = in.count(kMaxMembers, kSignerBytes);
    for (uint32_t i = 0; i < signers; ++i) {
      const ReplicaId signer = in.replica();
      if (i > 0 && signer <= certificate->signers.back()) in.fail();
      certificate->signers.push_back(signer);
      certificate->signatures.push_back(in.signature());
    }
    if (!in.ok() || count > block.payloads.size() - first || count > kMaxRequestPayloads) {
      return std::nullopt;
    }
    std::vector<PayloadRef> payloads =
        merge(std::span(block.payloads).subspan(first, count), omitted);
    if (payloads.empty()) return std::nullopt;
    CertifiedBatch held;
    held.batch = make_batch(algorithm, block.epoch, origin, expiry, std::move(payloads));
    certificate->statement = acknowledgement_of(chain, protocol, version, *held.batch);
    held.certificate = CertificateRef(std::move(certificate));
    held.first = first;
    held.count = count;
    first += count;
    batches.push_back(std::move(held));
  }
  if (!in.finished() || first != block.payloads.size() || batches.empty()) return std::nullopt;
  return batches;
}

}  // namespace govchain::consensus::chain
