#include "analysis/live/network.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "analysis/live/forgetful/undo_journal.h"
#include "analysis/live/http_get.h"
#include "consensus/node/config/network_file.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

constexpr Duration kPatience = Duration::seconds(2);

ProcessUsage sum_of(const ProcessUsage& a, const ProcessUsage& b) {
  return {a.cpu + b.cpu, a.written + b.written, std::max(a.peak_resident, b.peak_resident)};
}

}  // namespace

Network::Network(NetworkRequest request) : request_(std::move(request)) {
  nodes_.resize(request_.layout.replicas);
}

Result<std::unique_ptr<Network>> Network::lay_out(NetworkRequest request) {
  if (Status made = analysis::lay_out(request.folder, request.layout); !made) return made.error();
  // What a scenario may say and a node may not is told here, not by a node that does not start.
  const Result<consensus::node::NetworkFile> read =
      consensus::node::read_network_file(request.folder + "/network.json");
  if (!read) return read.error();
  return std::unique_ptr<Network>(new Network(std::move(request)));
}

uint16_t Network::replica_port(uint32_t replica) const {
  return static_cast<uint16_t>(request_.layout.first_port + replica);
}

uint16_t Network::client_port(uint32_t replica) const {
  return static_cast<uint16_t>(request_.layout.first_client_port + replica);
}

std::string Network::own_folder(uint32_t replica) const {
  return request_.folder + "/node-" + std::to_string(replica);
}

std::string Network::data_folder(uint32_t replica) const { return own_folder(replica) + "/data"; }

std::string Network::undo_folder(uint32_t replica) const {
  return own_folder(replica) + "/unsynced";
}

Status Network::start(uint32_t replica) {
  ++nodes_[replica].starts;
  ChildRequest child;
  if (!request_.forgetful.empty()) {
    std::error_code error;
    std::filesystem::create_directories(undo_folder(replica), error);
    if (error) return Error{ErrorCode::kIo, error.message(), undo_folder(replica)};
    child.environment = {{"LD_PRELOAD", request_.forgetful},
                         {forgetful::kDataVariable, data_folder(replica)},
                         {forgetful::kUndoVariable, undo_folder(replica)}};
  }
  child.arguments = {request_.program, "node", "--config", own_folder(replica) + "/node.json"};
  child.log = own_folder(replica) + "/node.log";
  Result<ChildProcess> process = ChildProcess::start(child);
  if (!process) return process.error();
  nodes_[replica].process = std::move(*process);
  nodes_[replica].is_paused = false;
  return consensus::success();
}

Result<forgetful::Forgotten> Network::kill(uint32_t replica, sim::RandomStream& random) {
  Node& node = nodes_[replica];
  if (!node.process) return forgetful::Forgotten{};
  node.before = usage(replica);
  node.process.reset();
  if (request_.forgetful.empty()) return forgetful::Forgotten{};
  return forgetful::roll_back(undo_folder(replica), random);
}

Status Network::swallow_syncs(uint32_t replica) const {
  return consensus::node::replace_file(undo_folder(replica) + "/" + forgetful::kSwallowName, "");
}

void Network::pause(uint32_t replica) {
  if (!is_up(replica)) return;
  nodes_[replica].process->signal(SIGSTOP);
  nodes_[replica].is_paused = true;
}

void Network::resume(uint32_t replica) {
  if (!is_up(replica)) return;
  nodes_[replica].process->signal(SIGCONT);
  nodes_[replica].is_paused = false;
}

std::optional<Network::Ended> Network::find_ended() {
  for (uint32_t i = 0; i < size(); ++i) {
    const std::optional<int> end = is_up(i) ? nodes_[i].process->ended() : std::nullopt;
    if (!end) continue;
    nodes_[i].process.reset();
    return Ended{i, complaint(i, describe_end(*end))};
  }
  return std::nullopt;
}

bool Network::is_ready(uint32_t replica) const {
  const Result<HttpReply> reply = http_get(client_port(replica), "/ready", kPatience);
  constexpr unsigned kOk = 200;
  return reply && reply->status == kOk;
}

std::optional<NodeFigures> Network::figures(uint32_t replica) const {
  // One that stands still would let its asker wait.
  if (!is_up(replica) || nodes_[replica].is_paused) return std::nullopt;
  const Result<HttpReply> reply = http_get(client_port(replica), "/metrics", kPatience);
  if (!reply) return std::nullopt;
  return figures_of(reply->body);
}

ProcessUsage Network::usage(uint32_t replica) const {
  const Node& node = nodes_[replica];
  const std::optional<ProcessUsage> now =
      node.process ? usage_of(node.process->id()) : std::nullopt;
  return now ? sum_of(node.before, *now) : node.before;
}

std::optional<ProcessHoldings> Network::holdings(uint32_t replica) const {
  return is_up(replica) ? holdings_of(nodes_[replica].process->id()) : std::nullopt;
}

void Network::stop(Duration patience) {
  for (uint32_t i = 0; i < size(); ++i) {
    resume(i);
    if (is_up(i)) nodes_[i].process->signal(SIGTERM);
  }
  for (uint32_t i = 0; i < size(); ++i) {
    if (!is_up(i)) continue;
    (void)nodes_[i].process->wait(patience);
    nodes_[i].process.reset();
  }
}

Error Network::complaint(uint32_t replica, const std::string& what) const {
  constexpr size_t kShownLines = 8;
  const std::string log = own_folder(replica) + "/node.log";
  std::ifstream file(log);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > kShownLines) lines.pop_front();
  }
  std::string message = what + (lines.empty() ? "; its log is empty" : "; its log ends with");
  for (const std::string& line : lines) message += "\n  " + line;
  return Error{ErrorCode::kIo, message, "node " + std::to_string(replica)};
}

}  // namespace govchain::analysis::live
