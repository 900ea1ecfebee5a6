#include "consensus/node/transport/tcp_transport.h"

#include <exception>
#include <random>
#include <string>
#include <utility>

#include "consensus/assert.h"
#include "consensus/node/host/thread_name.h"
#include "consensus/node/transport/identity.h"
#include "consensus/node/transport/tls_context.h"

namespace govchain::consensus::node {

namespace {

// Asked once: later, with no descriptor left, the system might have none to give.
uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32U) | device();
}

constexpr size_t kReadBufferBytes = 64 * 1'024;
// After the system had no descriptor left for a connection.
constexpr Duration kAcceptPause = Duration::milliseconds(100);

Status check(const TransportSettings& settings) {
  const auto wrong = [](const char* what) { return Error{ErrorCode::kInvalid, what, ""}; };
  if (settings.frame_limit == Bytes(0) || settings.frame_limit > Bytes(kMaxMessageBytes)) {
    return wrong("frame_limit must be between 1 byte and the longest message");
  }
  if (settings.handshake_timeout <= Duration::zero() ||
      settings.silence_timeout <= Duration::zero()) {
    return wrong("handshake_timeout and silence_timeout must be positive");
  }
  if (settings.first_backoff <= Duration::zero() ||
      settings.longest_backoff < settings.first_backoff) {
    return wrong("first_backoff must be positive, and longest_backoff no shorter");
  }
  return success();
}

}  // namespace

Result<std::unique_ptr<Transport>> Transport::start(const TransportSettings& settings,
                                                    TransportListener& listener) {
  // asio and the standard library report by exception that there is no descriptor or no thread.
  try {
    if (const Status sound = check(settings); !sound) return sound.error();
    Result<ContextHandle> tls = make_tls_context(settings.self, settings.credentials);
    if (!tls) return tls.error();
    auto transport = std::make_unique<TcpTransport>(settings, *std::move(tls), listener);
    if (const Status listening = transport->listen(); !listening) return listening.error();
    transport->run();
    return std::unique_ptr<Transport>(std::move(transport));
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kIo, std::string("the transport cannot start: ") + failure.what(), ""};
  }
}

TcpTransport::TcpTransport(const TransportSettings& settings, ContextHandle tls,
                           TransportListener& listener)
    : settings_(settings),
      tls_(std::move(tls)),
      listener_(listener),
      outbox_(settings.queue_limit, settings.frame_limit),
      read_buffer_(kReadBufferBytes),
      seed_(random_seed()),
      io_(1),
      names_(io_),
      acceptor_(io_),
      accept_timer_(io_),
      gate_(settings.max_strangers, settings.max_strangers_per_address) {}

TcpTransport::~TcpTransport() {
  GOVCHAIN_ASSERT(thread_.get_id() != std::this_thread::get_id());
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

Status TcpTransport::listen() {
  const std::string where = settings_.listen_host + ":" + std::to_string(settings_.listen_port);
  const std::vector<tcp::endpoint> endpoints =
      look_up(settings_.listen_host, settings_.listen_port);
  if (endpoints.empty()) return Error{ErrorCode::kIo, "the address to listen on is unknown", where};
  const tcp::endpoint& endpoint = endpoints.front();
  asio::error_code error;
  // A port whose last owner has just died is free.
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error) return Error{ErrorCode::kIo, "cannot listen: " + error.message(), where};
  return success();
}

void TcpTransport::run() {
  apply_peers(settings_.peers);
  accept();
  thread_ = std::thread([this] {
    name_this_thread("transport");
    io_.run();
  });
}

// ---- Out, from any thread ----

void TcpTransport::send(ReplicaId to, const MessageRef& message) {
  broadcast(std::span(&to, 1), message);
}

void TcpTransport::broadcast(std::span<const ReplicaId> to, const MessageRef& message) {
  size_t taken = 0;
  if (outbox_.any_up(to)) {
    auto bytes = std::make_shared<std::vector<uint8_t>>();
    encode_message(settings_.self.chain, *message, *bytes);
    if (Bytes(bytes->size()) <= settings_.frame_limit) {
      taken = push(to, channel_of(message->lane), std::move(bytes), true);
    }
  }
  counters_.frames_dropped += to.size() - taken;
}

bool TcpTransport::send_bulk(ReplicaId to, std::vector<uint8_t> bytes) {
  const bool taken =
      Bytes(bytes.size()) <= settings_.frame_limit &&
      push(std::span(&to, 1), Channel::kBulkBytes,
           std::make_shared<const std::vector<uint8_t>>(std::move(bytes)), false) == 1;
  if (!taken) ++counters_.frames_dropped;
  return taken;
}

size_t TcpTransport::push(std::span<const ReplicaId> to, Channel channel, const FrameRef& frame,
                          bool tell) {
  const Outbox::Pushed pushed = outbox_.push(to, channel, frame, steady_now(), tell);
  if (pushed.wake) asio::post(io_, [this] { serve_woken(); });
  return pushed.taken;
}

void TcpTransport::set_peers(std::vector<PeerAddress> peers) {
  asio::post(io_, [this, peers = std::move(peers)] { apply_peers(peers); });
}

TransportCounters TcpTransport::counters() const {
  TransportCounters copy;
  copy.frames_sent = counters_.frames_sent;
  copy.bytes_sent = counters_.bytes_sent;
  copy.frames_received = counters_.frames_received;
  copy.bytes_received = counters_.bytes_received;
  copy.frames_dropped = counters_.frames_dropped;
  copy.connections = counters_.connections;
  copy.strangers_refused = counters_.strangers_refused;
  copy.malformed = counters_.malformed;
  copy.undecodable = counters_.undecodable;
  return copy;
}

