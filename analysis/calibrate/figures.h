#pragma once
// What a calibration has measured: one row for each thing that has a cost, with all its samples.
//
// A row of processor time or of work done in bulk has one sample for each round: the time of that
// round's work by the operations in it. A row of waits has one sample for each wait, because there
// the distribution is what matters.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/statistics/spread.h"
#include "consensus/time.h"

namespace govchain::analysis {

// What was measured: "verify" of {algorithm: ed25519}. The labels are told in this order.
struct RowName {
  std::string what;
  std::vector<std::pair<std::string, std::string>> of;
  friend auto operator<=>(const RowName&, const RowName&) = default;
  // "verify (ed25519)"
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::string* label(const std::string& key) const;
};

enum class RowKind : uint8_t {
  kProcessor,  // time on a core
  kWall,       // time until done, in bulk
  kWait,       // time until done, one by one
};
[[nodiscard]] const char* name_of(RowKind kind);

struct Row {
  RowKind kind = RowKind::kProcessor;
  std::string per;              // "signature", "1,000 bytes", "message"
  std::vector<double> samples;  // microseconds
  uint64_t operations = 0;      // in all samples together
  // How many such operations one decision takes on one replica, where that is known.
  std::vector<double> per_block;
  [[nodiscard]] Spread spread() const { return spread_of(samples); }
};

class Figures {
 public:
  // One round's work. Nothing is kept of work that took no time, which a clock may say of very
  // little work.
  void add(RowKind kind, const RowName& name, const std::string& per, consensus::Duration total,
           uint64_t operations);
  void add_wait(const RowName& name, const std::string& per, consensus::Duration wait);
  void add_per_block(const RowName& name, double count);

  // Null if there is none.
  [[nodiscard]] const Row* find(const RowName& name) const;
  // In the order in which they were first added.
  [[nodiscard]] const std::vector<std::pair<RowName, Row>>& rows() const { return rows_; }
  void clear();

 private:
  Row& row(RowKind kind, const RowName& name, const std::string& per);
  std::vector<std::pair<RowName, Row>> rows_;
  std::map<RowName, size_t> places_;
};

}  // namespace govchain::analysis
