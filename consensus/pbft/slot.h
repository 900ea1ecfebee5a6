#pragma once
// What a replica knows about one height between the watermarks.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/message.h"
#include "consensus/pbft/messages.h"
#include "consensus/vote_table.h"

namespace govchain::consensus::pbft {

struct Slot {
  // Blocks of different views that a replica keeps for one height, because a later view may name
  // any of them. One per view in which a block was accepted; the oldest goes beyond this.
  static constexpr size_t kMaxBodies = 16;

  Height height;

  // Of any view.
  std::vector<BlockRef> bodies;
  std::optional<PreparedProof> proof;  // of the highest view in which it was prepared here
  CertificateRef commit_certificate;
  Ticket first_ticket;  // of the oldest log record that this slot still needs; 0: none

  // Of the active view.
  bool bound = false;  // this replica votes for `digest` in this view and for nothing else
  Digest digest;
  BlockRef block;
  Ticket bound_ticket;  // makes the binding durable
  MessageRef proposal;  // the primary's signed pre-prepare
  bool proposal_verified = false;
  bool payloads_requested = false;
  bool payloads_verified = false;
  bool prepared = false;
  bool relayed = false;  // showed the primary's proposal to everybody, because somebody disagrees
  VoteTable prepares;
  VoteTable commits;

  void resize(size_t members) {
    prepares = VoteTable();
    prepares.resize(members);
    commits = VoteTable();
    commits.resize(members);
  }
  void leave_view() {
    bound = false;
    digest = {};
    block.reset();
    bound_ticket = {};
    proposal.reset();
    proposal_verified = false;
    payloads_requested = false;
    payloads_verified = false;
    prepared = false;
    relayed = false;
    prepares.clear();
    commits.clear();
  }
  void reuse(Height next) {
    leave_view();
    height = next;
    bodies.clear();
    proof.reset();
    commit_certificate.reset();
    first_ticket = {};
  }
  [[nodiscard]] BlockRef body(const Digest& wanted) const {
    for (const BlockRef& candidate : bodies) {
      if (candidate->digest == wanted) return candidate;
    }
    return {};
  }
  void keep_body(const BlockRef& candidate) {
    if (body(candidate->digest)) return;
    if (bodies.size() == kMaxBodies) bodies.erase(bodies.begin());
    bodies.push_back(candidate);
  }
};

}  // namespace govchain::consensus::pbft
