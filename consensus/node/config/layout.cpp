#include "consensus/node/config/layout.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

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
    for (uint32_t i = 0; i < request_.replicas; ++i) {
      if (Status made = make_node(ReplicaId(i), *authority); !made) return made;
    }
    if (Status made = write_new(folder_ / "authority.crt", authority->certificate, false); !made) {
      return made;
    }
    if (Status made = write_new(folder_ / "authority.key", authority->key, true); !made)
      return made;
    return write_new(folder_ / "network.json", encode_network_file(network_), false);
  }

 private:
  [[nodiscard]] Status make_node(ReplicaId id, const IssuedCertificate& authority) {
    const auto offset = static_cast<uint16_t>(id.value());
    const std::filesystem::path own = folder_ / ("node-" + std::to_string(id.value()));
    if (Status made = make_folder(own); !made) return made;
    const ReplicaKey key = generate_key(network_.scheme);
    if (Status made = write_key_file((own / "replica.key").string(), key); !made) return made;
    const Result<IssuedCertificate> tls = issue_certificate(
        authority, StorageOwner{network_.engine.chain, id}, request_.certificate_days);
    if (!tls) return tls.error();
    if (Status made = write_new(own / "tls.crt", tls->certificate, false); !made) return made;
    if (Status made = write_new(own / "tls.key", tls->key, true); !made) return made;
    Member member;
    member.id = id;
    member.key = make_signer(key.scheme, key.seed)->public_key();
    network_.engine.genesis.members.push_back(member);
    const auto port = static_cast<uint16_t>(request_.first_port + offset);
    network_.addresses.push_back({id, request_.host, port, {}});
    NodeFile node;
    node.replica = id;
    node.network = "../network.json";
    node.key = "replica.key";
    node.data = "data";
    node.tls = {"tls.crt", "tls.key", "../authority.crt"};
    node.listen = {request_.host, port};
    node.client_listen = {request_.host,
                          static_cast<uint16_t>(request_.first_client_port + offset)};
    if (request_.adjust) request_.adjust(node);
    return write_new(own / "node.json", encode_node_file(node), false);
  }

  const std::filesystem::path folder_;
  const LayoutRequest& request_;
  NetworkFile network_;
};

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

}  // namespace govchain::consensus::node
