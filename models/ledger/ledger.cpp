#include "models/ledger/ledger.h"

#include <algorithm>

#include "consensus/assert.h"

namespace govchain::models {

using consensus::Digest;
using consensus::Receipt;

class Ledger::Host final : public CallHost {
 public:
  explicit Host(Ledger& ledger) : ledger_(ledger) {}
  std::optional<Department> department(DepartmentId id) override {
    return ledger_.call_state_.get<Department>(department_key(id));
  }
  consensus::Verifier& verifier(consensus::SignatureScheme scheme) override {
    std::unique_ptr<consensus::Verifier>& verifier =
        ledger_.verifiers_.at(static_cast<size_t>(scheme));
    if (verifier == nullptr) verifier = consensus::make_verifier(scheme);
    return *verifier;
  }

 private:
  Ledger& ledger_;
};

namespace {

// Calls whose records are fetched ahead together: enough to keep the memory busy, and what they
// fetch stays in the cache until they are run.
constexpr size_t kForeseenCalls = 16;
constexpr Receipt kMalformed{.code = code_of(ReceiptCode::kMalformed), .contract = 0};

std::shared_ptr<const LedgerConfig> ordered(LedgerConfig config) {
  std::sort(config.contracts.begin(), config.contracts.end(),
            [](const Contract* a, const Contract* b) { return a->id() < b->id(); });
  for (size_t i = 0; i < config.contracts.size(); ++i) {
    GOVCHAIN_ASSERT(config.contracts[i]->id() != kSystemContract);
    GOVCHAIN_ASSERT(i == 0 || config.contracts[i - 1]->id() != config.contracts[i]->id());
  }
  GOVCHAIN_ASSERT(config.validity > 0 && config.proof_interval > 0);
  return std::make_shared<const LedgerConfig>(std::move(config));
}

}  // namespace

Ledger::Ledger(LedgerConfig config)
    : config_(ordered(std::move(config))),
      tree_(config_->hash),
      reader_(tree_),
      window_(config_->hash),
      call_state_(tree_) {
  write_genesis();
}

Ledger::Ledger(const Ledger& other)
    : Application(other),
      config_(other.config_),
      tree_(other.tree_),
      reader_(tree_),
      window_(other.window_),
      status_(other.status_),
      call_state_(tree_),
      kept_(other.kept_),
      work_(other.work_),
      root_hashes_(other.root_hashes_) {}

void Ledger::write_genesis() {
  status_.chain = config_->chain;
  status_.hash_algorithm = static_cast<uint8_t>(config_->hash);
  for (const Department& department : config_->departments) {
    const StateKey key = department_key(department.id);
    GOVCHAIN_ASSERT(!tree_.find(key.bytes()));
    tree_.put(key.bytes(), encode_fields(department));
  }
  for (const GenesisRecord& record : config_->genesis) tree_.put(record.key.bytes(), record.value);
  write_status();
}

void Ledger::write_status() { tree_.put(status_key().bytes(), encode_fields(status_)); }

void Ledger::execute(const consensus::Block& block, consensus::ExecutionResult& result) {
  result.clear();
  work_.clear();
  status_.height = block.height;
  status_.block_time = std::max(status_.block_time, block.wall_time);
  decode_calls(config_->hash, config_->chain, config_->verify_signatures, block, block_);
  for (size_t i = 0; i < block_.calls.size(); ++i) {
    if (i % kForeseenCalls == 0) foresee(i);
    execute_call(block_.calls[i], foreseen_[i % kForeseenCalls], result.receipts);
  }
  GOVCHAIN_ASSERT(work_.size() == result.receipts.size());
  status_.transactions += result.receipts.size();
  const uint64_t hashes_before = tree_.hashes();
  window_.settle(status_.block_time, tree_);
  write_status();
  result.state_root = tree_.root();
  root_hashes_ = tree_.hashes() - hashes_before;
  keep_for_proofs();
}

void Ledger::keep_for_proofs() {
  if (config_->proof_states == 0 || status_.height.value() % config_->proof_interval != 0) return;
  kept_.push_back({.height = status_.height, .tree = tree_, .window = window_});
  if (kept_.size() > config_->proof_states) kept_.pop_front();
}

const StateTree* Ledger::tree_at(consensus::Height height) const {
  if (height == status_.height) return &tree_;
  for (const Kept& kept : kept_) {
    if (kept.height == height) return &kept.tree;
  }
  return nullptr;
}

std::optional<ReceiptProof> Ledger::prove_receipt(consensus::Height height, const Digest& id,
                                                  int64_t expiry) const {
  if (height == status_.height) return window_.prove(id, expiry, tree_);
  for (const Kept& kept : kept_) {
    if (kept.height == height) return kept.window.prove(id, expiry, kept.tree);
  }
  return std::nullopt;
}

// What the next calls will look at, all at once.
void Ledger::foresee(size_t first) {
  foreseen_.clear();
  for (size_t i = first; i < std::min(first + kForeseenCalls, block_.calls.size()); ++i) {
    const BlockCall& call = block_.calls[i];
    Foreseen& next = foreseen_.emplace_back();
    if (call.kind != BlockCall::Kind::kCall) continue;
    next.receipt = tree_.path_of(call.id.bytes);
    window_.foresee(next.receipt, call.transaction.expiry, walks_);
    names_.assign(1, department_key(call.transaction.sender));
    const Contract* contract = find_contract(config_->contracts, call.transaction.contract);
    if (contract != nullptr) contract->foresee(call.transaction, names_);
    for (const StateKey& name : names_) {
      next.records.push_back({name, tree_.path_of(name.bytes())});
      walks_.add(tree_, next.records.back().path);
    }
  }
  walks_.run();
}

void Ledger::execute_call(BlockCall& call, const Foreseen& foreseen,
                          std::vector<Receipt>& receipts) {
  switch (call.kind) {
    case BlockCall::Kind::kCohort:
      receipts.resize(receipts.size() + call.transactions);
      break;
    case BlockCall::Kind::kMalformed:
      receipts.resize(receipts.size() + call.transactions, kMalformed);
      break;
    case BlockCall::Kind::kCall:
      call_state_.reset(foreseen.records);
      call_state_.work().bytes += call.overhead + call.transaction.arguments.size();
      receipts.push_back(apply(call, foreseen));
      work_.push_back(call_state_.work());
      break;
  }
  work_.resize(receipts.size());
}

Receipt Ledger::apply(BlockCall& call, const Foreseen& foreseen) {
  ++call_state_.work().hashes;
  const Transaction& transaction = call.transaction;
  Department sender;
  const ReceiptCode admission = admit(call, foreseen, sender);
  // What was not admitted is not remembered either: it cost its sender nothing to make, and an id
  // does not cover the signature, so that a forger could burn another's id.
  if (admission != ReceiptCode::kApplied) {
    return {.code = code_of(admission), .contract = transaction.contract};
  }
  const Receipt receipt{.code = run(transaction, call.id, sender),
                        .contract = transaction.contract};
  if (receipt.code == 0) {
    call_state_.apply_to(tree_);
  }
  window_.add(call.id, foreseen.receipt, transaction.expiry, receipt);
  return receipt;
}

ReceiptCode Ledger::admit(const BlockCall& call, const Foreseen& foreseen, Department& sender) {
  const Transaction& transaction = call.transaction;
  if (transaction.chain != config_->chain) return ReceiptCode::kWrongChain;
  if (transaction.expiry < status_.block_time) return ReceiptCode::kExpired;
  if (transaction.expiry - status_.block_time > config_->validity) {
    return ReceiptCode::kExpiryTooFar;
  }
  if (window_.find_at(foreseen.receipt, transaction.expiry)) return ReceiptCode::kReplayed;
  Host host(*this);
  const std::optional<Department> department = host.department(transaction.sender);
  if (!department) return ReceiptCode::kUnknownSender;
  sender = *department;
  if (config_->verify_signatures) {
    SignatureClaim& claim = block_.claims[call.claim];
    if (!claim.holds) {
      ++call_state_.work().signature_checks;
      claim.holds =
          host.verifier(config_->scheme).verify(sender.key, claim.statement, claim.signature);
    }
    if (!*claim.holds) return ReceiptCode::kBadSignature;
  }
  return ReceiptCode::kApplied;
}

uint16_t Ledger::run(const Transaction& transaction, const Digest& id, const Department& sender) {
  const Contract* contract = find_contract(config_->contracts, transaction.contract);
  if (contract == nullptr) return code_of(ReceiptCode::kUnknownContract);
  // Only a portal, a tax platform or the booking unit knows who stands before it; nobody else may
  // speak for a citizen or a firm.
  if (transaction.on_behalf_of != kNobody && !sender.has(Role::kPortal) &&
      !sender.has(Role::kTaxAuthority) && !sender.has(Role::kReimburser)) {
    return code_of(ReceiptCode::kNotEntitled);
  }
  Host host(*this);
  CallContext context{.state = call_state_,
                      .host = host,
                      .contracts = config_->contracts,
                      .hash = config_->hash,
                      .chain = config_->chain,
                      .height = status_.height,
                      .block_time = status_.block_time,
                      .sender = sender,
                      .on_behalf_of = transaction.on_behalf_of,
                      .transaction = id};
  return contract->call(context, transaction.method, transaction.arguments);
}

std::unique_ptr<consensus::Application> Ledger::clone() const {
  return std::unique_ptr<Ledger>(new Ledger(*this));
}

std::string Ledger::describe(const Receipt& receipt) const {
  if (receipt.code < kFirstContractCode) {
    return std::string(text_of(static_cast<ReceiptCode>(receipt.code)));
  }
  const Contract* contract = find_contract(config_->contracts, receipt.contract);
  if (contract == nullptr) return "code " + std::to_string(receipt.code) + " of no known contract";
  return std::string(contract->name()) + ": " + std::string(contract->refusal_text(receipt.code));
}

}  // namespace govchain::models
