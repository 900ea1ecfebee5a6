#include "tests/consensus/script/interpreter.h"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <utility>

#include "tests/consensus/script/arguments.h"

namespace govchain::consensus::testing {

namespace {

// What no script may hide: a promise of the contract is broken, or the world does not come to rest.
std::string alarms_in(const std::string& output) {
  std::string alarms;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    for (const char* sign : {"DISAGREES", "TWICE", "does not settle", "do not come to rest"}) {
      if (line.find(sign) == std::string::npos) continue;
      alarms += line + "\n";
      break;
    }
  }
  return alarms;
}

}  // namespace

Error Interpreter::invalid(const Case& command, const std::string& what) {
  return refuse(command, what);
}

Result<uint64_t> Interpreter::number_argument(const Case& command, const std::string& name,
                                              uint64_t otherwise) {
  return bounded_argument(command, name, otherwise, {});
}

std::string Interpreter::run(const Case& command) {
  printed_.clear();
  const Status done = execute(command);
  // `quiet` is for what only leads up to what a script is about, `silent` for what nobody wants to
  // compare; errors are never quiet.
  if (done && (command.has("silent") || (command.command != "deliver" && command.has("quiet")))) {
    const std::string alarms = cluster_ ? alarms_in(cluster_->take_output()) : std::string();
    return alarms.empty() ? "ok\n" : alarms;
  }
  std::string output = cluster_ ? cluster_->take_output() : std::string();
  output += printed_;
  if (!done) output += std::string(kErrorMark) + done.error().message + "\n";
  return output.empty() ? "ok\n" : output;
}

struct Interpreter::Command {
  std::string_view name;
  Status (Interpreter::*run)(const Case&);
  std::set<std::string> arguments;
};

Status Interpreter::execute(const Case& command) {
  static const std::array<Command, 33> kCommands{{
      {"propose", &Interpreter::propose, {"replica", "payload", "trace"}},
      {"deliver", &Interpreter::deliver, {"from", "to", "type", "view", "count", "quiet"}},
      {"drop", &Interpreter::drop, {"from", "to", "type", "view"}},
      {"run", &Interpreter::run_cluster, {"ms", "to", "storage", "trace"}},
      {"tick", &Interpreter::tick, {"replica", "ms", "trace"}},
      {"crash", &Interpreter::crash, {"replica", "surviving"}},
      {"restart", &Interpreter::restart, {"replica", "trace"}},
      {"persist", &Interpreter::persist, {"replica", "mode"}},
      {"sync", &Interpreter::sync, {"replica", "records", "batches", "trace"}},
      {"partition", &Interpreter::partition, {"groups"}},
      {"lose", &Interpreter::lose, {"from", "to", "type", "view"}},
      {"heal", &Interpreter::heal, {}},
      {"read", &Interpreter::read, {"replica"}},
      {"reconfigure",
       &Interpreter::reconfigure,
       {"replica", "add", "learner", "witness", "remove", "weights", "transfer", "trace"}},
      {"join", &Interpreter::join, {"replica"}},
      {"twin", &Interpreter::twin, {"replica", "as"}},
      {"status", &Interpreter::status, {"replica"}},
      {"committed", &Interpreter::chain, {"replica"}},
      {"messages", &Interpreter::messages, {}},
      {"say",
       &Interpreter::say,
       {"replica", "type", "view", "height", "block", "valid-round", "prepared", "on", "to",
        "forged"}},
      {"disk", &Interpreter::disk, {"replica", "state", "trace"}},
      {"campaign", &Interpreter::campaign, {"replica", "trace"}},
      {"forget-leader", &Interpreter::forget_leader, {"replica"}},
      {"unreachable", &Interpreter::unreachable, {"replica", "peer"}},
      {"compact", &Interpreter::compact, {"replica", "height"}},
      {"execution", &Interpreter::execution, {"replica", "mode"}},
      {"execute", &Interpreter::execute_blocks, {"replica", "count", "trace"}},
      {"state", &Interpreter::raft_state, {"replica", "committed"}},
      {"batch", &Interpreter::batch, {"replica"}},
      {"progress", &Interpreter::progress, {"replica"}},
      {"log", &Interpreter::protocol_log, {"replica", "durable"}},
      {"send-snapshot", &Interpreter::send_snapshot, {"replica", "to"}},
      {"election-timeout", &Interpreter::election_timeout, {"replica", "ms"}},
  }};
  if (command.command == "cluster") return make_cluster(command);
  if (!cluster_)
    return invalid(command, "the first command must be 'cluster', not '" + command.command + "'");
  const auto known = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& entry) {
    return entry.name == command.command;
  });
  if (known == kCommands.end()) {
    std::string names = "cluster";
    for (const Command& one : kCommands) names += " " + std::string(one.name);
    return invalid(command, "no command '" + command.command + "'; there are: " + names);
  }
  const Status arguments = check_arguments(command, known->arguments);
  if (!arguments) return arguments;
  cluster_->set_trace(command.has("trace") ||
                      (command.command == "deliver" && !command.has("quiet")));
  return (this->*known->run)(command);
}

