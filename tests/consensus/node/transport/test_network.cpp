#include "tests/consensus/node/transport/test_network.h"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/consensus/random_source.h"

namespace govchain::consensus::node::testing {

TestNetwork::TestNetwork() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "govchain-transport-XXXXXX").string();
  EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  authority_ = *make_authority("Test authority", 1);
}
TestNetwork::~TestNetwork() { std::filesystem::remove_all(folder_); }

IssuedCertificate TestNetwork::issue(uint32_t replica, ChainId chain, unsigned days) const {
  return *issue_certificate(authority_, StorageOwner{chain, ReplicaId(replica)}, days);
}

std::string TestNetwork::write(const std::string& name, const std::string& text,
                               unsigned mode) const {
  const std::string path = folder_ + "/" + name;
  std::ofstream(path) << text;
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  return path;
}

TransportCredentials TestNetwork::credentials(uint32_t replica) {
  const IssuedCertificate issued = issue(replica);
  const std::string name = std::to_string(replica);
  return TransportCredentials{write(name + ".pem", issued.certificate, 0644),
                              write(name + ".key", issued.key),
                              write("authority.pem", authority_.certificate, 0644)};
}

TransportSettings TestNetwork::settings(uint32_t self, std::vector<PeerAddress> peers) {
  TransportSettings settings;
  settings.self = StorageOwner{kChain, ReplicaId(self)};
  settings.peers = std::move(peers);
  settings.credentials = credentials(self);
  settings.first_backoff = Duration::milliseconds(10);
  settings.longest_backoff = Duration::milliseconds(100);
  // Nothing here is about them, unless a test says so.
  settings.handshake_timeout = Duration::seconds(kPatienceSeconds);
  settings.silence_timeout = Duration::seconds(kPatienceSeconds);
  return settings;
}

PeerAddress peer(uint32_t id, uint16_t port) {
  return PeerAddress{ReplicaId(id), "127.0.0.1", port, Duration::zero()};
}

void Recorder::on_message(ReplicaId from, MessageRef message) {
  std::unique_lock lock(mutex_);
  if (hold_) {
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !hold_; });
    held_ = false;
  }
  messages_.emplace_back(from, std::move(message));
  changed_.notify_all();
}
void Recorder::on_bulk(ReplicaId from, std::span<const uint8_t> bytes) {
  (void)from;
  const std::lock_guard lock(mutex_);
  bulks_.emplace_back(bytes.begin(), bytes.end());
  changed_.notify_all();
}
void Recorder::on_refused(const Error& why) {
  const std::lock_guard lock(mutex_);
  refused_.push_back(why.message);
  changed_.notify_all();
}
void Recorder::note(const std::string& event, ReplicaId peer) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event + " " + std::to_string(peer.value()));
  changed_.notify_all();
}
bool Recorder::wait_event(const std::string& event, size_t times) {
  return wait([&] {
    return std::count(events_.begin(), events_.end(), event) >= static_cast<ptrdiff_t>(times);
  });
}
bool Recorder::wait_messages(size_t count) {
  return wait([&] { return messages_.size() >= count; });
}
bool Recorder::wait_bulks(size_t count) {
  return wait([&] { return bulks_.size() >= count; });
}
bool Recorder::wait_refused(const std::string& words) {
  const bool found = wait([&] {
    return std::any_of(refused_.begin(), refused_.end(), [&](const std::string& message) {
      return message.find(words) != std::string::npos;
    });
  });
  if (!found) {
    const std::lock_guard lock(mutex_);
    for (const std::string& message : refused_) ADD_FAILURE() << "refused: " << message;
  }
  return found;
}
bool Recorder::wait_refusals(size_t count) {
  return wait([&] { return refused_.size() >= count; });
}
std::vector<std::string> Recorder::events() {
  const std::lock_guard lock(mutex_);
  return events_;
}
size_t Recorder::count(const std::string& event) {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::count(events_.begin(), events_.end(), event));
}
std::vector<std::pair<ReplicaId, MessageRef>> Recorder::messages() {
  const std::lock_guard lock(mutex_);
  return messages_;
}
std::vector<std::vector<uint8_t>> Recorder::bulks() {
  const std::lock_guard lock(mutex_);
  return bulks_;
}
void Recorder::hold_next() {
  const std::lock_guard lock(mutex_);
  hold_ = true;
}
bool Recorder::wait_held() {
  return wait([&] { return held_; });
}
void Recorder::let_go() {
  const std::lock_guard lock(mutex_);
  hold_ = false;
  changed_.notify_all();
}

MessageRef make_message(Lane lane, uint64_t height, size_t body) {
  auto message = Ref<Message>::make();
  message->lane = lane;
  message->height = Height(height);
  message->body = consensus::testing::RandomSource(height).bytes(body);
  seal_message(*message);
  return MessageRef(std::move(message));
}

