#pragma once
// Clocks that stand still until a test moves them, but for what a reading itself costs.

#include "analysis/calibrate/clocks.h"

namespace govchain::analysis::testing {

class FakeClocks final : public Clocks {
 public:
  [[nodiscard]] consensus::Duration processor() override { return processor_; }
  [[nodiscard]] consensus::Duration wall() override {
    wall_ += reading_;
    processor_ += reading_;
    return wall_;
  }

  // The thread runs for so long.
  void work(consensus::Duration time) {
    wall_ += time;
    processor_ += time;
  }
  // Somebody else does, or nobody.
  void wait(consensus::Duration time) { wall_ += time; }
  void set_cost_of_reading(consensus::Duration time) { reading_ = time; }

 private:
  consensus::Duration wall_;
  consensus::Duration processor_;
  consensus::Duration reading_;
};

}  // namespace govchain::analysis::testing
