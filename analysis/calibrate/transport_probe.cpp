// TLS and sockets: two transports of the node, connected over the loopback device.
//
// Each message goes the way it goes in a node: encoded on the sender's thread, coalesced with
// others in one TLS record and one system call on the transport's, decoded on the other
// transport's thread and handed to a mailbox. The processor time of each of these threads is read
// from outside.

#include <chrono>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <thread>

#include "analysis/calibrate/probes.h"
#include "analysis/calibrate/thread_clock.h"
#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/node/host/mailbox.h"
#include "consensus/node/transport/certificate.h"
#include "consensus/node/transport/transport.h"

namespace govchain::analysis {

namespace {

namespace node = consensus::node;
using consensus::ChainId;
using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::ReplicaId;
using consensus::Status;
using node::Mailbox;

constexpr ChainId kChain{1};
constexpr size_t kMostWaiting = 1U << 16U;
constexpr auto kPatience = std::chrono::seconds(20);

constexpr uint64_t kSingles = 200;
constexpr uint64_t kBursts = 10;
constexpr uint64_t kBurst = 64;
constexpr uint64_t kBulkFrames = 8;
constexpr size_t kBulkFrameBytes = 1'000'000;
constexpr uint64_t kBytesPerUnit = 1'000;

// One end: what comes goes into a mailbox, as in a replica.
class End final : public node::TransportListener {
 public:
  void on_message(ReplicaId from, consensus::MessageRef message) override {
    clock_.take_this_thread();
    (void)mailbox_.put_message({from, std::move(message)});
  }
  void on_bulk(ReplicaId /*from*/, std::span<const uint8_t> bytes) override {
    mailbox_.put(Mailbox::Task([] {}));
    bulk_ += bytes.size();
  }
  void on_up(ReplicaId peer) override {
    clock_.take_this_thread();
    mailbox_.put(consensus::Input(consensus::input::PeerUp{peer}));
  }
  void on_down(ReplicaId /*peer*/) override { is_down_ = true; }
  void on_dropped(ReplicaId /*peer*/) override {}
  void on_writable(ReplicaId /*peer*/) override {}

  // Waits for so many items; false if they do not come.
  [[nodiscard]] bool take(size_t count) {
    const auto deadline = Mailbox::Clock::now() + kPatience;
    while (count > 0) {
      items_.clear();
      if (!mailbox_.take(deadline, count, items_) || items_.empty() || is_down_) return false;
      count -= items_.size();
    }
    return true;
  }
  // Of the transport's thread.
  [[nodiscard]] Duration processor() const { return clock_.read().value_or(Duration::zero()); }

 private:
  ThreadClock clock_;
  Mailbox mailbox_{kMostWaiting};
  std::vector<Mailbox::Item> items_;
  std::atomic<uint64_t> bulk_{0};
  std::atomic<bool> is_down_{false};
};

Status write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  // Before there is anything in it: a key is its owner's alone.
  const bool is_private = ::chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0;
  file << text;
  file.close();
  if (!is_private || !file) return Error{ErrorCode::kIo, "cannot be written", path};
  return consensus::success();
}

class TransportProbe final : public Probe {
 public:
  explicit TransportProbe(const ProbeSettings& settings) : settings_(settings) {}
  // The transports end before what they tell.
  ~TransportProbe() override {
    sender_.reset();
    receiver_.reset();
  }
  [[nodiscard]] std::string name() const override { return "TLS and sockets"; }