std::vector<uint8_t> encoded(const MessageRef& message) {
  std::vector<uint8_t> bytes;
  encode_message(kChain, *message, bytes);
  return bytes;
}

namespace {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void be_patient(int socket) {
  // A write to a connection that is gone is an answer, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  const timeval patience{kPatienceSeconds, 0};
  EXPECT_EQ(::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  EXPECT_EQ(::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
}

}  // namespace

RawSocket::RawSocket(uint16_t port) : number_(::socket(AF_INET, SOCK_STREAM, 0)) {
  be_patient(number_);
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(::connect(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}
RawSocket::RawSocket(int accepted) : number_(accepted) { be_patient(number_); }
RawSocket::~RawSocket() { ::close(number_); }

void RawSocket::write(const std::string& text) const {
  EXPECT_EQ(::send(number_, text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}
bool RawSocket::wait_closed() const {
  std::array<char, 4'096> ignored{};
  ssize_t got = 1;
  while (got > 0) got = ::recv(number_, ignored.data(), ignored.size(), 0);
  // Not if it was the test that lost its patience.
  return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

RawListener::RawListener() : number_(::socket(AF_INET, SOCK_STREAM, 0)) {
  be_patient(number_);
  sockaddr_in address = loopback(0);
  EXPECT_EQ(::bind(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(number_, 8), 0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(number_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
}
RawListener::~RawListener() { ::close(number_); }
std::unique_ptr<RawSocket> RawListener::accept() const {
  const int accepted = ::accept(number_, nullptr, nullptr);
  EXPECT_GE(accepted, 0);
  return std::make_unique<RawSocket>(accepted);
}

RawPeer::RawPeer(std::unique_ptr<RawSocket> socket,
                 const std::optional<IssuedCertificate>& certificate, bool dials,
                 int newest_version)
    : socket_(std::move(socket)), context_(SSL_CTX_new(TLS_method())) {
  EXPECT_EQ(SSL_CTX_set_max_proto_version(context_.get(), newest_version), 1);
  if (certificate) {
    const X509Handle own(PEM_read_bio_X509(read_from(certificate->certificate).get(), nullptr,
                                           no_passphrase, nullptr));
    const KeyHandle key(PEM_read_bio_PrivateKey(read_from(certificate->key).get(), nullptr,
                                                no_passphrase, nullptr));
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), own.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), key.get()), 1);
  }
  ssl_.reset(SSL_new(context_.get()));
  EXPECT_EQ(SSL_set_fd(ssl_.get(), socket_->number()), 1);
  if (dials) {
    SSL_set_connect_state(ssl_.get());
  } else {
    // So that the other side shows its certificate, as it would to a real one.
    SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    SSL_set_accept_state(ssl_.get());
  }
}

bool RawPeer::handshake() {
  ERR_clear_error();
  return SSL_do_handshake(ssl_.get()) == 1;
}
bool RawPeer::read(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    size_t got = 0;
    if (SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &got) != 1) return false;
    bytes = bytes.subspan(got);
  }
  return true;
}
bool RawPeer::let_in() {
  EncodedHeader header;
  return handshake() && read(header);
}
bool RawPeer::write(std::span<const uint8_t> bytes) {
  ERR_clear_error();
  size_t written = 0;
  return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1;
}
bool RawPeer::write_chunk(Channel channel, bool more, std::span<const uint8_t> bytes) {
  const EncodedHeader header =
      encode_header(FrameHeader{static_cast<uint32_t>(bytes.size()), channel, more});
  std::vector<uint8_t> chunk(header.begin(), header.end());
  chunk.insert(chunk.end(), bytes.begin(), bytes.end());
  return write(chunk);
}
std::optional<RawPeer::Chunk> RawPeer::read_chunk() {
  while (true) {
    EncodedHeader header;
    if (!read(header)) return std::nullopt;
    const Result<FrameHeader> decoded = decode_header(header);
    EXPECT_TRUE(decoded);
    if (decoded->channel == Channel::kHeartbeat) continue;
    Chunk chunk{*decoded, std::vector<uint8_t>(decoded->length)};
    if (!read(chunk.bytes)) return std::nullopt;
    return chunk;
  }
}
bool RawPeer::wait_closed() {
  std::array<uint8_t, 4'096> ignored{};
  size_t got = 0;
  while (SSL_read_ex(ssl_.get(), ignored.data(), ignored.size(), &got) == 1) {
  }
  return SSL_get_error(ssl_.get(), 0) != SSL_ERROR_WANT_READ;
}

}  // namespace govchain::consensus::node::testing
