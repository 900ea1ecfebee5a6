#pragma once
// An engine is a function of what it was made from and of its inputs. Beside every engine of a
// world this keeps others, gives them the same inputs with the same times, and their effects
// must be the same bytes:
//   - one that is made anew from the same configuration, settings and recovered state. Its inputs
//     go through their recorded form, one at a time: step(a + b) decides as step(a); step(b).
//   - a clone, taken after a random step, that goes on as its original does until the next is
//     taken.
// Now and then the fingerprints of all three are compared: equal engines have equal ones. On
// request engines with equal ones have to be equal, too: a second clone misses one input, and if
// its fingerprint is still that of its original, and it asks its host the same, it has to go on as
// that does.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine_journal.h"
#include "sim/random.h"

namespace govchain::sim {

class ReplayCheck : public EngineJournal {
 public:
  // What a fingerprint has to show: kAlike that engines are equal, kAll also that they are not.
  enum class Fingerprints : uint8_t { kAlike, kAll };
  // `seed` draws when clones are taken.
  ReplayCheck(consensus::HashAlgorithm algorithm, uint64_t seed,
              Fingerprints fingerprints = Fingerprints::kAlike);

  void on_engine(ReplicaAddress who, consensus::ChainId chain, const consensus::Engine& engine,
                 const EngineMaker& again) override;
  void on_step(ReplicaAddress who, TimePoint local, std::span<const consensus::Input> inputs,
               std::span<const consensus::Effect> effects,
               const consensus::Engine& engine) override;

  // The first difference found, with replica and step; empty if there was none.
  [[nodiscard]] const std::string& difference() const { return difference_; }
  [[nodiscard]] uint64_t steps() const { return steps_; }
  [[nodiscard]] uint64_t engines() const { return engines_; }
  [[nodiscard]] uint64_t effects() const { return effects_; }
  [[nodiscard]] uint64_t clones() const { return clones_; }
  // Of these, who missed an input without a trace in their fingerprint.
  [[nodiscard]] uint64_t unmoved() const { return unmoved_; }

 private:
  struct Second {
    std::string name;
    std::unique_ptr<consensus::Engine> engine;
    std::map<consensus::Token, consensus::MessageRef> asked;  // to be verified, by this engine
    size_t looked_at = 0;  // effects of the step at hand, for `asked`
  };
  struct Life {
    ReplicaAddress who;
    consensus::ChainId chain;
    Second fresh;
    Second clone;   // no engine before the first is taken
    Second missed;  // likewise, and none while its fingerprint differs
    bool misses_next = false;
    uint64_t steps = 0;
    uint64_t next_clone = 0;
  };
  [[nodiscard]] Life* find(ReplicaAddress who);
  void report(const Life& life, const std::string& what);
  // The answer to effect::Verify brings the message that was asked about, the object and not a
  // copy (consensus/input.h), so each engine gets its own.
  void remember_asked(Second& second);
  static void give_own_message(Second& second, consensus::Input& input);
  // Into sink_; false if an input has no recorded form.
  [[nodiscard]] bool step_fresh(Life& life, TimePoint local,
                                std::span<const consensus::Input> inputs);
  void step_clone(Second& clone, TimePoint local, std::span<const consensus::Input> inputs);
  [[nodiscard]] bool asks_the_same(const Life& life, std::span<const consensus::Effect> effects);
  void step_missed(Life& life, TimePoint local, std::span<const consensus::Input> inputs,
                   std::span<const consensus::Effect> effects, const consensus::Engine& engine);
  void compare(const Life& life, const Second& second, std::span<const consensus::Effect> effects,
               const consensus::Engine& engine);

  consensus::HashAlgorithm algorithm_;
  RandomStream random_;
  Fingerprints fingerprints_;
  std::vector<Life> lives_;
  consensus::EffectSink sink_;
  std::vector<consensus::Input> inputs_;
  std::vector<uint8_t> expected_;
  std::vector<uint8_t> found_;
  std::string difference_;
  uint64_t steps_ = 0;
  uint64_t engines_ = 0;
  uint64_t effects_ = 0;
  uint64_t clones_ = 0;
  uint64_t unmoved_ = 0;
};

}  // namespace govchain::sim
