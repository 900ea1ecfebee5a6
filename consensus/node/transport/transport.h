#pragma once
// How replicas of one chain reach each other: TCP with mutual TLS 1.3, one connection for each
// pair.
//
// The replica with the higher id dials, again and again with jittered back-off. A certificate says
// whose it is (certificate.h), and a connection counts only if the other side's is of the replica
// that it claims to be, of this chain, and signed by the network's authority. Two of the same
// replica: the newer one stays, because the older may be one that a lost host never closed.
//
// Frames wait in one bounded queue for each peer and lane, and leave in chunks (frame.h), so that
// votes overtake bodies, also one that is half sent; what does not fit is dropped, and said
// (on_dropped, later on_writable). A peer that stalls costs its own queue and no more. A peer that
// breaks the framing is cut off, and let in again after a while that grows with each time.
//
// One thread does all of it. send() and broadcast() may be called from any thread.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "consensus/codec.h"
#include "consensus/message.h"
#include "consensus/node/storage_owner.h"
#include "consensus/result.h"
#include "consensus/time.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

struct PeerAddress {
  ReplicaId id;
  std::string host;  // a name or an address
  uint16_t port = 0;
  // Frames to this peer leave so much later: stands in for a long line on one machine.
  Duration delay;
  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};

// Files in PEM. The key must belong to the certificate, be readable by its owner alone, and the
// certificate must be this replica's and of the authority.
struct TransportCredentials {
  std::string certificate;
  std::string key;
  std::string authority;
};

struct TransportSettings {
  StorageOwner self;  // which replica of which chain this is
  HashAlgorithm hash = HashAlgorithm::kSha256;
  std::string listen_host = "127.0.0.1";
  uint16_t listen_port = 0;        // 0: any that is free
  std::vector<PeerAddress> peers;  // this replica among them does not matter
  TransportCredentials credentials;

  // Of frames that wait for one peer, for each lane; an empty one takes any frame. Those that are
  // delayed count too.
  Bytes queue_limit{32U << 20U};
  // Of one frame, and of those that are half here together. At most kMaxMessageBytes, and the same
  // on all replicas.
  Bytes frame_limit{kMaxMessageBytes};
  // Connections whose other side has not yet shown who it is, in all and from one address.
  uint32_t max_strangers = 64;
  uint32_t max_strangers_per_address = 16;
  Duration handshake_timeout = Duration::seconds(5);
  // A peer from which nothing has come for so long is taken for gone; both sides send an empty
  // frame in a third of it.
  Duration silence_timeout = Duration::seconds(15);
  Duration first_backoff = Duration::milliseconds(50);
  Duration longest_backoff = Duration::seconds(5);
};

// What the transport tells its host, on the transport's own thread, and as soon as start() is
// called: nothing in it may wait, or end the transport.
class TransportListener {
 public:
  virtual ~TransportListener() = default;
  // Decoded, otherwise unchecked.
  virtual void on_message(ReplicaId from, MessageRef message) = 0;
  // Bytes of send_bulk(): parts of snapshots and requests for them. The view ends with the call.
  virtual void on_bulk(ReplicaId from, std::span<const uint8_t> bytes) = 0;
  virtual void on_up(ReplicaId peer) = 0;
  // What waited for it is dropped. A newer connection that replaces one is on_down, then on_up.
  virtual void on_down(ReplicaId peer) = 0;
  // Messages to this peer had to be dropped because its queue was full; on_writable follows once
  // its queues are half empty, unless on_down does.
  virtual void on_dropped(ReplicaId peer) = 0;
  virtual void on_writable(ReplicaId peer) = 0;
  // Somebody was not let in, a peer that was dialled was not what it should be, or one broke the
  // framing: why, and `where` from. For the operator's eyes; a flood of strangers is a flood of
  // these.
  virtual void on_refused(const Error& why) { (void)why; }
};

// Since the start, each by itself. Frames are whole ones, without heartbeats, and bytes what is in
// them; one is sent when TLS has all of it.
struct TransportCounters {
  uint64_t frames_sent = 0;
  uint64_t bytes_sent = 0;
  uint64_t frames_received = 0;
  uint64_t bytes_received = 0;
  uint64_t frames_dropped = 0;     // no room, or no connection
  uint64_t connections = 0;        // that showed who they are
  uint64_t strangers_refused = 0;  // too many, too slow, not of this network, or kept out
  uint64_t malformed = 0;          // frames for which a peer was cut off
  uint64_t undecodable = 0;        // messages inside sound frames
};

class Transport {
 public:
  // Listens and begins to dial. Errors: kInvalid (credentials that do not fit: why, and `where` the
  // file; settings out of bounds), kIo (the address is taken or unknown). The listener must outlive
  // it.
  [[nodiscard]] static Result<std::unique_ptr<Transport>> start(const TransportSettings& settings,
                                                                TransportListener& listener);
  // Closes everything at once and joins the thread.
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Encoded on the calling thread, once however many peers it goes to. The lane is the message's.
  // One that is longer than a frame may be is dropped, like one for a peer that is down.
  virtual void send(ReplicaId to, const MessageRef& message) = 0;
  virtual void broadcast(std::span<const ReplicaId> to, const MessageRef& message) = 0;
  // In the lane below all others. False if there is no room or no connection: ask again later.
  [[nodiscard]] virtual bool send_bulk(ReplicaId to, std::vector<uint8_t> bytes) = 0;
  // Who may connect from now on, and where they are. A connection to one whose host or port has
  // changed is made anew; one that is no longer named is closed.
  virtual void set_peers(std::vector<PeerAddress> peers) = 0;

  [[nodiscard]] virtual uint16_t port() const = 0;
  [[nodiscard]] virtual TransportCounters counters() const = 0;
  // Bytes of frames that wait, for all peers together.
  [[nodiscard]] virtual Bytes queued() const = 0;

 protected:
  Transport() = default;
};

}  // namespace govchain::consensus::node
