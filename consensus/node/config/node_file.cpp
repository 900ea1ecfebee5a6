#include "consensus/node/config/node_file.h"

#include <charconv>
#include <optional>
#include <system_error>

#include <nlohmann/json.hpp>

#include "consensus/node/config/field_reader.h"

namespace govchain::consensus::node {

namespace {

constexpr uint64_t kFormat = 1;
constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};

Endpoint endpoint(FieldReader& in, std::string_view name) {
  const Result<Endpoint> read = parse_endpoint(in.text(name));
  if (read) return *read;
  in.fail(name, read.error().message);
  return {};
}

void read_addresses(const nlohmann::json& object, FieldReader& in, NodeFile& node) {
  if (!object.is_object()) return in.fail("addresses", "expected an object, not " + object.dump());
  for (const auto& [name, value] : object.items()) {
    const std::string place = "addresses/" + name;
    uint32_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size()) {
      return in.fail(place, "expected the number of a replica");
    }
    const Result<Endpoint> address =
        parse_endpoint(value.is_string() ? value.get<std::string>() : value.dump());
    if (!address) return in.fail(place, address.error().message);
    node.addresses[ReplicaId(id)] = *address;
  }
}

}  // namespace

Result<NodeFile> read_node_file(const std::string& path) {
  const Result<std::unique_ptr<ConfigFile>> file = ConfigFile::read(path);
  if (!file) return file.error();
  NodeFile node;
  FieldReader in(**file, (*file)->root(), "");
  (void)in.number("govchain_node", kFormat, kFormat);
  const auto named = [&](FieldReader& from, std::string_view name) {
    const std::string said = from.text(name);
    return said.empty() ? said : (*file)->beside(said);
  };
  node.replica = ReplicaId(static_cast<uint32_t>(in.number("replica", 0, UINT32_MAX - 1)));
  node.network = named(in, "network");
  node.key = named(in, "key");
  node.data = named(in, "data");
  node.listen = endpoint(in, "listen");
  if (std::optional<FieldReader> tls = in.object("tls")) {
    node.tls.certificate = named(*tls, "certificate");
    node.tls.key = named(*tls, "key");
    node.tls.authority = named(*tls, "authority");
    tls->finish();
  } else {
    in.fail("tls", "is missing");
  }
  if (std::optional<FieldReader> client = in.object("client")) {
    node.client_listen = endpoint(*client, "listen");
    client->number("max_connections", 1, 1'000'000, node.max_client_connections);
    uint64_t submission = node.max_submission.count();
    client->number("max_submission_bytes", 1, kMaxMessageBytes / 2, submission);
    node.max_submission = Bytes(submission);
    client->finish();
  } else {
    in.fail("client", "is missing");
  }
  in.number("crypto_threads", 1, 1'024, node.crypto_threads);
  uint64_t segment = node.log_segment.count();
  in.number("log_segment_bytes", 1U << 16U, uint64_t{1} << 40U, segment);
  node.log_segment = Bytes(segment);
  if (std::optional<FieldReader> snapshots = in.object("snapshots")) {
    uint64_t least = node.snapshots.least.count();
    snapshots->number("executed_bytes", 0, uint64_t{1} << 50U, least);
    node.snapshots.least = Bytes(least);
    snapshots->number("held", 3, 4'096, node.snapshots.held);
    snapshots->finish();
  }
  in.number("newest_version", static_cast<uint64_t>(kOldestProtocolVersion),
            static_cast<uint64_t>(kNewestProtocolVersion), node.newest_version);
  in.word<LogLevel>("log_level",
                    {{"debug", LogLevel::kDebug},
                     {"info", LogLevel::kInfo},
                     {"warning", LogLevel::kWarning},
                     {"error", LogLevel::kError}},
                    node.log_level);
  in.flag("archive", node.archive);
  in.text("record", node.record);
  if (!node.record.empty()) node.record = (*file)->beside(node.record);
  constexpr uint64_t kLongestDelay = 60'000;
  in.milliseconds("link_delay_ms", 0, kLongestDelay, node.link_delay);
  in.text("members", node.members);
  if (!node.members.empty()) node.members = (*file)->beside(node.members);
  if (const nlohmann::json* const addresses = in.any("addresses")) {
    read_addresses(*addresses, in, node);
  }
  in.finish();
  if ((*file)->error()) return *(*file)->error();
  return node;
}

std::string encode_node_file(const NodeFile& node) {
  nlohmann::ordered_json root;
  root["govchain_node"] = kFormat;
  root["replica"] = node.replica.value();
  root["network"] = node.network;
  root["key"] = node.key;
  root["data"] = node.data;
  root["listen"] = to_text(node.listen);
  root["tls"]["certificate"] = node.tls.certificate;
  root["tls"]["key"] = node.tls.key;
  root["tls"]["authority"] = node.tls.authority;
  root["client"]["listen"] = to_text(node.client_listen);
  root["client"]["max_connections"] = node.max_client_connections;
  root["client"]["max_submission_bytes"] = node.max_submission.count();
  root["crypto_threads"] = node.crypto_threads;
  root["log_segment_bytes"] = node.log_segment.count();
  root["snapshots"]["executed_bytes"] = node.snapshots.least.count();
  root["snapshots"]["held"] = node.snapshots.held;
  root["newest_version"] = static_cast<uint64_t>(node.newest_version);
  root["log_level"] = kLevels[static_cast<size_t>(node.log_level)];
  root["archive"] = node.archive;
  if (!node.record.empty()) root["record"] = node.record;
  if (!node.members.empty()) root["members"] = node.members;
  if (node.link_delay > Duration::zero()) {
    root["link_delay_ms"] = node.link_delay / Duration::milliseconds(1);
  }
  for (const auto& [id, address] : node.addresses) {
    root["addresses"][std::to_string(id.value())] = to_text(address);
  }
  return root.dump(2) + "\n";
}

}  // namespace govchain::consensus::node
