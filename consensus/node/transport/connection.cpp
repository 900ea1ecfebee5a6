#include "consensus/node/transport/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "consensus/node/transport/identity.h"

namespace govchain::consensus::node {

namespace {

// What the system takes from us before it has sent it: nothing overtakes that, so it is little.
constexpr int kUnsentInSystem = 128 * 1'024;

void set_options(tcp::socket& socket) {
  // Without them it works, more slowly.
  asio::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
#ifdef TCP_NOTSENT_LOWAT
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentInSystem,
                     sizeof kUnsentInSystem);
#endif
  socket.non_blocking(true, ignored);
}

}  // namespace

Connection::Connection(tcp::socket socket, SSL_CTX& context, std::optional<ReplicaId> expected,
                       std::string address, const Limits& limits, ConnectionOwner& owner)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      session_(context, expected ? Side::kDialled : Side::kAccepted),
      side_(expected ? Side::kDialled : Side::kAccepted),
      peer_(expected),
      address_(std::move(address)),
      limits_(limits),
      owner_(owner),
      reader_(limits.frame) {}

void Connection::start() {
  set_options(socket_);
  timer_.expires_after(to_chrono(limits_.handshake_timeout));
  timer_.async_wait([self = shared_from_this()](asio::error_code error) {
    if (error || self->stage_ == Stage::kOpen) return;
    self->fail(ErrorCode::kExhausted, "the other side took too long to show who it is");
  });
  advance();
  read();
}

void Connection::read() {
  // No room for input while it is stalled, and its bytes would be asked for in vain.
  if (reading_ || input_stalled_ || stage_ == Stage::kClosed) return;
  const std::span<uint8_t> room = session_.input_room();
  GOVCHAIN_ASSERT(!room.empty());
  reading_ = true;
  socket_.async_read_some(asio::buffer(room.data(), room.size()),
                          [self = shared_from_this()](asio::error_code error, size_t count) {
                            self->reading_ = false;
                            if (self->stage_ == Stage::kClosed) return;
                            if (error)
                              return self->fail(ErrorCode::kIo,
                                                "the line broke: " + error.message());
                            self->session_.input_arrived(count);
                            self->last_heard_ = Clock::now();
                            self->advance();
                            self->read();
                          });
}

void Connection::flush() {
  if (writing_ || stage_ == Stage::kClosed) return;
  const std::span<const uint8_t> bytes = session_.output();
  if (bytes.empty()) return;
  writing_ = true;
  socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                           [self = shared_from_this()](asio::error_code error, size_t count) {
                             self->writing_ = false;
                             if (self->stage_ == Stage::kClosed) return;
                             if (error)
                               return self->fail(ErrorCode::kIo,
                                                 "the line broke: " + error.message());
                             self->session_.output_left(count);
                             if (self->input_stalled_) {
                               self->input_stalled_ = false;
                               self->advance();
                               self->read();
                             } else {
                               self->send();
                             }
                           });
}

// After input has come.
void Connection::advance() {
  if (stage_ != Stage::kHandshake || shake_hands()) receive();
  send();
}

bool Connection::shake_hands() {
  const TlsSession::Progress progress = session_.handshake();
  if (progress == TlsSession::Progress::kFailed) {
    fail(ErrorCode::kInvalid, session_.failure());
    return false;
  }
  input_stalled_ = progress == TlsSession::Progress::kFull;
  if (progress != TlsSession::Progress::kDone) return false;
  const X509* certificate = session_.certificate();
  GOVCHAIN_ASSERT(certificate != nullptr);  // or TLS would not be done
  const Result<StorageOwner> shown = read_identity(*certificate);
  const Status agreed = shown ? owner_.on_identity(*this, *shown) : Status(Error(shown.error()));
  if (!agreed) {
    fail(agreed.error().code, agreed.error().message);
    return false;
  }
  peer_ = shown->replica;
  stage_ = Stage::kShaken;
  if (side_ == Side::kAccepted) open();
  return true;
}

void Connection::open() {
  stage_ = Stage::kOpen;
  opened_at_ = Clock::now();
  last_heard_ = opened_at_;
  // The first one is for the side that dialled: it is let in.
  heartbeat_due_ = true;
  await_tick();
  owner_.on_open(*this);
}

void Connection::receive() {
  while (stage_ != Stage::kClosed) {
    const std::span<uint8_t> buffer = owner_.read_buffer();
    const auto [progress, count] = session_.read(buffer);
    if (progress == TlsSession::Progress::kFailed) {
      return fail(stage_ == Stage::kOpen ? ErrorCode::kIo : ErrorCode::kInvalid,
                  session_.failure());
    }
    input_stalled_ = progress == TlsSession::Progress::kFull;
    if (progress != TlsSession::Progress::kDone) return;
    if (const Status fed = reader_.feed(buffer.first(count), *this); !fed) {
      return fail(fed.error().code, fed.error().message);
    }
  }
}

void Connection::on_frame(Channel channel, std::span<const uint8_t> bytes) {
  if (stage_ == Stage::kShaken) open();
  if (channel != Channel::kHeartbeat) owner_.on_frame(*this, channel, bytes);
}

size_t Connection::next_record() {
  size_t used = 0;
  if (heartbeat_due_) {
    const EncodedHeader header = encode_header(FrameHeader{});
    std::copy(header.begin(), header.end(), record_.begin());
    used = header.size();
    heartbeat_due_ = false;
  }
  return used + owner_.fill(*this, std::span(record_).subspan(used));
}

void Connection::send() {
  // What gathers while a write is under way goes with the next: few records, full ones.
  if (writing_ || stage_ == Stage::kClosed) return;
  // So that the ring begins anew, in one piece.
  const bool all_left = session_.output().empty();
  while (all_left && stage_ == Stage::kOpen && session_.can_write()) {
    if (record_size_ == 0) record_size_ = next_record();
    if (record_size_ == 0) break;
    const auto progress = session_.write(std::span(record_).first(record_size_));
    if (progress == TlsSession::Progress::kFailed) {
      return fail(ErrorCode::kIo, session_.failure());
    }
    if (progress != TlsSession::Progress::kDone) break;
    record_size_ = 0;
  }
  flush();
}

void Connection::await_tick() {
  timer_.expires_after(to_chrono(limits_.silence_timeout / 3));
  timer_.async_wait([self = shared_from_this()](asio::error_code error) {
    if (!error && self->stage_ == Stage::kOpen) self->tick();
  });
}

void Connection::tick() {
  const Clock::time_point now = Clock::now();
  // If this comes late it was this side that slept, and what has come lies unread.
  const bool late = now - timer_.expiry() > to_chrono(limits_.silence_timeout / 3);
  if (!late && now - last_heard_ > to_chrono(limits_.silence_timeout)) {
    return fail(ErrorCode::kIo, "nothing came for too long");
  }
  heartbeat_due_ = true;
  await_tick();
  send();
}

void Connection::abandon() {
  stage_ = Stage::kClosed;
  asio::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

void Connection::fail(ErrorCode code, const std::string& what) {
  if (stage_ == Stage::kClosed) return;
  if (!writing_) {
    // An alert, if TLS has one to say; whether it arrives does not matter.
    asio::error_code ignored;
    const std::span<const uint8_t> bytes = session_.output();
    if (!bytes.empty()) socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  const auto self = shared_from_this();
  abandon();
  owner_.on_closed(*this, Error{code, what, address_});
}

}  // namespace govchain::consensus::node
