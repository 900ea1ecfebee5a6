#include "consensus/node/config/layout.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "consensus/node/config/members_file.h"
#include "consensus/node/config/node_file.h"
#include "consensus/node/files/descriptor.h"
#include "consensus/node/files/key_file.h"
#include "consensus/node/transport/certificate.h"

namespace govchain::consensus::node {

namespace {

Status write_new(const std::filesystem::path& path, std::string_view text, bool secret) {
  const mode_t mode = secret ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file) return system_error("creating", path.string());
  return write_all(file, text, path.string());
}

Status make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Error{ErrorCode::kIo, "making the folder: " + error.message(), path.string()};
  return success();
}

// What a node's folder needs to know of its network, in the folder above.
struct NodePlace {
  std::filesystem::path network;
  ChainId chain;
  SignatureScheme scheme = SignatureScheme::kEd25519;
  const IssuedCertificate& authority;
  unsigned certificate_days = 0;
};

std::filesystem::path folder_of(const std::filesystem::path& network, ReplicaId id) {
  return network / ("node-" + std::to_string(id.value()));
}

// Key, certificate and file of one node, and its public key.
Result<PublicKey> make_node(const NodePlace& place, ReplicaId id, const Endpoint& listen,
                            const Endpoint& clients, const std::function<void(NodeFile&)>& adjust) {
  const std::filesystem::path own = folder_of(place.network, id);
  if (Status made = make_folder(own); !made) return made.error();
  const ReplicaKey key = generate_key(place.scheme);
  if (Status made = write_key_file((own / "replica.key").string(), key); !made) return made.error();
  const Result<IssuedCertificate> tls =
      issue_certificate(place.authority, StorageOwner{place.chain, id}, place.certificate_days);
  if (!tls) return tls.error();
  if (Status made = write_new(own / "tls.crt", tls->certificate, false); !made) return made.error();
  if (Status made = write_new(own / "tls.key", tls->key, true); !made) return made.error();
  NodeFile node;
  node.replica = id;
  node.network = "../network.json";
  node.members = "../members.json";
  node.key = "replica.key";
  node.data = "data";
  node.tls = {"tls.crt", "tls.key", "../authority.crt"};
  node.listen = listen;
  node.client_listen = clients;
  if (adjust) adjust(node);
  if (Status made = write_new(own / "node.json", encode_node_file(node), false); !made) {
    return made.error();
  }
  return make_signer(key.scheme, key.seed)->public_key();
}

class Layout {
 public:
  Layout(std::filesystem::path folder, const LayoutRequest& request)
      : folder_(std::move(folder)), request_(request), network_(request.network) {}

  [[nodiscard]] Status make() {
    Result<IssuedCertificate> authority =
        make_authority("govchain chain " + std::to_string(network_.engine.chain.value()),
                       request_.certificate_days);
    if (!authority) return authority.error();
    if (Status made = make_folder(folder_); !made) return made;
    const NodePlace place{folder_, network_.engine.chain, network_.scheme, *authority,
                          request_.certificate_days};
    for (uint32_t i = 0; i < request_.replicas; ++i) {
      if (Status made = make_member(place, i); !made) return made;
    }
    if (Status made = write_new(folder_ / "authority.crt", authority->certificate, false); !made) {
      return made;
    }
    if (Status made = write_new(folder_ / "authority.key", authority->key, true); !made)
      return made;
    return write_new(folder_ / "network.json", encode_network_file(network_), false);
  }

 private:
  [[nodiscard]] Status make_member(const NodePlace& place, uint32_t number) {
    const ReplicaId id(number);
    const auto port = static_cast<uint16_t>(request_.first_port + number);
    const auto client_port = static_cast<uint16_t>(request_.first_client_port + number);
    const Result<PublicKey> key =
        make_node(place, id, {request_.host, port}, {request_.host, client_port}, request_.adjust);
    if (!key) return key.error();
    Member member;
    member.id = id;
    member.key = *key;
    network_.engine.genesis.members.push_back(member);
    network_.addresses.push_back({id, request_.host, port, {}});
    return success();
  }

  const std::filesystem::path folder_;
  const LayoutRequest& request_;
  NetworkFile network_;
};

// A network that was laid out, and who is wanted in it at present.
struct Present {
  NetworkFile network;
  MembersFile wanted;
};

Result<Present> read_present(const std::filesystem::path& folder) {
  Result<NetworkFile> network = read_network_file((folder / "network.json").string());
  if (!network) return network.error();
  Present present;
  present.wanted.listed = {network->engine.genesis.members, network->addresses};
  present.wanted.version = network->engine.genesis.version;
  Result<MembersFile> wanted =
      read_members_file((folder / "members.json").string(), network->protocol);
  if (wanted) {
    present.wanted = std::move(*wanted);
  } else if (wanted.error().code != ErrorCode::kNotFound) {
    return wanted.error();
  }
  present.network = std::move(*network);
  return present;
}

Status write_wanted(const std::filesystem::path& folder, const MembersFile& wanted) {
  return replace_file((folder / "members.json").string(), encode_members_file(wanted));
}

// Numbers are never used again: a key that is lost stays with its number.
ReplicaId next_replica(const std::filesystem::path& folder, const Present& present) {
  uint32_t next = 0;
  for (const auto* const list :
       {&present.network.engine.genesis.members, &present.wanted.listed.members}) {
    for (const Member& member : *list) next = std::max(next, member.id.value() + 1);
  }
  std::error_code ignored;
  while (std::filesystem::exists(folder_of(folder, ReplicaId(next)), ignored)) ++next;
  return ReplicaId(next);
}

