#pragma once
// What fingerprints are made of (Engine::fingerprint). A list says how long it is, and what may be
// absent says whether it is: one after the other, two states could look alike otherwise.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/message.h"
#include "consensus/position_set.h"
#include "consensus/time.h"
#include "consensus/vote_table.h"

namespace govchain::consensus {

// `encode` is called with each element.
template <typename List, typename Encode>
void encode_each(const List& list, Writer& out, Encode encode) {
  out.u32(static_cast<uint32_t>(std::size(list)));
  for (const auto& element : list) encode(element);
}

inline void encode_time(const std::optional<TimePoint>& time, Writer& out) {
  out.i64(time ? time->nanoseconds() : -1);
}

// Null shows too.
inline void encode_block(const BlockRef& block, Writer& out) {
  out.u8(block ? 1 : 0);
  if (block) out.digest(block->digest);
}

// Null shows too. The signature is part of it: one that is not verified yet may be forged.
inline void encode_held(const MessageRef& message, Writer& out) {
  out.u8(message ? 1 : 0);
  if (!message) return;
  out.u8(message->type);
  out.replica(message->sender);
  out.ordinal(message->epoch);
  out.ordinal(message->view);
  out.ordinal(message->height);
  out.digest(message->digest);
  out.signature(message->signature);
}

// Null shows too. Of several that prove the same, each has signers of its own.
inline void encode_proof(const CertificateRef& certificate, Writer& out) {
  out.u8(certificate ? 1 : 0);
  if (!certificate) return;
  out.ordinal(certificate->statement.view);
  out.ordinal(certificate->statement.height);
  out.digest(certificate->statement.digest);
  encode_each(certificate->signers, out, [&](ReplicaId signer) { out.replica(signer); });
}

inline void encode_positions(const PositionSet& positions, size_t members, Writer& out) {
  for (uint32_t i = 0; i < members; ++i) out.u8(positions.contains(i) ? 1 : 0);
}

inline void encode_votes(const VoteTable& votes, Writer& out) {
  encode_each(votes.messages, out, [&](const MessageRef& vote) { encode_held(vote, out); });
  encode_positions(votes.verified, votes.messages.size(), out);
  out.u64(votes.weight);
}

}  // namespace govchain::consensus
