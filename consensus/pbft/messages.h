#pragma once
// PBFT's own messages; those that all chains share are in consensus/chain/messages.h. The header
// (view, height, digest) is what the sender signs; bodies are below.
//
//   PRE-PREPARE    height, digest of the block, which it carries. None when a new view re-proposes,
//                  or when somebody only shows what a primary has signed.
//   PREPARE, COMMIT   header only
//   VIEW-CHANGE    view asked for, height of the stable checkpoint, digest of the body
//   NEW-VIEW       digest of the body, which names the view-change messages it rests on (TOCS §4.4)
//   FETCH, BODY    unsigned: asks for things by digest; a block that was asked for

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/message.h"

namespace govchain::consensus::pbft {

enum class MessageType : uint8_t {
  kPrePrepare = 1,
  kPrepare = 2,
  kCommit = 3,
  kViewChange = 4,
  kNewView = 5,
  kFetch = 6,
  kBody = 7,
  kCheckpoint = kCheckpointStatement,  // consensus/chain/messages.h
};

// Bounds on bodies.
inline constexpr uint32_t kMaxWindow = 4'096;    // heights between the watermarks
inline constexpr uint32_t kMaxStatusSlots = 64;  // heights that a status describes
inline constexpr uint32_t kMaxFetches = 128;     // things asked for in one message

// Proof that a block was prepared (OSDI'99 §4.2): the primary's pre-prepare and, as a certificate,
// the prepares of others, which together weigh a quorum.
struct PreparedProof {
  CertificateRef prepares;  // its statement names view, height and digest
  Signature proposal;       // of the primary of that view, over the pre-prepare
  [[nodiscard]] View view() const { return prepares->statement.view; }
  [[nodiscard]] Height height() const { return prepares->statement.height; }
  [[nodiscard]] const Digest& digest() const { return prepares->statement.digest; }
};
void encode_prepared_proof(const PreparedProof& proof, Writer& out);
[[nodiscard]] std::optional<PreparedProof> decode_prepared_proof(Reader& in);

// What a VIEW-CHANGE tells: C and P of OSDI'99 §4.4, of its epoch.
struct ViewChangeBody {
  CertificateRef checkpoint;          // null: none yet, the epoch begins after the header's height
  std::vector<PreparedProof> proofs;  // ascending by height
};
void encode_body(const ViewChangeBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<ViewChangeBody> decode_view_change(std::span<const uint8_t> bytes);

// V of OSDI'99 §4.4 as names (TOCS'02 §4.4): O follows from V and is not sent.
struct ViewChangeName {
  ReplicaId sender;
  Digest digest;
  friend bool operator==(const ViewChangeName&, const ViewChangeName&) = default;
};
struct NewViewBody {
  std::vector<ViewChangeName> view_changes;  // ascending by sender
};
void encode_body(const NewViewBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<NewViewBody> decode_new_view(std::span<const uint8_t> bytes);

// Where a replica stands above its committed height, in its status messages.
struct Standing {
  static constexpr uint8_t kHasProposal = 1;
  static constexpr uint8_t kHasBlock = 2;
  static constexpr uint8_t kIsPrepared = 4;
  bool in_view_change = false;
  std::vector<uint8_t> slots;  // of the heights above the committed one
  // Bit i: has the view-change message of member i for the view asked for. Empty outside a view
  // change.
  std::vector<uint8_t> view_changes;
  [[nodiscard]] bool has_view_change(uint32_t position) const {
    const size_t place = position / 8;
    return place < view_changes.size() && ((view_changes[place] >> (position % 8)) & 1U) != 0;
  }
};
void encode_body(const Standing& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<Standing> decode_standing(std::span<const uint8_t> bytes);

// Things asked for by digest: view-change messages of `view`, or blocks at a height.
struct FetchBody {
  struct Item {
    ReplicaId sender;  // of the view-change message; unused for blocks
    Height height;     // of the block; 0 for view-change messages
    Digest digest;
  };
  std::vector<Item> items;
};
void encode_body(const FetchBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<FetchBody> decode_fetch(std::span<const uint8_t> bytes);

}  // namespace govchain::consensus::pbft