// Ports one above those of the highest replica whose folder is here, where the request names none.
Status complete_ports(const std::filesystem::path& folder, ReplicaId below, AddRequest& request) {
  for (uint32_t id = below.value(); id-- > 0 && (request.port == 0 || request.client_port == 0);) {
    const Result<NodeFile> node =
        read_node_file((folder_of(folder, ReplicaId(id)) / "node.json").string());
    if (!node) continue;
    // Past the last port: none.
    const auto after = [&](uint16_t port) {
      const uint64_t next = uint64_t{port} + (below.value() - id);
      return static_cast<uint16_t>(next <= UINT16_MAX ? next : 0);
    };
    if (request.port == 0) request.port = after(node->listen.port);
    if (request.client_port == 0) request.client_port = after(node->client_listen.port);
  }
  if (request.port != 0 && request.client_port != 0) return success();
  return Error{ErrorCode::kInvalid, "expected ports: no other replica's folder is here to go by",
               folder.string()};
}

// What is about to be written must be readable again.
Status check_new(const AddRequest& request, ReplicaId id, const std::vector<Member>& members) {
  uint64_t weight = 0;
  for (const Member& member : members) weight += member.weight;
  const auto refuse = [](const std::string& message) {
    return Error{ErrorCode::kInvalid, message, {}};
  };
  if (id.value() == UINT32_MAX) return refuse("a replica's number is at most 4294967294");
  if (request.weight > kMaxTotalWeight || weight + request.weight > kMaxTotalWeight) {
    return refuse("together the members would weigh more than " + std::to_string(kMaxTotalWeight));
  }
  const Result<Endpoint> address = parse_endpoint(to_text(Endpoint{request.host, request.port}));
  return address ? success() : Status(address.error());
}

}  // namespace

Status lay_out_network(const std::string& folder, const LayoutRequest& request) {
  constexpr uint32_t kPorts = 65'536;
  if (request.replicas == 0 || request.first_port == 0 || request.first_client_port == 0 ||
      request.first_port + request.replicas > kPorts ||
      request.first_client_port + request.replicas > kPorts) {
    return Error{
        ErrorCode::kInvalid, "expected at least one replica, and ports from 1 to 65535", {}};
  }
  std::error_code error;
  const bool exists = std::filesystem::exists(folder, error);
  if (!error && exists && !std::filesystem::is_empty(folder, error)) {
    return Error{ErrorCode::kInvalid, "expected an empty folder or none: nothing is replaced",
                 folder};
  }
  if (error) return Error{ErrorCode::kIo, error.message(), folder};
  Status made = Layout(folder, request).make();
  if (!made) {
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      std::filesystem::remove_all(entry.path(), error);
    }
    if (!exists) std::filesystem::remove(folder, error);
  }
  return made;
}

Result<ReplicaId> add_node(const std::string& folder, const AddRequest& request) {
  const std::filesystem::path place(folder);
  Result<Present> present = read_present(place);
  if (!present) return present.error();
  const ReplicaId id = request.replica ? *request.replica : next_replica(place, *present);
  const std::filesystem::path own = folder_of(place, id);
  std::error_code error;
  if (std::filesystem::exists(own, error)) {
    return Error{ErrorCode::kInvalid, "there is such a replica: nothing is replaced", own.string()};
  }
  AddRequest complete = request;
  if (Status ports = complete_ports(place, id, complete); !ports) return ports.error();
  if (Status fits = check_new(complete, id, present->wanted.listed.members); !fits) {
    return fits.error();
  }
  IssuedCertificate authority;
  for (const auto& [name, text] : {std::pair("authority.crt", &authority.certificate),
                                   std::pair("authority.key", &authority.key)}) {
    constexpr size_t kMostBytes = 1U << 20U;
    Result<std::string> read = read_file((place / name).string(), kMostBytes);
    if (!read) return read.error();
    *text = std::move(*read);
  }
  const NodePlace node{place, present->network.engine.chain, present->network.scheme, authority,
                       request.certificate_days};
  const Result<PublicKey> key = make_node(node, id, {complete.host, complete.port},
                                          {complete.host, complete.client_port}, nullptr);
  Status made = key ? success() : Status(key.error());
  if (made) {
    Member member;
    member.id = id;
    member.weight = request.weight;
    member.key = *key;
    ListedMembers& listed = present->wanted.listed;
    const auto after = std::find_if(listed.members.begin(), listed.members.end(),
                                    [&](const Member& other) { return other.id > id; });
    listed.members.insert(after, member);
    listed.addresses.push_back({id, complete.host, complete.port, {}});
    made = write_wanted(place, present->wanted);
  }
  if (made) return id;
  std::filesystem::remove_all(own, error);
  return made.error();
}

Status remove_member(const std::string& folder, ReplicaId replica) {
  Result<Present> present = read_present(folder);
  if (!present) return present.error();
  ListedMembers& listed = present->wanted.listed;
  const size_t gone =
      std::erase_if(listed.members, [&](const Member& member) { return member.id == replica; });
  if (gone == 0) {
    return Error{ErrorCode::kInvalid,
                 "replica " + std::to_string(replica.value()) + " is no member", folder};
  }
  uint64_t weight = 0;
  for (const Member& member : listed.members) weight += member.weight;
  if (weight == 0) return Error{ErrorCode::kInvalid, "nobody would be left who votes", folder};
  std::erase_if(listed.addresses, [&](const PeerAddress& peer) { return peer.id == replica; });
  return write_wanted(folder, present->wanted);
}

}  // namespace govchain::consensus::node
