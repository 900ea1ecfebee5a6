#include "sim/checkers/evidence.h"

#include "sim/checkers/statement_book.h"

namespace govchain::sim {

void EvidenceRule::evidence(ReplicaAddress who, TimePoint now,
                            const consensus::effect::EvidenceFound& evidence) {
  const consensus::SignedStatement& first = evidence.first;
  const consensus::SignedStatement& second = evidence.second;
  const std::string subject = "evidence against replica " + std::to_string(first.signer.value());
  if (first.signer != second.signer) {
    context_.report("evidence", who, now, subject + " is by two signers");
    return;
  }
  if (!contradict(context_.traits(who.chain), first.statement, second.statement)) {
    context_.report("evidence", who, now, subject + " does not contradict itself");
    return;
  }
  for (const consensus::SignedStatement* claim : {&first, &second}) {
    const consensus::Membership* members = context_.membership(who.chain, claim->statement.epoch);
    const consensus::Member* member = members != nullptr ? members->find(claim->signer) : nullptr;
    if (member == nullptr ||
        !context_.verifier(who.chain).verify(member->key, claim->statement, claim->signature)) {
      context_.report("evidence", who, now, subject + " has a signature that does not verify");
      return;
    }
  }
  if (first.signer.value() >= context_.chain(who.chain).replicas.size() ||
      context_.honest({who.chain, first.signer.value()})) {
    context_.report("evidence", who, now, subject + " blames the honest");
  }
}

}  // namespace govchain::sim
