#pragma once
// An engine is a function of what it was made from and of its inputs. Beside every engine of a
// world this keeps a second one, made from the same, and gives it the same inputs with the same
// times; its effects must be the same bytes. Along the way it holds the engine to the rest of its
// contract: inputs go through their recorded form, one at a time (step(a + b) as step(a); step(b)),
// now and then the second engine is replaced by its clone, and equal engines have equal
// fingerprints.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine_journal.h"

namespace govchain::sim {

class ReplayCheck : public EngineJournal {
 public:
  explicit ReplayCheck(consensus::HashAlgorithm algorithm) : algorithm_(algorithm) {}

  void on_engine(ReplicaAddress who, consensus::ChainId chain,
                 const consensus::Engine& engine) override;
  void on_step(ReplicaAddress who, TimePoint local, std::span<const consensus::Input> inputs,
               std::span<const consensus::Effect> effects,
               const consensus::Engine& engine) override;

  // The first difference found, with replica and step; empty if there was none.
  [[nodiscard]] const std::string& difference() const { return difference_; }
  [[nodiscard]] uint64_t steps() const { return steps_; }
  [[nodiscard]] uint64_t engines() const { return engines_; }
  [[nodiscard]] uint64_t effects() const { return effects_; }

 private:
  struct Life {
    ReplicaAddress who;
    consensus::ChainId chain;
    std::unique_ptr<consensus::Engine> second;
    std::map<consensus::Token, consensus::MessageRef> asked;  // to be verified, by the second one
    size_t looked_at = 0;  // effects of the step at hand, for `asked`
    uint64_t steps = 0;
  };
  [[nodiscard]] Life* find(ReplicaAddress who);
  void report(const Life& life, const std::string& what);
  void remember_asked(Life& life);
  [[nodiscard]] bool step_second(Life& life, TimePoint local,
                                 std::span<const consensus::Input> inputs);

  consensus::HashAlgorithm algorithm_;
  std::vector<Life> lives_;
  consensus::EffectSink sink_;
  std::vector<uint8_t> expected_;
  std::vector<uint8_t> found_;
  std::string difference_;
  uint64_t steps_ = 0;
  uint64_t engines_ = 0;
  uint64_t effects_ = 0;
};

}  // namespace govchain::sim
