#include "consensus/node/transport/tls_session.h"

#include <new>

#include "consensus/assert.h"
#include "consensus/node/transport/frame.h"

namespace govchain::consensus::node {

namespace {

// Several records each way. What lies here for the line can no longer be overtaken, so it is not
// more than a few milliseconds of a fast one.
constexpr size_t kInputRoom = 64 * 1'024;
constexpr size_t kOutputRoom = 128 * 1'024;
// Header, type and tag of a record, and a key update that may precede it (RFC 8446, 5.2 and 4.6.3).
constexpr size_t kRecordRoom = kRecordBytes + 512;

}  // namespace

TlsSession::TlsSession(SSL_CTX& context, Side side) : ssl_(SSL_new(&context)) {
  BIO* inner = nullptr;
  BIO* outer = nullptr;
  if (!ssl_ || BIO_new_bio_pair(&inner, kOutputRoom, &outer, kInputRoom) != 1) {
    throw std::bad_alloc();  // OpenSSL has no other reason here
  }
  line_.reset(outer);
  SSL_set_bio(ssl_.get(), inner, inner);
  if (side == Side::kDialled) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
}

std::span<uint8_t> TlsSession::input_room() {
  char* room = nullptr;
  const int size = BIO_nwrite0(line_.get(), &room);
  if (size <= 0) return {};
  return {reinterpret_cast<uint8_t*>(room), static_cast<size_t>(size)};
}

void TlsSession::input_arrived(size_t count) {
  char* room = nullptr;
  const int taken = BIO_nwrite(line_.get(), &room, static_cast<int>(count));
  GOVCHAIN_ASSERT(taken >= 0 && static_cast<size_t>(taken) == count);
}

std::span<const uint8_t> TlsSession::output() {
  char* bytes = nullptr;
  const int size = BIO_nread0(line_.get(), &bytes);
  if (size <= 0) return {};
  return {reinterpret_cast<const uint8_t*>(bytes), static_cast<size_t>(size)};
}

void TlsSession::output_left(size_t count) {
  char* bytes = nullptr;
  const int taken = BIO_nread(line_.get(), &bytes, static_cast<int>(count));
  GOVCHAIN_ASSERT(taken >= 0 && static_cast<size_t>(taken) == count);
}

TlsSession::Progress TlsSession::progress_of(int result) {
  if (result > 0) return Progress::kDone;
  const int reason = SSL_get_error(ssl_.get(), result);
  if (reason == SSL_ERROR_WANT_READ) return Progress::kWaiting;
  if (reason == SSL_ERROR_WANT_WRITE) return Progress::kFull;
  if (reason == SSL_ERROR_ZERO_RETURN) {
    failure_ = "the other side ended the connection";
  } else {
    failure_ = "TLS failed: " + take_openssl_error();
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK) {
      failure_ += std::string(" (") + X509_verify_cert_error_string(verified) + ")";
    }
  }
  ERR_clear_error();
  return Progress::kFailed;
}

TlsSession::Progress TlsSession::handshake() {
  ERR_clear_error();
  return progress_of(SSL_do_handshake(ssl_.get()));
}

TlsSession::Read TlsSession::read(std::span<uint8_t> out) {
  ERR_clear_error();
  Read read;
  const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &read.bytes);
  read.progress = progress_of(result);
  return read;
}

bool TlsSession::can_write() const {
  return BIO_ctrl_get_write_guarantee(SSL_get_wbio(ssl_.get())) >= kRecordRoom;
}

TlsSession::Progress TlsSession::write(std::span<const uint8_t> record) {
  GOVCHAIN_ASSERT(!record.empty() && record.size() <= kRecordBytes && can_write());
  ERR_clear_error();
  size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &written);
  const Progress progress = progress_of(result);
  GOVCHAIN_ASSERT(progress != Progress::kDone || written == record.size());
  return progress;
}

const X509* TlsSession::certificate() const { return SSL_get0_peer_certificate(ssl_.get()); }

}  // namespace govchain::consensus::node