// ---- The transport's thread ----

void TcpTransport::serve_woken() {
  for (const ReplicaId id : outbox_.take_woken()) {
    Peer* peer = find(id);
    if (peer == nullptr || !peer->connection) continue;
    const Outbox::Notices notices = outbox_.take_notices(id);
    if (notices.dropped) listener_.on_dropped(id);
    if (notices.writable) listener_.on_writable(id);
    peer->connection->send();
  }
}

size_t TcpTransport::fill(Connection& connection, std::span<uint8_t> record) {
  const ReplicaId id = connection.peer();
  const Outbox::Filled filled = outbox_.fill(id, record, steady_now());
  counters_.bytes_sent += filled.frame_bytes;
  counters_.frames_sent += filled.frames;
  if (filled.writable) listener_.on_writable(id);
  if (filled.next_ready) {
    asio::steady_timer& timer = find(id)->delay_timer;
    timer.expires_at(Clock::time_point(to_chrono(filled.next_ready->since_start())));
    timer.async_wait([this, id](asio::error_code error) {
      Peer* peer = error ? nullptr : find(id);
      if (peer != nullptr && peer->connection) peer->connection->send();
    });
  }
  return filled.bytes;
}

void TcpTransport::on_frame(Connection& connection, Channel channel,
                            std::span<const uint8_t> bytes) {
  ++counters_.frames_received;
  counters_.bytes_received += bytes.size();
  const ReplicaId from = connection.peer();
  if (channel == Channel::kBulkBytes) return listener_.on_bulk(from, bytes);
  Result<MessageRef> message = decode_message(settings_.self.chain, settings_.hash, bytes);
  if (!message) {
    // Whoever runs newer software may send what this one does not know: no reason to part.
    ++counters_.undecodable;
    return;
  }
  listener_.on_message(from, *std::move(message));
}

void TcpTransport::accept() {
  acceptor_.async_accept([this](asio::error_code error, tcp::socket socket) {
    if (!error) {
      on_accepted(std::move(socket));
      return accept();
    }
    accept_timer_.expires_after(to_chrono(kAcceptPause));
    accept_timer_.async_wait([this](asio::error_code cancelled) {
      if (!cancelled) accept();
    });
  });
}

void TcpTransport::on_accepted(tcp::socket socket) {
  asio::error_code gone;
  const tcp::endpoint from = socket.remote_endpoint(gone);
  if (gone) return refuse(Error{ErrorCode::kIo, "gone at once: " + gone.message(), ""});
  const std::string address = text_of(from.address());
  if (!gate_.enter(address)) {
    return refuse(
        Error{ErrorCode::kExhausted, "too many that have not shown who they are", address});
  }
  const auto connection = std::make_shared<Connection>(std::move(socket), *tls_, std::nullopt,
                                                       address, limits(), owner());
  strangers_.insert(connection);
  connection->start();
}

void TcpTransport::on_dialled(ReplicaId id, tcp::socket socket) {
  Peer& peer = *find(id);  // its dialler is stopped before it is forgotten
  peer.trying = std::make_shared<Connection>(
      std::move(socket), *tls_, id, peer.address.host + ":" + std::to_string(peer.address.port),
      limits(), owner());
  const auto connection = peer.trying;
  connection->start();
}

Status TcpTransport::on_identity(Connection& connection, const StorageOwner& shown) {
  const auto refused = [&](const std::string& what) {
    return Error{ErrorCode::kInvalid, describe(shown) + " " + what, ""};
  };
  if (shown.chain != settings_.self.chain) return refused("is not of this chain");
  if (connection.side() == Side::kDialled) {
    if (shown.replica == connection.peer()) return success();
    return refused("is where " + describe({settings_.self.chain, connection.peer()}) +
                   " should be");
  }
  const Peer* peer = find(shown.replica);
  if (peer == nullptr) return refused("is no member");
  if (shown.replica <= settings_.self.replica) return refused("is one that is dialled from here");
  if (Clock::now() < peer->kept_out_until) return refused("is kept out: it broke the framing");
  return success();
}

void TcpTransport::on_open(Connection& connection) {
  const ReplicaId id = connection.peer();
  Peer& peer = *find(id);
  take_down(peer);  // the older one, if there is one
  peer.connection = connection.shared_from_this();
  if (connection.side() == Side::kDialled) {
    peer.trying.reset();
  } else {
    strangers_.erase(peer.connection);
    gate_.leave(connection.address());
  }
  ++counters_.connections;
  outbox_.set_up(id);
  listener_.on_up(id);
}

void TcpTransport::on_closed(Connection& connection, const Error& why) {
  const auto self = connection.shared_from_this();
  if (strangers_.erase(self) != 0) {
    gate_.leave(connection.address());
    return refuse(why);
  }
  Peer* peer = find(connection.peer());
  GOVCHAIN_ASSERT(peer != nullptr && (peer->connection == self || peer->trying == self));
  if (why.code == ErrorCode::kMalformed) keep_out(*peer);
  if (peer->trying == self) {
    peer->trying.reset();
    // That nobody answers is no refusal.
    if (why.code != ErrorCode::kIo) refuse(why);
  } else {
    take_down(*peer);
    if (why.code == ErrorCode::kMalformed) listener_.on_refused(why);
  }
  redial(*peer);
}

void TcpTransport::refuse(const Error& why) {
  ++counters_.strangers_refused;
  listener_.on_refused(why);
}

TcpTransport::Peer* TcpTransport::find(ReplicaId id) {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

Connection::Limits TcpTransport::limits() const {
  return Connection::Limits{settings_.frame_limit, settings_.handshake_timeout,
                            settings_.silence_timeout};
}

}  // namespace govchain::consensus::node
