#include "consensus/node/node.h"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "consensus/node/files/key_file.h"
#include "consensus/protocols.h"

namespace govchain::consensus::node {

namespace {

std::vector<PeerAddress> with_changes(std::vector<PeerAddress> peers, const NodeFile& file) {
  for (PeerAddress& peer : peers) {
    peer.delay = file.link_delay;
    const auto changed = file.addresses.find(peer.id);
    if (changed == file.addresses.end()) continue;
    peer.host = changed->second.host;
    peer.port = changed->second.port;
  }
  return peers;
}

// A key that is not this member's would make words that nobody believes.
Status check_key(const NodeFile& file, const NetworkFile& network, const ReplicaKey& key,
                 const PublicKey& own) {
  if (key.scheme != network.scheme) {
    return Error{ErrorCode::kInvalid,
                 "the key is of scheme " + std::string(name_of(key.scheme)) +
                     ", and the network signs with " + std::string(name_of(network.scheme)),
                 file.key};
  }
  const Member* const member = network.engine.genesis.find(file.replica);
  if (member != nullptr && member->key != own) {
    return Error{ErrorCode::kInvalid,
                 "the key is not the one that " + file.network + " has for replica " +
                     std::to_string(file.replica.value()),
                 file.key};
  }
  return success();
}

}  // namespace

std::vector<PeerAddress> peers_of(const NodeFile& file, const NetworkFile& network) {
  std::vector<PeerAddress> peers = network.addresses;
  std::erase_if(peers, [&](const PeerAddress& peer) { return peer.id == file.replica; });
  return with_changes(std::move(peers), file);
}

Result<std::unique_ptr<Node>> Node::open(const NodeFile& file, const NetworkFile& network,
                                         const NodeApplication& application,
                                         ReplicaListener& listener) {
  const Result<ReplicaKey> key = read_key_file(file.key);
  if (!key) return key.error();
  DataOwner owner;
  owner.owner = {network.engine.chain, file.replica};
  owner.key = make_signer(key->scheme, key->seed)->public_key();
  owner.scheme = network.scheme;
  owner.protocol = network.protocol;
  owner.hash = network.engine.hash;
  if (Status fits = check_key(file, network, *key, owner.key); !fits) return fits.error();

  std::unique_ptr<Node> node(new Node());
  node->known_ = network.addresses;
  std::erase_if(node->known_, [&](const PeerAddress& peer) { return peer.id == file.replica; });
  Result<std::unique_ptr<DataFolder>> data = DataFolder::open(file.data, owner, file.log_segment);
  if (!data) return data.error();
  node->data_ = std::move(*data);

  ReplicaParts parts;
  parts.protocol = network.protocol;
  parts.engine = network.engine;
  parts.engine.self = file.replica;
  parts.engine.newest_version = file.newest_version;
  // Each incarnation draws anew.
  randombytes_buf(&parts.engine.seed, sizeof parts.engine.seed);
  parts.settings = network.settings;
  parts.scheme = network.scheme;
  parts.signer = [scheme = key->scheme, seed = key->seed] { return make_signer(scheme, seed); };
  parts.payload_check = application.check_payload;
  parts.genesis = application.genesis;
  parts.crypto_threads = file.crypto_threads;
  parts.archive = file.archive;
  parts.fetch.patience = network.engine.base_timeout;
  parts.fetch.longest_patience = network.engine.max_timeout;
  parts.storage = node->data_->take_storage();
  parts.snapshots = node->data_->take_snapshots();
  Result<RecoveredReplica> recovered = recover(parts);
  if (!recovered) {
    Error error = recovered.error();
    if (error.where.empty()) error.where = file.data;
    return error;
  }
  if (!file.record.empty()) {
    Result<std::unique_ptr<InputJournal>> journal =
        InputJournal::begin(file.record, parts.engine.hash,
                            {parts.engine.chain, file.replica, parts.engine.seed,
                             parts.engine.newest_version, recovered->engine});
    if (!journal) return journal.error();
    parts.journal = std::move(*journal);
  }
  node->checkpoint_ = recovered->engine.checkpoint;
  node->replica_ = std::make_unique<Replica>(std::move(parts), std::move(*recovered), listener);

  TransportSettings& transport = node->transport_settings_;
  transport.self = owner.owner;
  transport.hash = network.engine.hash;
  transport.listen_host = file.listen.host;
  transport.listen_port = file.listen.port;
  transport.peers = peers_of(file, network);
  transport.credentials = file.tls;
  return node;
}

Status Node::run() {
  Result<std::unique_ptr<Transport>> started =
      Transport::start(transport_settings_, replica_->transport_listener());
  if (!started) return started.error();
  transport_ = std::move(*started);
  replica_->start(*transport_);
  return success();
}

void Node::stop() {
  if (transport_) replica_->stop();
  transport_.reset();
}

Node::~Node() { stop(); }

void Node::reload(const NodeFile& file) { transport_->set_peers(with_changes(known_, file)); }

}  // namespace govchain::consensus::node
