#pragma once
// Engines of any one protocol under the same clock: every message takes one delay, every append one
// sync, all else no time. Counts what they send, sign, verify and write, and what each message
// waits for. What a change of leader costs is measured in it, and how long that takes. The rules of
// agreement are not checked here: that is for the clusters of each protocol.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/protocol_settings.h"
#include "consensus/protocol_traits.h"

namespace govchain::consensus::testing {

struct MeteredOptions {
  uint32_t replicas = 4;
  Duration delay = Duration::milliseconds(1);
  Duration sync;
  // One that ends before the longest run, so that no repetition mixes with what is measured.
  Duration timeout = Duration::seconds(60);
  uint64_t checkpoint_interval = 64;
  ProtocolSettings settings;
};

// What has left replicas that are up, to whomever; a message counts once for each receiver.
struct Meter {
  std::map<std::string, uint64_t> messages;  // by name
  uint64_t bytes = 0;
  uint64_t signatures = 0;
  uint64_t verifications = 0;  // of signatures, those in certificates included
  uint64_t records = 0;
  uint64_t logged_bytes = 0;  // of the records, without the log's framing
  [[nodiscard]] uint64_t total() const;
};

// By message: the types of the records at whose tickets it waited, by whomever it was sent; and
// under kAnswer those that the answer to a client waited for. Nothing to wait for is no record.
using Waits = std::map<std::string, std::set<uint8_t>>;
inline constexpr const char* kAnswer = "answer";

class MeteredWorld {
 public:
  MeteredWorld(const ProtocolTraits& protocol, const MeteredOptions& options);

  // Everything that is due up to then happens.
  void run_until(TimePoint end);
  void run_for(Duration duration) { run_until(now_ + duration); }
  // The same payload for the same number.
  void propose(uint32_t replica, uint64_t number);
  void crash(uint32_t replica) { replicas_[replica].engine.reset(); }
  using WireFilter = std::function<bool(const Message& message)>;
  // Messages for which it answers false are lost. They count as sent.
  void set_filter(WireFilter filter) { filter_ = std::move(filter); }

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(replicas_.size()); }
  [[nodiscard]] bool is_up(uint32_t replica) const { return replicas_[replica].engine != nullptr; }
  [[nodiscard]] EngineStatus status(uint32_t replica) const {
    return replicas_[replica].engine->status();
  }
  // When a client of this replica may know that the payload is final.
  [[nodiscard]] std::optional<TimePoint> committed_at(uint32_t replica, uint64_t number) const;
  [[nodiscard]] const Meter& meter() const { return meter_; }
  void reset_meter() {
    meter_ = {};
    first_sent_.clear();
  }
  // When the first one of this name left, since the last reset of the meter.
  [[nodiscard]] std::optional<TimePoint> first_sent(const std::string& name) const;
  [[nodiscard]] const Waits& waits() const { return waits_; }

 private:
  struct Gated {
    Ticket after;
    std::function<void()> act;
  };
  struct Replica {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Signer> signer;
    std::vector<uint8_t> log;  // types of the records, by ticket
    Ticket durable;
    std::vector<Gated> gated;
    std::map<uint64_t, TimePoint> timers;
    Digest root;
    std::map<Digest, TimePoint> committed_at;  // by payload
  };

  void schedule(Duration delay, uint32_t replica, std::function<void()> act);
  void input(uint32_t replica, Input input);
  void answer(uint32_t replica, Input input);
  void step(uint32_t replica, std::span<const Input> inputs);
  void gate(uint32_t replica, Ticket after, std::function<void()> act);
  void note_wait(uint32_t replica, const std::string& what, Ticket after);
  [[nodiscard]] std::string name_of(const MessageRef& message) const {
    return std::string(protocol_.message_name(message->type));
  }
  void transmit(uint32_t from, uint32_t to, const MessageRef& message);
  void carry_out(uint32_t replica, effect::Persist& persist);
  void carry_out(uint32_t replica, effect::Send& send);
  void carry_out(uint32_t replica, effect::Broadcast& broadcast);
  void carry_out(uint32_t replica, effect::SetTimer& set);
  void carry_out(uint32_t replica, effect::CancelTimer& cancel);
  void carry_out(uint32_t replica, effect::Verify& verify);
  void carry_out(uint32_t replica, effect::VerifyClaims& verify);
  void carry_out(uint32_t replica, effect::Sign& sign);
  void carry_out(uint32_t replica, effect::Execute& execute);
  void carry_out(uint32_t replica, effect::Commit& commit);
  // Nobody lags behind and nothing fails here, so the rest asks for nothing.
  template <typename Other>
  void carry_out(uint32_t /*replica*/, Other& /*effect*/) {}

  const ProtocolTraits& protocol_;
  MeteredOptions options_;
  std::vector<Replica> replicas_;
  std::map<std::pair<TimePoint, uint64_t>, std::function<void()>> events_;
  uint64_t sequence_ = 0;
  TimePoint now_;
  WireFilter filter_;
  Meter meter_;
  std::map<std::string, TimePoint> first_sent_;
  Waits waits_;
};

}  // namespace govchain::consensus::testing
