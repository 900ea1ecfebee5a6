#pragma once
// Writes what happens to a file that chrome://tracing and Perfetto show: a process per chain, a
// track per replica.

#include <cstdio>
#include <memory>
#include <string>

#include "sim/checkers/observer.h"

namespace govchain::sim {

class ChromeTrace final : public Observer {
 public:
  // Events beyond this are left out, so that a long run does not fill the disk.
  static constexpr uint64_t kMaxEvents = 5'000'000;

  explicit ChromeTrace(const std::string& path);
  ~ChromeTrace() override;
  [[nodiscard]] bool ok() const { return file_ != nullptr; }

  void on_begin(const WorldSpec& spec, std::span<const consensus::Membership> genesis) override;
  void on_send(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
               const consensus::Message& message) override;
  void on_commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                 const consensus::Certificate* certificate) override;
  void on_answered(ReplicaAddress who, TimePoint now, const consensus::Block& block) override;
  void on_checkpoint(ReplicaAddress who, TimePoint now,
                     const consensus::Checkpoint& checkpoint) override;
  void on_crash(ReplicaAddress who, TimePoint now) override;
  void on_restart(ReplicaAddress who, TimePoint now,
                  const consensus::RecoveredState& state) override;
  void on_pulse(const ChainPulse& pulse) override;
  void on_end(TimePoint now) override;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void instant(ReplicaAddress who, TimePoint now, const std::string& name, uint64_t height);
  void line(const std::string& text);

  std::unique_ptr<std::FILE, Close> file_;
  const WorldSpec* spec_ = nullptr;
  uint64_t events_ = 0;
};

}  // namespace govchain::sim
