#pragma once
// What tests of the transport need: an authority with credentials in files, a listener that
// remembers, and a peer that is no transport but speaks TLS as badly as one likes.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "consensus/node/transport/certificate.h"
#include "consensus/node/transport/frame.h"
#include "consensus/node/transport/openssl.h"
#include "consensus/node/transport/transport.h"

namespace govchain::consensus::node::testing {

inline constexpr ChainId kChain{7};

// Longer than anything should take, also under a sanitizer on a machine that does other things.
inline constexpr int kPatienceSeconds = 60;

class TestNetwork {
 public:
  TestNetwork();
  ~TestNetwork();
  TestNetwork(const TestNetwork&) = delete;
  TestNetwork& operator=(const TestNetwork&) = delete;

  [[nodiscard]] const IssuedCertificate& authority() const { return authority_; }
  [[nodiscard]] IssuedCertificate issue(uint32_t replica, ChainId chain = kChain,
                                        unsigned days = 1) const;
  // As files; the key is readable by its owner alone.
  [[nodiscard]] TransportCredentials credentials(uint32_t replica);
  std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const;
  // With short waits, and whom it may meet.
  [[nodiscard]] TransportSettings settings(uint32_t self, std::vector<PeerAddress> peers = {});

 private:
  std::string folder_;
  IssuedCertificate authority_;
};

[[nodiscard]] PeerAddress peer(uint32_t id, uint16_t port = 1);

class Recorder final : public TransportListener {
 public:
  void on_message(ReplicaId from, MessageRef message) override;
  void on_bulk(ReplicaId from, std::span<const uint8_t> bytes) override;
  void on_up(ReplicaId peer) override { note("up", peer); }
  void on_down(ReplicaId peer) override { note("down", peer); }
  void on_dropped(ReplicaId peer) override { note("dropped", peer); }
  void on_writable(ReplicaId peer) override { note("writable", peer); }
  void on_refused(const Error& why) override;

  // False if it does not come true in a very long time.
  template <typename Condition>
  [[nodiscard]] bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(kPatienceSeconds), condition);
  }
  [[nodiscard]] bool wait_event(const std::string& event, size_t times = 1);
  [[nodiscard]] bool wait_messages(size_t count);
  [[nodiscard]] bool wait_bulks(size_t count);
  // Whether somebody was refused with these words, and so many in all.
  [[nodiscard]] bool wait_refused(const std::string& words);
  [[nodiscard]] bool wait_refusals(size_t count);

  [[nodiscard]] std::vector<std::string> events();
  [[nodiscard]] size_t count(const std::string& event);
  // By sender.
  [[nodiscard]] std::vector<std::pair<ReplicaId, MessageRef>> messages();
  [[nodiscard]] std::vector<std::vector<uint8_t>> bulks();

  // Until let_go(), the next message keeps the transport's thread.
  void hold_next();
  [[nodiscard]] bool wait_held();
  void let_go();

 private:
  void note(const std::string& event, ReplicaId peer);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;  // "up 1"
  std::vector<std::string> refused_;
  std::vector<std::pair<ReplicaId, MessageRef>> messages_;
  std::vector<std::vector<uint8_t>> bulks_;
  bool hold_ = false;
  bool held_ = false;
};

// Sealed, on the lane, with a body of so many bytes that follow from the height.
[[nodiscard]] MessageRef make_message(Lane lane, uint64_t height, size_t body = 0);
[[nodiscard]] std::vector<uint8_t> encoded(const MessageRef& message);

// A socket that waits at most as long as tests do.
class RawSocket {
 public:
  // Connects.
  explicit RawSocket(uint16_t port);
  explicit RawSocket(int accepted);
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  [[nodiscard]] int number() const { return number_; }
  void write(const std::string& text) const;
  // Reads until the other side ends it.
  [[nodiscard]] bool wait_closed() const;

 private:
  int number_ = -1;
};

// One that others can dial.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] std::unique_ptr<RawSocket> accept() const;

 private:
  int number_ = -1;
  uint16_t port_ = 0;
};

// TLS on such a socket. It believes whatever the other side shows.
class RawPeer {
 public:
  // Without a certificate it shows none.
  RawPeer(std::unique_ptr<RawSocket> socket, const std::optional<IssuedCertificate>& certificate,
          bool dials = true, int newest_version = TLS1_3_VERSION);

  // Whether its own side of it was done: in TLS 1.3 that says nothing about being let in.
  [[nodiscard]] bool handshake();
  // Whether the first frame came.
  [[nodiscard]] bool let_in();
  bool write(std::span<const uint8_t> bytes);
  bool write_chunk(Channel channel, bool more, std::span<const uint8_t> bytes);
  // The next chunk that is no heartbeat; none if the connection ends.
  struct Chunk {
    FrameHeader header;
    std::vector<uint8_t> bytes;
  };
  [[nodiscard]] std::optional<Chunk> read_chunk();
  [[nodiscard]] bool wait_closed();

 private:
  [[nodiscard]] bool read(std::span<uint8_t> bytes);

  std::unique_ptr<RawSocket> socket_;
  ContextHandle context_;
  SslHandle ssl_;
};

}  // namespace govchain::consensus::node::testing
