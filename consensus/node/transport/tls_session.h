#pragma once
// One side of a TLS connection as a state machine: bytes of the line in and out, no socket.
//
// It is OpenSSL on a pair of ring buffers, and not asio's TLS stream, which has room for one record
// each way: that would be a system call and a turn of the event loop for each 16 KiB. Here as many
// records as there are go to the line in one call.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "consensus/node/transport/openssl.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

enum class Side : uint8_t { kDialled, kAccepted };

class TlsSession {
 public:
  // kWaiting is for input, kFull for output to leave. kFailed is final; failure() says why, and
  // output() may have an alert for the other side.
  enum class Progress : uint8_t { kDone, kWaiting, kFull, kFailed };

  TlsSession(SSL_CTX& context, Side side);

  // The line. Room for bytes that come, which may be empty, and how many of them came; no
  // handshake() or read() between the two calls, since what empties the ring moves its room.
  [[nodiscard]] std::span<uint8_t> input_room();
  void input_arrived(size_t count);
  // What is to leave, and how much of it has left. It stays where it is when more is added.
  [[nodiscard]] std::span<const uint8_t> output();
  void output_left(size_t count);

  [[nodiscard]] Progress handshake();
  // kDone with at least one byte.
  struct Read {
    Progress progress = Progress::kWaiting;
    size_t bytes = 0;
  };
  [[nodiscard]] Read read(std::span<uint8_t> out);
  // Whether a whole record has room to leave in.
  [[nodiscard]] bool can_write() const;
  // At most kRecordBytes, and only if can_write(). Unless kDone or kFailed, the same again.
  [[nodiscard]] Progress write(std::span<const uint8_t> record);

  // Of the other side, once the handshake is done; null before.
  [[nodiscard]] const X509* certificate() const;
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  Progress progress_of(int result);

  BioHandle line_;
  SslHandle ssl_;
  std::string failure_;
};

}  // namespace govchain::consensus::node
