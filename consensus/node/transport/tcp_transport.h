#pragma once
// transport.h over connections: who they belong to, who may come in, and what the host is told.

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include "consensus/node/transport/connection.h"
#include "consensus/node/transport/dialler.h"
#include "consensus/node/transport/name_lookup.h"
#include "consensus/node/transport/network.h"
#include "consensus/node/transport/openssl.h"
#include "consensus/node/transport/outbox.h"
#include "consensus/node/transport/stranger_gate.h"
#include "consensus/node/transport/transport.h"

namespace govchain::consensus::node {

class TcpTransport final : public Transport, private ConnectionOwner {
 public:
  TcpTransport(const TransportSettings& settings, ContextHandle tls, TransportListener& listener);
  ~TcpTransport() override;
  TcpTransport(const TcpTransport&) = delete;
  TcpTransport& operator=(const TcpTransport&) = delete;

  // Once each, in this order, before anything else.
  [[nodiscard]] Status listen();
  void run();

  void send(ReplicaId to, const MessageRef& message) override;
  void broadcast(std::span<const ReplicaId> to, const MessageRef& message) override;
  [[nodiscard]] bool send_bulk(ReplicaId to, std::vector<uint8_t> bytes) override;
  void set_peers(std::vector<PeerAddress> peers) override;
  [[nodiscard]] uint16_t port() const override { return port_; }
  [[nodiscard]] TransportCounters counters() const override;
  [[nodiscard]] Bytes queued() const override { return outbox_.size(); }

 private:
  struct Peer {
    Peer(asio::io_context& io, PeerAddress where) : address(std::move(where)), delay_timer(io) {}
    PeerAddress address;
    std::shared_ptr<Connection> connection;  // open: the peer is up
    std::shared_ptr<Connection> trying;      // dialled, and not yet let in
    std::shared_ptr<Dialler> dialler;        // if this side dials
    asio::steady_timer delay_timer;
    uint32_t offences = 0;  // against the framing
    Clock::time_point kept_out_until;
  };
  struct Counters {
    std::atomic<uint64_t> frames_sent = 0;
    std::atomic<uint64_t> bytes_sent = 0;
    std::atomic<uint64_t> frames_received = 0;
    std::atomic<uint64_t> bytes_received = 0;
    std::atomic<uint64_t> frames_dropped = 0;
    std::atomic<uint64_t> connections = 0;
    std::atomic<uint64_t> strangers_refused = 0;
    std::atomic<uint64_t> malformed = 0;
    std::atomic<uint64_t> undecodable = 0;
  };

  // ConnectionOwner
  [[nodiscard]] Status on_identity(Connection& connection, const StorageOwner& shown) override;
  void on_open(Connection& connection) override;
  void on_frame(Connection& connection, Channel channel, std::span<const uint8_t> bytes) override;
  [[nodiscard]] size_t fill(Connection& connection, std::span<uint8_t> record) override;
  void on_closed(Connection& connection, const Error& why) override;
  [[nodiscard]] std::span<uint8_t> read_buffer() override { return read_buffer_; }

  [[nodiscard]] ConnectionOwner& owner() { return *this; }
  size_t push(std::span<const ReplicaId> to, Channel channel, const FrameRef& frame, bool tell);
  void serve_woken();
  void accept();
  void on_accepted(tcp::socket socket);
  void on_dialled(ReplicaId id, tcp::socket socket);
  void refuse(const Error& why);
  [[nodiscard]] Peer* find(ReplicaId id);
  [[nodiscard]] Connection::Limits limits() const;

  // peers.cpp
  void apply_peers(const std::vector<PeerAddress>& peers);
  void add_peer(const PeerAddress& address);
  void move_peer(Peer& peer, const PeerAddress& address);
  void forget_peer(ReplicaId id);
  void begin_to_dial(Peer& peer);
  void disconnect(Peer& peer);
  void take_down(Peer& peer);
  void keep_out(Peer& peer);
  void redial(Peer& peer);

  const TransportSettings settings_;
  const ContextHandle tls_;
  TransportListener& listener_;
  Outbox outbox_;
  Counters counters_;
  std::vector<uint8_t> read_buffer_;
  uint16_t port_ = 0;
  uint64_t seed_;  // of the next peer's back-off

  asio::io_context io_;  // outlives what follows
  NameLookup names_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_timer_;
  StrangerGate gate_;
  std::set<std::shared_ptr<Connection>> strangers_;  // accepted, and not yet known
  std::map<ReplicaId, Peer> peers_;
  std::thread thread_;
};

}  // namespace govchain::consensus::node
