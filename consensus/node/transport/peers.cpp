// Who the peers are, and how each is reached again.

#include <algorithm>
#include <utility>

#include "consensus/node/transport/tcp_transport.h"

namespace govchain::consensus::node {

void TcpTransport::apply_peers(const std::vector<PeerAddress>& peers) {
  std::map<ReplicaId, PeerAddress> wanted;
  for (const PeerAddress& address : peers) {
    if (address.id != settings_.self.replica) wanted.insert_or_assign(address.id, address);
  }
  std::vector<ReplicaId> gone;
  for (const auto& [id, peer] : peers_) {
    if (!wanted.contains(id)) gone.push_back(id);
  }
  for (const ReplicaId id : gone) forget_peer(id);
  for (const auto& [id, address] : wanted) {
    outbox_.name(id, std::max(address.delay, Duration::zero()));
    if (Peer* peer = find(id)) {
      move_peer(*peer, address);
    } else {
      add_peer(address);
    }
  }
}

void TcpTransport::add_peer(const PeerAddress& address) {
  begin_to_dial(peers_.try_emplace(address.id, io_, address).first->second);
}

void TcpTransport::move_peer(Peer& peer, const PeerAddress& address) {
  const bool moved = peer.address.host != address.host || peer.address.port != address.port;
  peer.address = address;
  if (!moved) return;
  disconnect(peer);
  begin_to_dial(peer);
}

void TcpTransport::forget_peer(ReplicaId id) {
  disconnect(*find(id));
  outbox_.forget(id);
  peers_.erase(id);
}

// The side with the higher id does.
void TcpTransport::begin_to_dial(Peer& peer) {
  const ReplicaId id = peer.address.id;
  if (id > settings_.self.replica) return;
  peer.dialler = std::make_shared<Dialler>(
      io_, names_, Dialler::Target{peer.address.host, peer.address.port},
      settings_.handshake_timeout,
      Backoff(settings_.first_backoff, settings_.longest_backoff, seed_++),
      [this, id](tcp::socket socket) { on_dialled(id, std::move(socket)); });
  if (Clock::now() < peer.kept_out_until) return redial(peer);
  peer.dialler->dial();
}

void TcpTransport::disconnect(Peer& peer) {
  if (peer.dialler) peer.dialler->stop();
  peer.dialler.reset();
  if (peer.trying) peer.trying->abandon();
  peer.trying.reset();
  take_down(peer);
}

void TcpTransport::take_down(Peer& peer) {
  if (!peer.connection) return;
  const auto connection = std::exchange(peer.connection, nullptr);
  connection->abandon();
  peer.delay_timer.cancel();
  counters_.frames_dropped += outbox_.set_down(peer.address.id);
  if (peer.dialler &&
      Clock::now() - connection->opened_at() >= to_chrono(settings_.longest_backoff)) {
    peer.dialler->reset_backoff();
  }
  listener_.on_down(peer.address.id);
}

void TcpTransport::keep_out(Peer& peer) {
  ++counters_.malformed;
  peer.kept_out_until =
      Clock::now() + to_chrono(penalty(settings_.longest_backoff, peer.offences++));
}

void TcpTransport::redial(Peer& peer) {
  if (!peer.dialler) return;
  const auto kept_out = peer.kept_out_until - Clock::now();
  peer.dialler->dial_later(Duration::nanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(kept_out).count()));
}

}  // namespace govchain::consensus::node
