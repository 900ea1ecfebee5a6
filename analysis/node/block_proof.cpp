#include "analysis/node/block_proof.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "consensus/chain/messages.h"
#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/hotstuff/link.h"
#include "consensus/node/client/bytes_text.h"
#include "consensus/protocols.h"
#include "consensus/quorum.h"
#include "models/ledger/batch.h"
#include "models/ledger/replay_window.h"

namespace govchain::analysis {

namespace {

using namespace consensus;
using node::NetworkFile;
using node::to_hex;

ProofCheck good(std::string what, std::string explanation) {
  return {std::move(what), true, std::move(explanation)};
}
ProofCheck bad(std::string what, std::string explanation) {
  return {std::move(what), false, std::move(explanation)};
}

std::string number(uint64_t value) { return std::to_string(value); }

// Who decides upon which heights, as far as the proof leads.
struct Period {
  Membership members;
  Height from;                  // the first height that they agree upon
  std::optional<Height> until;  // the last one; nothing where the proof knows of no later members
};

struct Trusted {
  const NetworkFile& network;
  std::vector<Period> periods;  // ascending, from the genesis on
  [[nodiscard]] const Period& period_of(const Certificate& certificate) const {
    for (const Period& period : periods) {
      if (period.members.epoch == certificate.statement.epoch) return period;
    }
    return periods.back();  // whose members have not signed it: find_fault() says so
  }
};

uint64_t quorum_of(const Membership& members) {
  const ByzantineQuorum quorum(members);
  return quorum.total() == 0 ? 0 : quorum.quorum();
}

// What is wrong with the signatures under a statement about a height; empty if nothing.
std::string find_fault(const Certificate& certificate, const NetworkFile& trusted,
                       const Period& period, Height height, uint64_t quorum) {
  const Membership& members = period.members;
  const Statement& statement = certificate.statement;
  if (quorum == 0) return "nobody is a member";
  if (statement.chain != trusted.engine.chain) {
    return "it is signed for chain " + number(statement.chain.value()) + ", not " +
           number(trusted.engine.chain.value());
  }
  if (statement.protocol != trusted.protocol) return "it is signed for another protocol";
  if (statement.epoch != members.epoch) {
    return "it is signed in epoch " + number(statement.epoch.value()) +
           ", and the proof leads from the members that are trusted to those of epoch " +
           number(members.epoch.value());
  }
  if (height < period.from || (period.until && height > *period.until)) {
    return "height " + number(height.value()) + " is none of epoch " +
           number(members.epoch.value());
  }
  if (statement.version != members.version) return "it is signed under other rules";
  if (certificate.signers.size() != certificate.signatures.size()) return "signatures lack";
  const std::unique_ptr<Verifier> verifier = make_verifier(trusted.scheme);
  VoteSet signers(members);
  uint64_t weight = 0;
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    const ReplicaId id = certificate.signers[i];
    const Member* const member = members.find(id);
    if (member == nullptr) return "replica " + number(id.value()) + " is no member";
    if (!signers.add(members, id)) return "replica " + number(id.value()) + " signs twice";
    if (!verifier->verify(member->key, statement, certificate.signatures[i])) {
      return "the signature of replica " + number(id.value()) + " is not good";
    }
    weight += member->signing_weight();
  }
  if (weight < quorum) {
    return "it is signed by weight " + number(weight) + " of the " + number(quorum) +
           " that are needed";
  }
  return {};
}

std::string signers_of(const Certificate& certificate) {
  std::string text;
  for (const ReplicaId id : certificate.signers) {
    text += (text.empty() ? "signed by replicas " : ", ") + number(id.value());
  }
  return text;
}

// Whether the statement, which a quorum signed, is the protocol's last word on this block.
// HotStuff's certificates name the rule by which they prove, where the chain's own counts.
bool is_final(const Certificate& certificate, const Block& block, const NetworkFile& trusted) {
  if (!proves_commit(trusted.engine.hash, certificate, block)) return false;
  if (trusted.protocol == Protocol::kHotstuff) {
    const std::optional<hotstuff::Link> link =
        hotstuff::proof_of(trusted.engine.hash, certificate, block);
    return link && link->rule == trusted.settings.hotstuff.commit_rule;
  }
  return true;
}

// What is wrong with the proof that a block is final; empty if nothing.
std::string find_fault(const StoredBlock& stored, const NetworkFile& trusted,
                       const Period& period) {
  if (traits_of(trusted.protocol).faults != FaultModel::kByzantine) {
    return "this protocol makes no certificates of blocks: checkpoints are its proof";
  }
  std::string fault = find_fault(*stored.certificate, trusted, period, stored.block->height,
                                 quorum_of(period.members));
  if (fault.empty() && !is_final(*stored.certificate, *stored.block, trusted)) {
    fault = "what is signed is not that this block is final";
  }
  return fault;
}

// From the members of the genesis to those of later epochs: each is decided by the one before, in a
// block that is final, and takes office after the next checkpoint (consensus/chain/README.md).
ProofCheck follow_memberships(const ProofFile& proof, Trusted& trusted) {
  for (const StoredBlock& change : proof.memberships) {
    Period& present = trusted.periods.back();
    const Height height = change.block->height;
    const std::string place = "the change at height " + number(height.value());
    if (const std::string fault = find_fault(change, trusted.network, present); !fault.empty()) {
      return bad("members", place + ": " + fault);
    }
    const std::optional<chain::MembershipControl> control =
        chain::decode_control(change.block->control);
    if (!control || control->target.epoch != present.members.epoch.next()) {
      return bad("members", place + " names no members of the next epoch");
    }
    const uint64_t interval = std::max<uint64_t>(trusted.network.engine.checkpoint_interval, 1);
    present.until = Height((height.value() + interval - 1) / interval * interval);
    trusted.periods.push_back(Period{control->target, present.until->next(), std::nullopt});
  }
  const Period& last = trusted.periods.back();
  return good("members", "of epoch " + number(last.members.epoch.value()) + ", from height " +
                             number(last.from.value()) + " on, by " +
                             number(proof.memberships.size()) + " changes since the genesis");
}

ProofCheck check_block(const ProofFile& proof, const Trusted& all) {
  const NetworkFile& trusted = all.network;
  const Certificate& certificate = *proof.certificate;
  const Block& block = *proof.block;
  const std::string fault =
      find_fault({proof.block, proof.certificate}, trusted, all.period_of(certificate));
  if (!fault.empty()) return bad("block", fault);
  return good("block", "height " + number(block.height.value()) + ", digest " +
                           to_hex(block.digest.bytes) + " is final, " + signers_of(certificate));
}

ProofCheck check_payload(const ProofFile& proof, const NetworkFile& trusted) {
  const std::vector<PayloadRef>& payloads = proof.block->payloads;
  const uint32_t index = proof.payload->index;
  if (index >= payloads.size()) {
    return bad("payload", "the block has " + number(payloads.size()) + " payloads");
  }
  if (consensus::payload_digest(trusted.engine.hash, proof.payload->bytes,
                                payloads[index]->transactions) != payloads[index]->digest) {
    return bad("payload", "these bytes are not the block's payload " + number(index));
  }
  return good("payload", to_hex(payloads[index]->digest.bytes) + " is payload " + number(index) +
                             " of the block");
}

ProofCheck check_transaction(const ProofFile& proof, const NetworkFile& trusted) {
  const ProofFile::TransactionPart& wanted = *proof.transaction;
  const uint32_t index = proof.payload->index;
  if (index >= proof.block->payloads.size()) return bad("transaction", "the payload is not there");
  const PayloadRef payload = make_payload(trusted.engine.hash, proof.payload->bytes,
                                          proof.block->payloads[index]->transactions);
  for (const models::Transaction& held : models::transactions_of(*payload)) {
    if (models::transaction_id(trusted.engine.hash, held) != wanted.id) continue;
    if (models::ReplayWindow::bucket_of(held.expiry) != wanted.expiry_minute)
      return bad("transaction", "it expires at another time");
    return good("transaction", to_hex(wanted.id.bytes) + " of department " +
                                   number(held.sender.value()) + " is in the payload");
  }
  return bad("transaction", "the payload does not hold it");
}

ProofCheck check_checkpoint(const ProofFile& proof, const Trusted& all) {
  const NetworkFile& trusted = all.network;
  const Checkpoint& checkpoint = *proof.checkpoint;
  const Period& period = all.period_of(*checkpoint.certificate);
  const Statement& statement = checkpoint.certificate->statement;
  const uint64_t quorum = traits_of(trusted.protocol).faults == FaultModel::kCrash
                              ? signing_quorum(period.members)
                              : quorum_of(period.members);
  const std::string fault =
      find_fault(*checkpoint.certificate, trusted, period, checkpoint.height, quorum);
  if (!fault.empty()) return bad("checkpoint", fault);
  if (statement.type != kCheckpointStatement || statement.view != View() ||
      statement.height != checkpoint.height || statement.digest != checkpoint.state_root ||
      statement.epoch != checkpoint.epoch) {
    return bad("checkpoint", "what is signed is not this state");
  }
  return good("checkpoint", "after height " + number(checkpoint.height.value()) +
                                " the state has root " + to_hex(checkpoint.state_root.bytes) +
                                ", " + signers_of(*checkpoint.certificate));
}

ProofCheck check_receipt(const ProofFile& proof, const NetworkFile& trusted) {
  const ProofFile::TransactionPart& transaction = *proof.transaction;
  if (proof.block && proof.block->height > proof.checkpoint->height) {
    return bad("receipt", "the block is above the checkpoint");
  }
  const int64_t expiry = transaction.expiry_minute * models::ReplayWindow::kBucketWidth;
  if (!models::verify_receipt(trusted.engine.hash, proof.checkpoint->state_root, transaction.id,
                              expiry, *proof.receipt)) {
    return bad("receipt", "the checkpoint's state does not show it");
  }
  const Receipt& receipt = proof.receipt->receipt;
  const std::string outcome =
      receipt.code == 0 ? "was applied" : "was refused with code " + number(receipt.code);
  return good("receipt", to_hex(transaction.id.bytes) + " " + outcome + ", by contract " +
                             number(receipt.contract));
}

ProofCheck check_record(const ProofFile& proof, const NetworkFile& trusted) {
  const ProofFile::RecordPart& record = *proof.record;
  const Digest& root = proof.checkpoint->state_root;
  const HashAlgorithm hash = trusted.engine.hash;
  const bool holds =
      record.value ? models::verify_inclusion(hash, root, record.key, *record.value, record.proof)
                   : models::verify_exclusion(hash, root, record.key, record.proof);
  if (!holds) return bad("record", "the checkpoint's state does not show it");
  return good("record", "key " + to_hex(record.key) +
                            (record.value ? " has value " + to_hex(*record.value)
                                          : std::string(" has no value")));
}

}  // namespace

bool ProofReport::holds() const {
  return !checks.empty() &&
         std::all_of(checks.begin(), checks.end(), [](const ProofCheck& one) { return one.holds; });
}

ProofReport check_proof(const ProofFile& proof, const NetworkFile& trusted) {
  ProofReport report;
  Trusted all{trusted, {Period{trusted.engine.genesis, Height(1), std::nullopt}}};
  if (!proof.memberships.empty()) report.checks.push_back(follow_memberships(proof, all));
  if (proof.block) report.checks.push_back(check_block(proof, all));
  if (proof.payload) report.checks.push_back(check_payload(proof, trusted));
  if (proof.transaction && proof.payload) {
    report.checks.push_back(check_transaction(proof, trusted));
  }
  if (proof.checkpoint) report.checks.push_back(check_checkpoint(proof, all));
  if (proof.receipt) report.checks.push_back(check_receipt(proof, trusted));
  if (proof.record) report.checks.push_back(check_record(proof, trusted));
  return report;
}

}  // namespace govchain::analysis
