#pragma once
// Statements, claims and certificates: everything that a replica signs, and proofs made of it.

#include <cstdint>
#include <vector>

#include "consensus/kept_room.h"
#include "consensus/pool.h"
#include "consensus/protocol_version.h"
#include "consensus/signature_list.h"
#include "consensus/types.h"

namespace govchain::consensus {

// The only thing that is ever signed. It names chain, epoch, protocol, version of the epoch's
// rules, message type, height, view and digest, so that no signature can be replayed in another
// place. Encoded by signing_bytes (consensus/codec.h).
struct Statement {
  ChainId chain;
  Epoch epoch;
  Protocol protocol = Protocol::kPbft;
  uint8_t type = 0;  // the protocol's message type; kCheckpointStatement for post-execution
                     // checkpoints of any engine
  View view;
  Height height;
  Digest digest;
  ProtocolVersion version = kOldestProtocolVersion;
  friend bool operator==(const Statement&, const Statement&) = default;
};

// Type of the statement "after executing `height`, the state has root `digest`", the same in every
// protocol (view 0).
inline constexpr uint8_t kCheckpointStatement = 255;

struct SignedStatement {
  Statement statement;
  ReplicaId signer;
  Signature signature;
  friend bool operator==(const SignedStatement&, const SignedStatement&) = default;
};

// One statement, signed by a quorum. Signers are ascending and distinct; signatures[i] is that of
// signers[i].
class Certificate : public Counted {
 public:
  Statement statement;
  std::vector<ReplicaId> signers;
  SignatureList signatures;
  // HotStuff only: leads from the statement's digest to the block that is proven, where a vote for
  // one block is a vote for those below it (consensus/hotstuff/link.h). Others neither have it nor
  // encode it.
  std::vector<uint8_t> link;

  void recycle() {
    statement = {};
    signers.clear();
    signatures.clear();
    clear_for_reuse(link);
  }
};
using CertificateRef = Ref<const Certificate>;

// Signed statements to be verified in one go, for instance all those inside a view-change message.
class ClaimList : public Counted {
 public:
  std::vector<SignedStatement> claims;
  void recycle() { clear_for_reuse(claims); }
};
using ClaimListRef = Ref<const ClaimList>;

}  // namespace govchain::consensus
