#pragma once
// HotStuff's messages. The header (view, height, digest) is what the sender signs.
//
//   PROPOSAL  view; height of the block, which it carries; digest of the node. The body holds the
//             rest of the node, and what entitles the leader to the view.
//   VOTE      view, height and digest of the node; no body. Goes to the next view's leader.
//   TIMEOUT   the view given up; the digest spells the view of the highest certificate known to its
//             sender, which the body carries (Jolteon, Fig. 2, "Timeout": {r, qc_high}_i), and with
//             it the certificate of timeouts by which its sender entered the view, if it did
//             (DiemBFT v4, section 3.5, TimeoutMsg: last_round_tc): it may be the only one that has
//             it, and the others would give up the view before for ever.
//   ADVANCE   a certificate that no proposal will carry soon, because nothing waits to be proposed.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/message.h"

namespace govchain::consensus::hotstuff {

enum class MessageType : uint8_t { kProposal = 1, kVote = 2, kTimeout = 3, kAdvance = 4 };

// A quorum gave up a view (Jolteon, Fig. 2: TC). Each signed the view of its highest certificate.
struct TimeoutCertificate {
  struct Entry {
    ReplicaId signer;
    View highest;
    Signature signature;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  View view;
  std::vector<Entry> entries;  // ascending by signer
  [[nodiscard]] View highest() const;
};

void encode_timeout_certificate(const TimeoutCertificate& timeout, Writer& out);
// Check in.ok().
[[nodiscard]] TimeoutCertificate decode_timeout_certificate(Reader& in);

// What a TIMEOUT of `view` signs.
[[nodiscard]] Digest timeout_digest(View highest);
// Nullopt if the digest spells no view.
[[nodiscard]] std::optional<View> highest_of(const Digest& digest);

struct ProposalBody {
  Digest parent;           // node digest
  CertificateRef justify;  // of the parent; null: the parent is the epoch's root
  std::optional<TimeoutCertificate> timeout;
  [[nodiscard]] View parent_view() const { return justify ? justify->statement.view : View(0); }
};
void encode_body(const ProposalBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<ProposalBody> decode_proposal(std::span<const uint8_t> bytes);

struct TimeoutBody {
  CertificateRef highest;  // null: the epoch's root
  std::optional<TimeoutCertificate> failed;
};
void encode_timeout_body(const CertificateRef& highest, const TimeoutCertificate* failed,
                         std::vector<uint8_t>& out);
[[nodiscard]] std::optional<TimeoutBody> decode_timeout_body(std::span<const uint8_t> bytes);

// ADVANCE.
void encode_certificate_body(const CertificateRef& highest, std::vector<uint8_t>& out);
// Nullopt if malformed; null for the epoch's root.
[[nodiscard]] std::optional<CertificateRef> decode_certificate_body(std::span<const uint8_t> bytes);

// What a status message tells of the views under way; header.view is the present view.
struct Standing {
  static constexpr uint32_t kMaxNodes = 64;
  View highest;                   // of the highest certificate
  View given_up;                  // highest view that it gave up
  std::vector<uint8_t> timeouts;  // bit i: has member i's TIMEOUT for a view not below its own
  std::vector<Digest> nodes;      // nodes above the committed height that it has
  std::vector<Digest> wanted;     // nodes that it knows of and lacks
  [[nodiscard]] bool has_timeout(uint32_t position) const {
    const size_t place = position / 8;
    return place < timeouts.size() && ((timeouts[place] >> (position % 8)) & 1U) != 0;
  }
};
void encode_standing(const Standing& standing, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<Standing> decode_standing(std::span<const uint8_t> bytes);

}  // namespace govchain::consensus::hotstuff
