// Hashing, signing and verifying.

#include <algorithm>
#include <vector>

#include "analysis/calibrate/probes.h"
#include "analysis/node/ledger_chain.h"
#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/crypto/hash.h"
#include "models/ledger/transaction.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;
using consensus::HashAlgorithm;
using consensus::SignatureScheme;

constexpr std::pair<HashAlgorithm, const char*> kHashes[] = {{HashAlgorithm::kSha256, "sha256"},
                                                             {HashAlgorithm::kSm3, "sm3"}};
constexpr std::pair<SignatureScheme, const char*> kSchemes[] = {
    {SignatureScheme::kEd25519, "ed25519"}, {SignatureScheme::kSm2, "sm2"}};

// --- Hashing

// Two digests, which is what trees and chains are made of; and bulk.
constexpr size_t kShort = 64;
constexpr size_t kLong = 65'536;
constexpr uint64_t kShortCalls = 10'000;
constexpr uint64_t kLongCalls = 40;
constexpr uint64_t kBytesPerUnit = 1'000;

class HashProbe final : public Probe {
 public:
  explicit HashProbe(const ProbeSettings& settings) : settings_(settings), bytes_(kLong, 0x5A) {}
  [[nodiscard]] std::string name() const override { return "hashes"; }

  [[nodiscard]] consensus::Status round(Clocks& clocks, Figures& figures) override {
    for (const auto& [algorithm, label] : kHashes) {
      const uint64_t short_calls = scaled(kShortCalls, settings_.effort);
      const uint64_t long_calls = scaled(kLongCalls, settings_.effort);
      const Duration brief = time(clocks, algorithm, kShort, short_calls);
      const Duration bulk = time(clocks, algorithm, kLong, long_calls);
      figures.add(RowKind::kProcessor, {"hash", {{"algorithm", label}, {"size", "64 bytes"}}},
                  "call", brief, short_calls);
      // What 64 bytes cost is taken off a long call, which leaves what more bytes cost.
      const Duration calls =
          brief * static_cast<int64_t>(long_calls) / static_cast<int64_t>(short_calls);
      figures.add(RowKind::kProcessor, {"hash", {{"algorithm", label}, {"size", "bulk"}}},
                  "1,000 bytes", bulk - calls, long_calls * (kLong - kShort) / kBytesPerUnit);
    }
    return consensus::success();
  }

 private:
  [[nodiscard]] Duration time(Clocks& clocks, HashAlgorithm algorithm, size_t size,
                              uint64_t calls) {
    return processor_time(clocks, [&] {
      for (uint64_t i = 0; i < calls; ++i) {
        // Each hash begins with the last one, so that none can be left out.
        const consensus::Digest digest =
            consensus::hash(algorithm, std::span<const uint8_t>(bytes_).first(size));
        std::copy(digest.bytes.begin(), digest.bytes.end(), bytes_.begin());
      }
    });
  }

  ProbeSettings settings_;
  std::vector<uint8_t> bytes_;
};

// --- Signatures

constexpr uint64_t kSignatures = 80;
constexpr uint64_t kFirst = 20;
// The claims of a certificate are checked in one call; there is no algorithm for batches behind it
// yet, so this shows what one would have to beat.
constexpr size_t kClaims = 16;
constexpr uint32_t kDepartments = 5;

