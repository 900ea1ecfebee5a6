#include "analysis/node/network_layout.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/node/ledger_chain.h"
#include "consensus/node/config/layout.h"
#include "consensus/node/files/key_file.h"
#include "models/services/standard_chain.h"

namespace govchain::analysis {

namespace {

using namespace consensus;

Status write_keys(const std::string& folder, const std::vector<node::ReplicaKey>& keys) {
  const std::filesystem::path place = std::filesystem::path(folder) / "departments";
  std::error_code error;
  std::filesystem::create_directory(place, error);
  if (error) return Error{ErrorCode::kIo, "making the folder: " + error.message(), place.string()};
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string name = "department-" + std::to_string(i + 1) + ".key";
    if (Status written = node::write_key_file((place / name).string(), keys[i]); !written) {
      return written;
    }
  }
  return success();
}

}  // namespace

Status lay_out(const std::string& folder, const NetworkLayout& layout) {
  constexpr uint32_t kMostDepartments = 10'000;
  if (layout.departments == 0 || layout.departments > kMostDepartments) {
    return Error{ErrorCode::kInvalid,
                 "expected 1 to " + std::to_string(kMostDepartments) + " departments",
                 {}};
  }
  std::vector<models::Department> departments = models::standard_departments(layout.departments, 1);
  std::vector<node::ReplicaKey> keys;
  for (models::Department& department : departments) {
    keys.push_back(node::generate_key(layout.scheme));
    department.key = make_signer(layout.scheme, keys.back().seed)->public_key();
  }
  node::LayoutRequest request;
  request.replicas = layout.replicas;
  request.host = layout.host;
  request.first_port = layout.first_port;
  request.first_client_port = layout.first_client_port;
  request.network.protocol = layout.protocol;
  request.network.scheme = layout.scheme;
  request.network.engine = layout.engine;
  request.network.settings = layout.settings;
  request.adjust = layout.adjust;
  request.network.engine.chain = ChainId(layout.chain);
  request.network.engine.hash = layout.hash;
  request.network.application = std::make_shared<const nlohmann::json>(
      encode_ledger(departments, models::LedgerConfig{}.validity));
  if (Status made = node::lay_out_network(folder, request); !made) return made;
  Status written = write_keys(folder, keys);
  if (!written) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
      std::filesystem::remove_all(entry.path(), ignored);
    }
  }
  return written;
}

}  // namespace govchain::analysis
