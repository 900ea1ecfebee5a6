#include "consensus/node/node.h"

#include <map>
#include <utility>

#include <sodium.h>

#include "consensus/node/files/key_file.h"
#include "consensus/protocols.h"

namespace govchain::consensus::node {

namespace {

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

Result<std::optional<MembersFile>> wanted_members(const NodeFile& file, Protocol protocol) {
  std::optional<MembersFile> wanted;
  if (file.members.empty()) return wanted;
  Result<MembersFile> read = read_members_file(file.members, protocol);
  if (read) {
    wanted = std::move(*read);
  } else if (read.error().code != ErrorCode::kNotFound) {
    return read.error();
  }
  return wanted;
}

std::vector<PeerAddress> peers_of(const NodeFile& file, const std::vector<PeerAddress>& genesis,
                                  const std::optional<MembersFile>& wanted) {
  std::map<ReplicaId, PeerAddress> peers;
  for (const PeerAddress& peer : genesis) peers[peer.id] = peer;
  if (wanted) {
    for (const PeerAddress& peer : wanted->listed.addresses) peers[peer.id] = peer;
  }
  peers.erase(file.replica);
  std::vector<PeerAddress> list;
  for (auto& [id, peer] : peers) {
    peer.delay = file.link_delay;
    if (const auto changed = file.addresses.find(id); changed != file.addresses.end()) {
      peer.host = changed->second.host;
      peer.port = changed->second.port;
    }
    list.push_back(std::move(peer));
  }
  return list;
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
  node->genesis_ = network.addresses;
  const Result<std::optional<MembersFile>> wanted = wanted_members(file, network.protocol);
  if (!wanted) return wanted.error();
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
  parts.snapshot_policy = file.snapshots;
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
  transport.peers = peers_of(file, network.addresses, *wanted);
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

void Node::reload(const NodeFile& file, const std::optional<MembersFile>& wanted) {
  transport_->set_peers(peers_of(file, genesis_, wanted));
}

}  // namespace govchain::consensus::node
