#pragma once
// One connection: handshake, frames in and out, heartbeats, end. On the context's thread alone.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "consensus/node/storage_owner.h"
#include "consensus/node/transport/frame.h"
#include "consensus/node/transport/network.h"
#include "consensus/node/transport/tls_session.h"
#include "consensus/result.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

class Connection;

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // The other side's certificate is good; whether whom it names may come in.
  [[nodiscard]] virtual Status on_identity(Connection& connection, const StorageOwner& shown) = 0;
  // From here on frames come, and fill() is asked for more.
  virtual void on_open(Connection& connection) = 0;
  virtual void on_frame(Connection& connection, Channel channel,
                        std::span<const uint8_t> bytes) = 0;
  // Writes the next chunks that are ready; how many bytes that were.
  [[nodiscard]] virtual size_t fill(Connection& connection, std::span<uint8_t> record) = 0;
  // The last call; not after abandon(). kIo if the line broke, kInvalid if the other side is none
  // of ours, kExhausted if it took too long to show itself, kMalformed if it broke the framing.
  virtual void on_closed(Connection& connection, const Error& why) = 0;
  // Where to put what is read, for the time of one call of on_frame(): one buffer serves all.
  [[nodiscard]] virtual std::span<uint8_t> read_buffer() = 0;
};

class Connection : public std::enable_shared_from_this<Connection>, private FrameSink {
 public:
  struct Limits {
    Bytes frame;
    Duration handshake_timeout;
    Duration silence_timeout;
  };

  // `expected` of a connection that was dialled.
  Connection(tcp::socket socket, SSL_CTX& context, std::optional<ReplicaId> expected,
             std::string address, const Limits& limits, ConnectionOwner& owner);

  void start();
  // Something may be ready for fill().
  void send();
  // Closes it without a word to the owner.
  void abandon();

  [[nodiscard]] Side side() const { return side_; }
  // Known from the start if it was dialled, else since on_identity() agreed.
  [[nodiscard]] ReplicaId peer() const { return *peer_; }
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] Clock::time_point opened_at() const { return opened_at_; }

 private:
  // One that was dialled is kShaken until the first frame: in TLS 1.3 the side that dials is done
  // before the other one has looked at its certificate.
  enum class Stage : uint8_t { kHandshake, kShaken, kOpen, kClosed };

  void on_frame(Channel channel, std::span<const uint8_t> bytes) override;
  void read();
  void flush();
  void advance();
  [[nodiscard]] bool shake_hands();
  void receive();
  [[nodiscard]] size_t next_record();
  void open();
  void await_tick();
  void tick();
  void fail(ErrorCode code, const std::string& what);

  tcp::socket socket_;
  asio::steady_timer timer_;
  TlsSession session_;
  const Side side_;
  std::optional<ReplicaId> peer_;
  const std::string address_;
  const Limits limits_;
  ConnectionOwner& owner_;
  FrameReader reader_;

  Stage stage_ = Stage::kHandshake;
  bool reading_ = false;
  bool writing_ = false;
  bool input_stalled_ = false;  // until output has left
  bool heartbeat_due_ = false;
  Clock::time_point last_heard_;
  Clock::time_point opened_at_;
  std::array<uint8_t, kRecordBytes> record_{};
  size_t record_size_ = 0;  // of what TLS has not yet taken
};

}  // namespace govchain::consensus::node
