#include "models/services/gateway/light_client.h"

#include "consensus/certificate.h"
#include "consensus/protocols.h"
#include "consensus/quorum.h"

namespace govchain::models::gateway {
namespace {

consensus::Membership membership_of(const ForeignChain& foreign) {
  consensus::Membership membership;
  membership.epoch = foreign.epoch;
  membership.version = static_cast<consensus::ProtocolVersion>(foreign.version);
  for (const ForeignMember& member : foreign.members) {
    membership.members.push_back(
        {.id = member.id,
         .weight = member.weight,
         .key = member.key,
         .role = member.witness ? consensus::MemberRole::kWitness : consensus::MemberRole::kFull});
  }
  return membership;
}

// Weight that must have signed.
uint64_t quorum_of(const ForeignChain& foreign, const consensus::Membership& membership) {
  const consensus::ProtocolTraits* traits = consensus::find_protocol(foreign.protocol);
  // Of a protocol that this build does not know the worst is assumed.
  const bool crash = traits != nullptr && traits->faults == consensus::FaultModel::kCrash;
  return crash ? consensus::signing_quorum(membership)
               : consensus::ByzantineQuorum(membership).quorum();
}

bool signed_by_quorum(CallContext& context, const ForeignChain& foreign,
                      const CheckpointEvidence& evidence) {
  if (evidence.signers.size() != evidence.signatures.size()) return false;
  const consensus::Membership membership = membership_of(foreign);
  consensus::Verifier& verifier =
      context.host.verifier(static_cast<consensus::SignatureScheme>(foreign.scheme));
  const consensus::Statement statement{
      .chain = foreign.chain,
      .epoch = evidence.epoch,
      .protocol = static_cast<consensus::Protocol>(foreign.protocol),
      .type = consensus::kCheckpointStatement,
      .view = {},
      .height = evidence.height,
      .digest = evidence.state_root,
      .version = membership.version};
  const uint64_t quorum = quorum_of(foreign, membership);
  consensus::VoteSet votes(membership);
  for (size_t i = 0; i < evidence.signers.size(); ++i) {
    // Nothing more to learn beyond a quorum, and its size bounds the work that a gateway can cause.
    if (votes.weight() >= quorum) break;
    const consensus::Member* member = membership.find(evidence.signers[i]);
    if (member == nullptr || member->is_witness()) return false;
    if (!votes.add(membership, member->id)) return false;
    ++context.state.work().signature_checks;
    if (!verifier.verify(member->key, statement, evidence.signatures[i])) return false;
  }
  return votes.weight() >= quorum;
}

}  // namespace

GenesisRecord register_foreign_chain(const ForeignChain& foreign) {
  GOVCHAIN_ASSERT(!foreign.members.empty());
  // How rules of another version sign is not known here.
  GOVCHAIN_ASSERT(consensus::is_known_version(foreign.version));
  GOVCHAIN_ASSERT(consensus::has_bounded_weight(membership_of(foreign).members));
  return {.key = foreign_chain_key(foreign.chain), .value = encode_fields(foreign)};
}

void set_membership(ForeignChain& foreign, const consensus::Membership& membership) {
  foreign.epoch = membership.epoch;
  foreign.version = consensus::number_of(membership.version);
  foreign.members.clear();
  for (const consensus::Member& member : membership.members) {
    foreign.members.push_back({.id = member.id,
                               .weight = member.weight,
                               .key = member.key,
                               .witness = member.is_witness()});
  }
}

CheckpointEvidence evidence_of(const consensus::Certificate& certificate) {
  return {.height = certificate.statement.height,
          .epoch = certificate.statement.epoch,
          .state_root = certificate.statement.digest,
          .signers = certificate.signers,
          .signatures = certificate.signatures.to_vector()};
}

EvidenceCheck check_evidence(CallContext& context, const ForeignChain& foreign,
                             const CheckpointEvidence& evidence) {
  if (evidence.epoch != foreign.epoch) return EvidenceCheck::kOtherEpoch;
  const StateKey key = foreign_head_key(foreign.chain);
  const ForeignHead head = context.state.get<ForeignHead>(key).value_or(ForeignHead{});
  if (evidence.height.value() + foreign.max_lag < head.height.value() ||
      evidence.height.value() == 0) {
    return EvidenceCheck::kStale;
  }
  if (evidence.height == head.height) {
    // Verified once is enough: many requests travel under one checkpoint.
    return evidence.state_root == head.state_root ? EvidenceCheck::kGood
                                                  : EvidenceCheck::kConflicting;
  }
  if (!signed_by_quorum(context, foreign, evidence)) return EvidenceCheck::kNoQuorum;
  if (evidence.height > head.height) {
    context.state.put(key,
                      ForeignHead{.height = evidence.height, .state_root = evidence.state_root});
  }
  return EvidenceCheck::kGood;
}

}  // namespace govchain::models::gateway