Result<Node*> Interpreter::replica(const Case& command) {
  const std::optional<std::string> label = command.value("replica");
  if (!label) return invalid(command, "'" + command.command + "' needs replica= with one label");
  return find_replica(command, *label);
}

Result<Node*> Interpreter::find_replica(const Case& command, const std::string& label) {
  if (Node* node = cluster_->find(label); node != nullptr) return node;
  std::string labels;
  for (const auto& [known, node] : cluster_->nodes()) labels += " " + known;
  return invalid(command, "there is no replica '" + label + "'; there are:" + labels);
}

// A misspelt type or label would match nothing, and a script would go on as if it had. A replica
// that has yet to join may be named.
Result<MessageFilter> Interpreter::filter_of(const Case& command) {
  MessageFilter filter{list_argument(command, "from"),
                       list_argument(command, "to"),
                       list_argument(command, "type"),
                       {}};
  for (const auto* labels : {&filter.from, &filter.to}) {
    for (const std::string& label : *labels) {
      const std::optional<uint64_t> id = parse_number(label);
      if (id && *id < kMostReplicas) continue;
      const Result<Node*> node = find_replica(command, label);
      if (!node) return node.error();
    }
  }
  for (const std::string& type : filter.types) {
    const Status known = cluster_->check_type(command, type);
    if (!known) return known.error();
  }
  for (const std::string& text : list_argument(command, "view")) {
    const std::optional<uint64_t> view = parse_number(text);
    if (!view) return invalid(command, "view must be a whole number, not '" + text + "'");
    filter.views.emplace_back(*view);
  }
  return filter;
}

Result<Node*> Interpreter::running_replica(const Case& command) {
  const Result<Node*> node = replica(command);
  if (node && !(*node)->running())
    return invalid(command, "replica " + (*node)->label() + " is down");
  return node;
}

Result<std::vector<Node*>> Interpreter::replicas(const Case& command) {
  std::vector<Node*> chosen;
  if (!command.has("replica")) {
    for (const auto& [label, node] : cluster_->nodes()) chosen.push_back(node.get());
    return chosen;
  }
  for (const std::string& label : list_argument(command, "replica")) {
    const Result<Node*> node = find_replica(command, label);
    if (!node) return node.error();
    chosen.push_back(*node);
  }
  return chosen;
}

Status Interpreter::propose(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  const std::vector<std::string> names = list_argument(command, "payload");
  if (names.empty()) return invalid(command, "'propose' needs payload=");
  for (const std::string& name : names) {
    if (name.empty()) return invalid(command, "a payload needs a name");
  }
  for (const std::string& name : names) {
    (*node)->give(input::Propose{cluster_->payload(name)});
  }
  return success();
}

Status Interpreter::deliver(const Case& command) {
  const Result<uint64_t> count = number_argument(command, "count", UINT64_MAX);
  if (!count) return count.error();
  const Result<MessageFilter> filter = filter_of(command);
  if (!filter) return filter.error();
  if (cluster_->deliver(*filter, *count) == 0) printed_ = "nothing to deliver\n";
  return success();
}

Status Interpreter::drop(const Case& command) {
  const Result<MessageFilter> filter = filter_of(command);
  if (!filter) return filter.error();
  printed_ = "dropped " + std::to_string(cluster_->drop(*filter)) + "\n";
  return success();
}

Status Interpreter::run_cluster(const Case& command) {
  const Result<uint64_t> milliseconds = bounded_argument(command, "ms", 0, {0, kMostMilliseconds});
  if (!milliseconds) return milliseconds.error();
  if (command.has("ms")) {
    cluster_->run_for(Duration::milliseconds(static_cast<int64_t>(*milliseconds)));
  } else if (command.has("storage")) {
    cluster_->settle(list_argument(command, "to"));
  } else if (command.has("to")) {
    cluster_->deliver_all_to(list_argument(command, "to"));
  } else {
    cluster_->deliver_all();
  }
  return success();
}

Status Interpreter::tick(const Case& command) {
  const Result<uint64_t> milliseconds = bounded_argument(command, "ms", 0, {0, kMostMilliseconds});
  if (!milliseconds) return milliseconds.error();
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (Node* node : *nodes) {
    node->advance(Duration::milliseconds(static_cast<int64_t>(*milliseconds)));
  }
  return success();
}

Status Interpreter::crash(const Case& command) {
  const Result<uint64_t> surviving = number_argument(command, "surviving", 0);
  if (!surviving) return surviving.error();
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (const Node* node : *nodes) {
    if (node->running()) cluster_->crash(node->label(), *surviving);
  }
  return success();
}