  [[nodiscard]] Status prepare() override {
    const auto authority = node::make_authority("Calibration", 1);
    if (!authority) return authority.error();
    // The higher id dials.
    if (Status made = start(0, *authority, 0, receiver_, receiving_); !made) return made;
    if (Status made = start(1, *authority, receiver_->port(), sender_, sending_); !made)
      return made;
    if (!sending_.take(1) || !receiving_.take(1)) {
      return Error{ErrorCode::kIo, "two ends on the loopback device do not find each other", {}};
    }
    auto vote = consensus::Ref<consensus::Message>::make();
    vote->type = 2;
    vote->sender = ReplicaId(1);
    vote->height = consensus::Height(1);
    vote->signature.bytes.fill(1);
    consensus::seal_message(*vote);
    vote_ = std::move(vote);
    return consensus::success();
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    clock_cost_ = cost_of_processor_clock(clocks);
    const std::string size = std::to_string(vote_->wire_size.count()) + " bytes";
    bool arrived = true;
    const uint64_t singles = scaled(kSingles, settings_.effort);
    measure(figures, {{"writes", "separate"}, {"size", size}}, "message", singles,
            [&](Duration& sending, Duration& receiving) {
              for (uint64_t i = 0; i < singles; ++i) {
                settings_.others_have_all_cores();
                const Duration left = clocks.wall();
                sending += send(clocks, 1);
                arrived &= take(clocks, 1, receiving);
                figures.add_wait({"message transit", {{"size", size}}}, "message",
                                 clocks.wall() - left);
              }
            });
    const uint64_t bursts = scaled(kBursts, settings_.effort);
    measure(figures, {{"writes", "64 together"}, {"size", size}}, "message", bursts * kBurst,
            [&](Duration& sending, Duration& receiving) {
              for (uint64_t i = 0; i < bursts; ++i) {
                sending += send(clocks, kBurst);
                arrived &= take(clocks, kBurst, receiving);
              }
            });
    const uint64_t frames = scaled(kBulkFrames, settings_.effort);
    measure(figures, {{"writes", "bulk"}}, "1,000 bytes", frames * kBulkFrameBytes / kBytesPerUnit,
            [&](Duration& sending, Duration& receiving) {
              sending += processor_time(clocks, [&] {
                for (uint64_t i = 0; i < frames; ++i) {
                  arrived &=
                      sender_->send_bulk(ReplicaId(0), std::vector<uint8_t>(kBulkFrameBytes, 1));
                }
              });
              arrived &= take(clocks, frames, receiving);
            });
    if (!arrived) return Error{ErrorCode::kIo, "a message over the loopback device is lost", {}};
    return consensus::success();
  }

 private:
  [[nodiscard]] Status start(uint32_t id, const node::IssuedCertificate& authority, uint16_t dials,
                             std::unique_ptr<node::Transport>& transport, End& end) {
    const consensus::node::StorageOwner owner{kChain, ReplicaId(id)};
    const auto issued = node::issue_certificate(authority, owner, 1);
    if (!issued) return issued.error();
    const std::string place = settings_.scratch + "/replica-" + std::to_string(id);
    node::TransportSettings settings;
    settings.self = owner;
    settings.credentials = {place + ".pem", place + ".key", settings_.scratch + "/authority.pem"};
    settings.peers = {{ReplicaId(1 - id), "127.0.0.1", dials, Duration::zero()}};
    for (const auto& [path, text] :
         {std::pair{settings.credentials.certificate, issued->certificate},
          std::pair{settings.credentials.key, issued->key},
          std::pair{settings.credentials.authority, authority.certificate}}) {
      if (Status written = write_file(path, text); !written) return written;
    }
    auto started = node::Transport::start(settings, end);
    if (!started) return started.error();
    transport = *std::move(started);
    return consensus::success();
  }

  [[nodiscard]] Duration send(Clocks& clocks, uint64_t count) {
    const Duration sending = processor_time(clocks, [&] {
      for (uint64_t i = 0; i < count; ++i) sender_->send(ReplicaId(0), vote_);
    });
    return sending - clock_cost_;
  }
  [[nodiscard]] bool take(Clocks& clocks, size_t count, Duration& processor) {
    bool arrived = false;
    processor += processor_time(clocks, [&] { arrived = receiving_.take(count); }) - clock_cost_;
    return arrived;
  }

  template <typename Work>
  void measure(Figures& figures, std::vector<std::pair<std::string, std::string>> of,
               const std::string& per, uint64_t operations, Work&& work) {
    const Duration sender_before = sending_.processor();
    const Duration receiver_before = receiving_.processor();
    Duration sending;
    Duration receiving;
    work(sending, receiving);
    sending += sending_.processor() - sender_before;
    receiving += receiving_.processor() - receiver_before;
    figures.add(RowKind::kProcessor, {"send", of}, per, sending, operations);
    figures.add(RowKind::kProcessor, {"receive", std::move(of)}, per, receiving, operations);
  }

  ProbeSettings settings_;
  End sending_;
  End receiving_;
  std::unique_ptr<node::Transport> sender_;
  std::unique_ptr<node::Transport> receiver_;
  consensus::MessageRef vote_;
  Duration clock_cost_;
};

}  // namespace

std::unique_ptr<Probe> make_transport_probe(const ProbeSettings& settings) {
  return std::make_unique<TransportProbe>(settings);
}

}  // namespace govchain::analysis
