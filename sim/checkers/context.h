#pragma once
// What all rules share: who is honest, who the members of an epoch are, and where broken rules are
// written down.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/crypto/crypto.h"
#include "consensus/membership.h"
#include "consensus/protocol_traits.h"
#include "sim/checkers/observer.h"

namespace govchain::sim {

class CheckContext {
 public:
  void begin(const WorldSpec& spec, std::span<const consensus::Membership> genesis);

  // True unless the description hands this replica to an adversary. Crashes and lost unsynced
  // writes leave a replica honest.
  [[nodiscard]] bool honest(ReplicaAddress who) const;
  [[nodiscard]] size_t chains() const { return chains_.size(); }
  [[nodiscard]] const ChainSpec& chain(ChainIndex index) const;
  [[nodiscard]] const consensus::ProtocolTraits& traits(ChainIndex index) const {
    return *chains_[index].traits;
  }
  // Replicas of all chains are numbered through, for tables with a row each.
  [[nodiscard]] size_t row(ReplicaAddress who) const;
  [[nodiscard]] size_t rows() const { return rows_; }
  [[nodiscard]] consensus::ChainId chain_id(ChainIndex index) const;

  // Null if the epoch is unknown, or older than the last kEpochs.
  static constexpr size_t kEpochs = 64;
  [[nodiscard]] const consensus::Membership* membership(ChainIndex chain,
                                                        consensus::Epoch epoch) const;
  enum class Learnt : uint8_t { kNew, kKnown, kDiffers };
  // What a replica says of the members of an epoch, and the last ticket that it had issued by then.
  // Until that is durable or another one says the same, a crash may undo what it said: whoever is a
  // quorum by itself decides without a word to others, and may decide otherwise when it is back.
  Learnt learn(ReplicaAddress who, const consensus::Membership& membership,
               consensus::Ticket issued);
  // It is back from a crash, with all up to `durable`.
  void forget_undone(ReplicaAddress who, consensus::Ticket durable);

  // Weight that a commit certificate needs, and a checkpoint's.
  [[nodiscard]] uint64_t commit_quorum(ChainIndex chain,
                                       const consensus::Membership& members) const;
  [[nodiscard]] uint64_t checkpoint_quorum(ChainIndex chain,
                                           const consensus::Membership& members) const;
  [[nodiscard]] consensus::Verifier& verifier(ChainIndex chain);

  void report(std::string_view rule, ReplicaAddress who, TimePoint now, std::string detail);
  void report(std::string_view rule, ChainIndex chain, TimePoint now, std::string detail);
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

 private:
  struct KnownEpoch {
    consensus::Membership membership;
    bool in_doubt = false;  // only this replica has said so, and its ticket may not be durable
    ReplicaIndex said_by = 0;
    consensus::Ticket issued;
  };
  struct Chain {
    const ChainSpec* spec = nullptr;
    const consensus::ProtocolTraits* traits = nullptr;
    size_t first_row = 0;
    consensus::ChainId id;
    std::vector<bool> honest;
    std::vector<KnownEpoch> epochs;  // ascending, the last kEpochs of them
    std::unique_ptr<consensus::Verifier> verifier;
  };
  void add(Violation violation);

  std::vector<Chain> chains_;
  size_t rows_ = 0;
  std::vector<Violation> violations_;
};

// First eight hex digits, for people.
[[nodiscard]] std::string short_hex(const consensus::Digest& digest);

}  // namespace govchain::sim
