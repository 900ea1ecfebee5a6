#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "scenarios/data_file.h"
#include "scenarios/data_loader.h"
#include "scenarios/nearest_name.h"
#include "scenarios/profile_measurements.h"

namespace govchain::scenarios {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

constexpr const char* kFolder = "scenarios/data/profiles";

// {"us": 46, "source": "…", "quality": "…"}: no cost without its source.
sim::Duration microseconds(DataFile& file, const JsonNode& costs, const std::string& key) {
  const JsonNode* row = file.member(costs, key, JsonNode::Type::kObject);
  if (row == nullptr) return {};
  only_members(file, *row, {"us", "source", "quality"});
  const double value = file.number(*row, "us");
  file.text(*row, "source");
  if (value < 0 || value > 1e9) file.fail(*row, key + ": expected 0 to 1e9 microseconds");
  return sim::Duration::nanoseconds(static_cast<int64_t>(value * 1e3 + 0.5));
}

sim::Rate megabits(DataFile& file, const JsonNode& object, const std::string& key) {
  const JsonNode* row = file.member(object, key, JsonNode::Type::kObject);
  if (row == nullptr) return {};
  only_members(file, *row, {"mbps", "source", "quality"});
  file.text(*row, "source");
  const JsonNode* value = row->find("mbps");
  if (value != nullptr && value->type == JsonNode::Type::kString && value->text == "unlimited") {
    return sim::Rate::unlimited();
  }
  if (value == nullptr || !value->is_number() || value->number <= 0 || value->number > 1e8) {
    file.fail(*row, key + ": expected mbps above 0, or \"unlimited\"");
    return {};
  }
  return sim::Rate::bits_per_second(static_cast<uint64_t>(value->number * 1e6 + 0.5));
}

Result<sim::MachineProfile> read_profile(DataFile file) {
  const JsonNode& root = file.root();
  only_members(
      file, root,
      {"id", "description", "cores", "memory_bytes", "nic", "costs", "disk", "measurements"});
  sim::MachineProfile profile;
  profile.id = file.text(root, "id");
  profile.description = file.text(root, "description");
  profile.cores = static_cast<uint32_t>(file.count(root, "cores"));
  if (profile.cores < 1 || profile.cores > 1024) file.fail(root, "cores: expected 1 to 1024");
  profile.memory = sim::Bytes(file.count(root, "memory_bytes"));
  profile.nic = megabits(file, root, "nic");
  if (const JsonNode* costs = file.member(root, "costs", JsonNode::Type::kObject)) {
    only_members(
        file, *costs,
        {"message_receive", "message_send", "per_kilobyte_network", "sign", "verify",
         "hash_per_kilobyte", "execute_transaction", "admit_transaction", "client_verify"});
    sim::OperationCosts& out = profile.costs;
    out.message_receive = microseconds(file, *costs, "message_receive");
    out.message_send = microseconds(file, *costs, "message_send");
    out.per_kilobyte_network = microseconds(file, *costs, "per_kilobyte_network");
    out.sign = microseconds(file, *costs, "sign");
    out.verify = microseconds(file, *costs, "verify");
    out.hash_per_kilobyte = microseconds(file, *costs, "hash_per_kilobyte");
    out.execute_transaction = microseconds(file, *costs, "execute_transaction");
    out.admit_transaction = microseconds(file, *costs, "admit_transaction");
    out.client_verify = microseconds(file, *costs, "client_verify");
  }
  if (const JsonNode* disk = file.member(root, "disk", JsonNode::Type::kObject)) {
    only_members(file, *disk, {"sync", "write", "read"});
    profile.disk.sync = microseconds(file, *disk, "sync");
    profile.disk.write_rate = megabits(file, *disk, "write");
    profile.disk.read_rate = megabits(file, *disk, "read");
  }
  if (root.find("measurements") != nullptr) {
    const JsonNode* measured = file.member(root, "measurements", JsonNode::Type::kObject);
    if (measured != nullptr) check_measurements(file, *measured);
    if (measured != nullptr && !file.failure()) {
      profile.measurements = read_measurements(file, *measured);
    }
  }
  if (file.failure()) return *file.failure();
  return profile;
}

}  // namespace

std::vector<std::string> profile_ids(const std::string& home) {
  std::vector<std::string> ids;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(home) / kFolder, ignored)) {
    if (entry.path().extension() == ".json") ids.push_back(entry.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<sim::MachineProfile> load_profile(const std::string& home, const std::string& id) {
  const std::vector<std::string> known = profile_ids(home);
  if (std::find(known.begin(), known.end(), id) == known.end()) {
    std::string message = "no machine profile \"" + printable(id) + "\" in " + kFolder;
    if (const auto nearest = nearest_name(id, known))
      message += "; did you mean \"" + *nearest + "\"?";
    return Error{ErrorCode::kNotFound, message, {}};
  }
  Result<DataFile> file = DataFile::open(home, fmt::format("{}/{}.json", kFolder, id));
  if (!file) return file.error();
  return read_profile(*std::move(file));
}

Result<sim::MachineProfile> load_profile_file(const std::string& path) {
  Result<DataFile> file = DataFile::open_file(path);
  if (!file) return file.error();
  return read_profile(*std::move(file));
}

}  // namespace govchain::scenarios