class SignatureProbe final : public Probe {
 public:
  explicit SignatureProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "signatures"; }

  [[nodiscard]] consensus::Status prepare() override {
    for (const auto& [scheme, label] : kSchemes) prepare_scheme(scheme, label);
    return consensus::success();
  }

  [[nodiscard]] consensus::Status round(Clocks& clocks, Figures& figures) override {
    const uint64_t count = scaled(kSignatures, settings_.effort);
    for (Scheme& scheme : schemes_) {
      const std::vector<std::pair<std::string, std::string>> of{{"algorithm", scheme.label}};
      std::vector<consensus::Statement> statements;
      for (uint64_t i = 0; i < count; ++i) statements.push_back(next_statement());
      std::vector<consensus::Signature> signatures(count);
      figures.add(RowKind::kProcessor, {"sign", of}, "signature",
                  processor_time(clocks,
                                 [&] {
                                   for (size_t i = 0; i < count; ++i) {
                                     signatures[i] = scheme.signer->sign(statements[i]);
                                   }
                                 }),
                  count);
      bool all_good = true;
      figures.add(RowKind::kProcessor, {"verify", of}, "signature",
                  processor_time(clocks,
                                 [&] {
                                   for (size_t i = 0; i < count; ++i) {
                                     all_good &= scheme.verifier->verify(scheme.key, statements[i],
                                                                         signatures[i]);
                                   }
                                 }),
                  count);
      all_good &= measure_first(scheme, statements, signatures, clocks, figures);
      figures.add(RowKind::kProcessor, {"verify certificate", of}, "signature",
                  processor_time(clocks,
                                 [&] {
                                   all_good &= consensus::verify_claims(
                                       *scheme.verifier, scheme.members, scheme.claims);
                                 }),
                  kClaims);
      figures.add(RowKind::kProcessor, {"verify client", of}, "transaction",
                  processor_time(clocks,
                                 [&] {
                                   for (const consensus::PayloadRef& payload : scheme.payloads) {
                                     all_good &= is_signed_by_departments(scheme.ledger, *payload);
                                   }
                                 }),
                  scheme.payloads.size());
      GOVCHAIN_ASSERT(all_good);
    }
    return consensus::success();
  }

 private:
  struct Scheme {
    std::string label;
    std::unique_ptr<consensus::Signer> signer;
    std::unique_ptr<consensus::Verifier> verifier;
    consensus::PublicKey key;
    consensus::Membership members;
    std::vector<consensus::SignedStatement> claims;
    models::LedgerConfig ledger;
    std::vector<consensus::PayloadRef> payloads;
  };

  // What one takes more that is the first of its thread's turn, whose core others had.
  [[nodiscard]] bool measure_first(Scheme& scheme,
                                   const std::vector<consensus::Statement>& statements,
                                   const std::vector<consensus::Signature>& signatures,
                                   Clocks& clocks, Figures& figures) const {
    const std::vector<std::pair<std::string, std::string>> of{{"algorithm", scheme.label}};
    const Duration clock_cost = cost_of_processor_clock(clocks);
    const uint64_t count = std::min<uint64_t>(scaled(kFirst, settings_.effort), statements.size());
    bool all_good = true;
    Duration replica;
    Duration client;
    for (uint64_t i = 0; i < count; ++i) {
      settings_.others_have_the_core();
      replica += processor_time(clocks, [&] {
        all_good &= scheme.verifier->verify(scheme.key, statements[i], signatures[i]);
      });
      settings_.others_have_the_core();
      client += processor_time(clocks, [&] {
        all_good &=
            is_signed_by_departments(scheme.ledger, *scheme.payloads[i % scheme.payloads.size()]);
      });
    }
    const Duration clocks_took = clock_cost * static_cast<int64_t>(count);
    figures.add(RowKind::kProcessor, {"verify first", of}, "signature", replica - clocks_took,
                count);
    figures.add(RowKind::kProcessor, {"verify client first", of}, "transaction",
                client - clocks_took, count);
    return all_good;
  }

  [[nodiscard]] consensus::Statement next_statement() {
    consensus::Statement statement;
    statement.chain = kChain;
    statement.type = 2;
    statement.height = consensus::Height(++height_);
    return statement;
  }

  void prepare_scheme(SignatureScheme scheme, const char* label) {
    Scheme made;
    made.label = label;
    made.signer = consensus::make_signer(scheme, 1, kChain, consensus::ReplicaId(0));
    made.verifier = consensus::make_verifier(scheme);
    made.key = made.signer->public_key();
    for (uint32_t i = 0; i < kClaims; ++i) {
      const consensus::ReplicaId id(i);
      const auto signer = consensus::make_signer(scheme, 1, kChain, id);
      made.members.members.push_back(consensus::Member{id, 1, signer->public_key()});
      const consensus::Statement statement = next_statement();
      made.claims.push_back({statement, id, signer->sign(statement)});
    }
    made.ledger = models::standard_chain(kChain, kDepartments, 1);
    made.ledger.scheme = scheme;
    const auto client = consensus::make_signer(scheme, 2, kChain, consensus::ReplicaId(0));
    for (models::Department& department : made.ledger.departments) {
      department.key = client->public_key();
    }
    const models::WorkloadMaker maker =
        models::licence_workload({.chain = kChain, .departments = made.ledger.departments});
    std::vector<uint8_t> bytes;
    for (uint64_t i = 0; i < scaled(kSignatures, settings_.effort); ++i) {
      maker(i, i, 0, bytes);
      consensus::Reader in(bytes);
      std::optional<models::Transaction> transaction = models::decode_transaction(in);
      GOVCHAIN_ASSERT(transaction.has_value());
      transaction->signature = client->sign(models::transaction_statement(
          kChain, models::transaction_id(made.ledger.hash, *transaction)));
      bytes.clear();
      models::encode_transaction(*transaction, bytes);
      made.payloads.push_back(consensus::make_payload(made.ledger.hash, bytes, 1));
    }
    schemes_.push_back(std::move(made));
  }

  static constexpr consensus::ChainId kChain{1};
  ProbeSettings settings_;
  std::vector<Scheme> schemes_;
  uint64_t height_ = 0;
};

}  // namespace

std::unique_ptr<Probe> make_hash_probe(const ProbeSettings& settings) {
  return std::make_unique<HashProbe>(settings);
}
std::unique_ptr<Probe> make_signature_probe(const ProbeSettings& settings) {
  return std::make_unique<SignatureProbe>(settings);
}

}  // namespace govchain::analysis
