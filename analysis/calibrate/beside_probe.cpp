// How much longer the same work takes while all other cores work too: what they share, the hardware
// threads of one core above all, has to go round. A virtual machine does not say who shares what.

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "analysis/calibrate/probes.h"
#include "consensus/assert.h"
#include "consensus/crypto/crypto.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;

constexpr uint64_t kCalls = 100;

class BesideProbe final : public Probe {
 public:
  explicit BesideProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "cores"; }

  [[nodiscard]] consensus::Status prepare() override {
    signer_ = consensus::make_signer(consensus::SignatureScheme::kEd25519, 1, consensus::ChainId(1),
                                     consensus::ReplicaId(0));
    signature_ = signer_->sign(statement_);
    return consensus::success();
  }

  [[nodiscard]] consensus::Status round(Clocks& clocks, Figures& figures) override {
    const uint64_t calls = scaled(kCalls, settings_.effort);
    add(figures, "idle", processor_time(clocks, [&] { verify(calls); }), calls);
    std::atomic<bool> ended{false};
    std::atomic<unsigned> working{0};
    std::vector<std::thread> others;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 1; i < cores; ++i) {
      others.emplace_back([&] {
        ++working;
        while (!ended.load(std::memory_order_relaxed)) verify(1);
      });
    }
    while (working.load() < cores - 1) std::this_thread::yield();
    add(figures, "busy", processor_time(clocks, [&] { verify(calls); }), calls);
    ended = true;
    for (std::thread& other : others) other.join();
    return consensus::success();
  }

 private:
  static void add(Figures& figures, const char* cores, Duration used, uint64_t calls) {
    figures.add(RowKind::kProcessor, {"beside others", {{"other cores", cores}}}, "signature", used,
                calls);
  }
  // A verifier of its own for each thread.
  void verify(uint64_t calls) const {
    const auto verifier = consensus::make_verifier(consensus::SignatureScheme::kEd25519);
    bool all_good = true;
    for (uint64_t i = 0; i < calls; ++i) {
      all_good &= verifier->verify(signer_->public_key(), statement_, signature_);
    }
    GOVCHAIN_ASSERT(all_good);
  }

  ProbeSettings settings_;
  std::unique_ptr<consensus::Signer> signer_;
  consensus::Statement statement_{};
  consensus::Signature signature_;
};

}  // namespace

std::unique_ptr<Probe> make_beside_probe(const ProbeSettings& settings) {
  return std::make_unique<BesideProbe>(settings);
}

}  // namespace govchain::analysis
