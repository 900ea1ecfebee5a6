#include "sim/checkers/qbft_rounds.h"

#include <optional>

namespace govchain::sim {

using consensus::Membership;
using consensus::Protocol;
using consensus::Statement;
using consensus::qbft::Justification;
using consensus::qbft::MessageType;
using consensus::qbft::Prepared;
using consensus::qbft::RoundChangeClaim;

void QbftRoundRule::sent(ReplicaAddress who, TimePoint now, const consensus::Message& message) {
  // Others' messages are passed on as they are; they bind their senders.
  if (message.protocol != Protocol::kQbft || message.sender.value() != who.replica) return;
  if (message.type == static_cast<uint8_t>(MessageType::kRoundChange)) {
    return check_lock(who, now, message);
  }
  if (message.type != static_cast<uint8_t>(MessageType::kCommit)) return;
  Lock& lock = locks_[context_.row(who)];
  const bool newer =
      message.height > lock.height || (message.height == lock.height && message.view > lock.round);
  if (newer) lock = {message.height, message.view, message.digest};
}

void QbftRoundRule::check_lock(ReplicaAddress who, TimePoint now,
                               const consensus::Message& round_change) {
  const Lock& lock = locks_[context_.row(who)];
  if (lock.height != round_change.height || lock.round >= round_change.view) return;
  const auto body = consensus::qbft::decode_round_change(round_change.body);
  if (!body) return;
  const std::optional<Prepared>& named = body->prepared;
  const bool holds = named && (named->round > lock.round ||
                               (named->round == lock.round && named->digest == lock.digest));
  if (holds) return;
  context_.report("lock", who, now,
                  "asks for round " + std::to_string(round_change.view.value()) + " of height " +
                      std::to_string(lock.height.value()) +
                      " without what it voted to commit at round " +
                      std::to_string(lock.round.value()));
}

void QbftRoundRule::persisted(ReplicaAddress who, TimePoint now,
                              const consensus::LogRecord& record) {
  using consensus::qbft::RecordType;
  if (context_.chain(who.chain).protocol != Protocol::kQbft ||
      record.type != static_cast<uint8_t>(RecordType::kProposal)) {
    return;
  }
  const auto proposal = consensus::qbft::read_proposal(record);
  if (!proposal || proposal->round == consensus::View(0)) return;
  const auto justification = consensus::qbft::decode_justification(proposal->justification);
  const std::string wrong =
      justification ? flaw(who.chain, *record.block, proposal->round, *justification) : "nothing";
  if (wrong.empty()) return;
  context_.report("justification", who, now,
                  "accepts a proposal of round " + std::to_string(proposal->round.value()) +
                      " of height " + std::to_string(record.block->height.value()) +
                      " that rests on " + wrong);
}

std::string QbftRoundRule::flaw(ChainIndex chain, const consensus::Block& block,
                                consensus::View round, const Justification& justification) {
  const Membership* const members = context_.membership(chain, block.epoch);
  if (members == nullptr) return "an unknown epoch";
  uint64_t weight = 0;
  for (const RoundChangeClaim& claim : justification.round_changes) {
    const consensus::Member* const member = members->find(claim.sender);
    const Statement statement{
        context_.chain_id(chain),
        block.epoch,
        Protocol::kQbft,
        static_cast<uint8_t>(MessageType::kRoundChange),
        round,
        block.height,
        consensus::qbft::round_change_digest(context_.chain(chain).engine.hash, claim.prepared),
        members->version};
    if (member == nullptr ||
        !context_.verifier(chain).verify(member->key, statement, claim.signature)) {
      return "a round change that replica " + std::to_string(claim.sender.value()) +
             " did not sign";
    }
    weight += member->weight;
  }
  const uint64_t quorum = context_.commit_quorum(chain, *members);
  if (weight < quorum) {
    return "round changes of weight " + std::to_string(weight) + " of " + std::to_string(quorum);
  }
  return flaw_of_prepares(chain, block, *members, justification);
}

std::string QbftRoundRule::flaw_of_prepares(ChainIndex chain, const consensus::Block& block,
                                            const Membership& members,
                                            const Justification& justification) {
  const std::optional<Prepared> highest = consensus::qbft::highest_prepared(justification);
  if (!highest) return {};
  if (highest->digest != block.digest) return "round changes that name another block as prepared";
  const Statement wanted{context_.chain_id(chain),
                         block.epoch,
                         Protocol::kQbft,
                         static_cast<uint8_t>(MessageType::kPrepare),
                         highest->round,
                         block.height,
                         block.digest,
                         members.version};
  if (!justification.prepares || justification.prepares->statement != wanted) {
    return "no prepares of the highest prepared round";
  }
  uint64_t weight = 0;
  for (size_t i = 0; i < justification.prepares->signers.size(); ++i) {
    const consensus::Member* const member = members.find(justification.prepares->signers[i]);
    if (member == nullptr || !context_.verifier(chain).verify(
                                 member->key, wanted, justification.prepares->signatures[i])) {
      return "prepares that were not signed";
    }
    weight += member->weight;
  }
  if (weight < context_.commit_quorum(chain, members)) return "prepares of less than a quorum";
  return {};
}

}  // namespace govchain::sim
