#pragma once
// The clocks of a measurement, as an interface: tests have one of their own.

#include "consensus/time.h"

namespace govchain::analysis {

class Clocks {
 public:
  virtual ~Clocks() = default;
  // Processor time of the calling thread: what others do meanwhile does not count.
  [[nodiscard]] virtual consensus::Duration processor() = 0;
  // Since some moment of the past; goes on while the thread waits.
  [[nodiscard]] virtual consensus::Duration wall() = 0;

 protected:
  Clocks() = default;
  Clocks(const Clocks&) = default;
  Clocks& operator=(const Clocks&) = default;
};

class SystemClocks final : public Clocks {
 public:
  [[nodiscard]] consensus::Duration processor() override;
  [[nodiscard]] consensus::Duration wall() override;
};

}  // namespace govchain::analysis
