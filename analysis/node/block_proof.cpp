#include "analysis/node/block_proof.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

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

// What is wrong with the signatures under a statement; empty if nothing.
std::string find_fault(const Certificate& certificate, const NetworkFile& trusted,
                       uint64_t quorum) {
  const Membership& members = trusted.engine.genesis;
  const Statement& statement = certificate.statement;
  if (statement.chain != trusted.engine.chain) {
    return "it is signed for chain " + number(statement.chain.value()) + ", not " +
           number(trusted.engine.chain.value());
  }
  if (statement.protocol != trusted.protocol) return "it is signed for another protocol";
  if (statement.epoch != members.epoch) {
    return "it is signed in epoch " + number(statement.epoch.value()) +
           ", and the members that are trusted are those of epoch " + number(members.epoch.value());
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

ProofCheck check_block(const ProofFile& proof, const NetworkFile& trusted) {
  const Block& block = *proof.block;
  const Certificate& certificate = *proof.certificate;
  if (traits_of(trusted.protocol).faults != FaultModel::kByzantine) {
    return bad("block", "this protocol makes no certificates of blocks: checkpoints are its proof");
  }
  const ByzantineQuorum quorum(trusted.engine.genesis);
  const std::string fault = quorum.total() == 0 ? "nobody is a member"
                                                : find_fault(certificate, trusted, quorum.quorum());
  if (!fault.empty()) return bad("block", fault);
  if (!is_final(certificate, block, trusted)) {
    return bad("block", "what is signed is not that this block is final");
  }
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

ProofCheck check_checkpoint(const ProofFile& proof, const NetworkFile& trusted) {
  const Checkpoint& checkpoint = *proof.checkpoint;
  const Membership& members = trusted.engine.genesis;
  const Statement& statement = checkpoint.certificate->statement;
  const uint64_t quorum = traits_of(trusted.protocol).faults == FaultModel::kCrash
                              ? signing_quorum(members)
                              : ByzantineQuorum(members).quorum();
  const std::string fault =
      quorum == 0 ? "nobody is a member" : find_fault(*checkpoint.certificate, trusted, quorum);
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
  if (proof.block) report.checks.push_back(check_block(proof, trusted));
  if (proof.payload) report.checks.push_back(check_payload(proof, trusted));
  if (proof.transaction && proof.payload) {
    report.checks.push_back(check_transaction(proof, trusted));
  }
  if (proof.checkpoint) report.checks.push_back(check_checkpoint(proof, trusted));
  if (proof.receipt) report.checks.push_back(check_receipt(proof, trusted));
  if (proof.record) report.checks.push_back(check_record(proof, trusted));
  return report;
}

}  // namespace govchain::analysis