Status Interpreter::restart(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (const Node* node : *nodes) {
    if (node->running()) return invalid(command, "replica " + node->label() + " is running");
    if (!node->ever_ran()) return invalid(command, "replica " + node->label() + " has yet to join");
    cluster_->start(node->label());
  }
  return success();
}

Status Interpreter::persist(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  if (!command.has("mode")) return invalid(command, "'persist' needs mode=manual or mode=auto");
  const Result<bool> manual = is_manual(command, "mode");
  if (!manual) return manual.error();
  for (Node* node : *nodes) {
    node->set_manual_sync(*manual);
    if (!*manual && node->running()) node->sync();
  }
  return success();
}

Status Interpreter::sync(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  const Result<uint64_t> records = number_argument(command, "records", 0);
  if (!records) return records.error();
  const Result<uint64_t> batches = number_argument(command, "batches", 0);
  if (!batches) return batches.error();
  for (Node* node : *nodes) {
    if (!node->running()) continue;
    if (command.has("batches")) {
      node->sync_batches(*batches);
    } else if (command.has("records")) {
      node->sync_some(*records);
    } else {
      node->sync();
    }
  }
  return success();
}

Status Interpreter::partition(const Case& command) {
  std::vector<std::vector<std::string>> groups;
  for (const std::string& text : list_argument(command, "groups")) {
    // "0 1" is a group: labels separated by spaces.
    std::vector<std::string>& group = groups.emplace_back();
    size_t start = 0;
    while (start < text.size()) {
      const size_t end = std::min(text.find(' ', start), text.size());
      if (end > start) group.push_back(text.substr(start, end - start));
      start = end + 1;
    }
    for (const std::string& label : group) {
      const Result<Node*> node = find_replica(command, label);
      if (!node) return node.error();
    }
  }
  if (groups.empty()) return invalid(command, "partition needs groups=(0 1, 2 3)");
  cluster_->partition(std::move(groups));
  return success();
}

Status Interpreter::lose(const Case& command) {
  Result<MessageFilter> filter = filter_of(command);
  if (!filter) return filter.error();
  cluster_->lose(*std::move(filter));
  return success();
}

Status Interpreter::heal(const Case& /*command*/) {
  cluster_->heal();
  return success();
}

Status Interpreter::read(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  (*node)->give(input::ReadRequested{Token(++next_read_)});
  return success();
}

Status Interpreter::reconfigure(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  MembershipChange change;
  const bool changes_members = command.has("add") || command.has("learner") ||
                               command.has("witness") || command.has("remove") ||
                               command.has("weights");
  if (changes_members) {
    Result<MembershipChange> wanted = change_of(command, (*node)->members());
    if (!wanted) return wanted.error();
    change = *std::move(wanted);
  } else if (!command.has("transfer")) {
    change.target = (*node)->members().members;
  }
  if (command.has("transfer")) {
    const Result<uint64_t> to = bounded_argument(command, "transfer", 0, {0, kMostReplicas - 1});
    if (!to) return to.error();
    change.transfer_leadership_to = ReplicaId(static_cast<uint32_t>(*to));
  }
  (*node)->give(input::Reconfigure{std::move(change)});
  return success();
}

Status Interpreter::join(const Case& command) {
  if (list_argument(command, "replica").empty()) {
    return invalid(command, "'join' needs replica= with one or more labels");
  }
  for (const std::string& label : list_argument(command, "replica")) {
    const std::optional<uint64_t> id = parse_number(label);
    if (!id || *id >= kMostReplicas)
      return invalid(command, "replica must be 0 to 99, not '" + label + "'");
    const Node* known = cluster_->find(label);
    if (known != nullptr && known->ever_ran()) {
      return invalid(command, "'join' is for a replica that has never run, and " + label + " has");
    }
    if (known == nullptr) cluster_->add(label, ReplicaId(static_cast<uint32_t>(*id)));
    start_new(label);
  }
  return success();
}

Status Interpreter::twin(const Case& command) {
  const Result<Node*> node = replica(command);
  if (!node) return node.error();
  const std::string label = command.value("as").value_or("");
  if (label.empty() || cluster_->find(label) != nullptr) {
    return invalid(command, "twin needs as= with a new label");
  }
  cluster_->add(label, (*node)->id());
  cluster_->start(label);
  return success();
}

Status Interpreter::status(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (const Node* node : *nodes) printed_ += node->label() + ": " + node->describe() + "\n";
  return success();
}

Status Interpreter::chain(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (const Node* node : *nodes) {
    printed_ += node->label() + ": " + cluster_->describe_chain(*node) + "\n";
  }
  return success();
}

Status Interpreter::messages(const Case& /*command*/) {
  printed_ = cluster_->describe_messages();
  if (printed_.empty()) printed_ = "none\n";
  return success();
}

}  // namespace govchain::consensus::testing
