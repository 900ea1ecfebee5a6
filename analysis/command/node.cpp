// govchain node

#include <atomic>
#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/node/daemon.h"
#include "analysis/node/ledger_chain.h"
#include "analysis/node/network_layout.h"
#include "consensus/node/config/layout.h"
#include "consensus/node/files/key_file.h"
#include "consensus/protocols.h"

namespace govchain::analysis {

namespace {

std::atomic<bool> reload_requested{false};
extern "C" void request_reload(int /*signal*/) { reload_requested.store(true); }

struct InitOptions {
  NetworkLayout layout;
  std::string protocol = "pbft";
  std::string signature = "ed25519";
  std::string hash = "sha256";
  std::string folder;
};

void init(const InitOptions& options, CommandContext& context) {
  NetworkLayout layout = options.layout;
  layout.protocol = consensus::find_protocol(options.protocol)->protocol;
  layout.scheme = *consensus::node::parse_scheme(options.signature);
  layout.hash =
      options.hash == "sm3" ? consensus::HashAlgorithm::kSm3 : consensus::HashAlgorithm::kSha256;
  const consensus::Status made = lay_out(options.folder, layout);
  if (!made) return fail(context, made.error(), exit_code_for(made.error()));
  std::cout << fmt::format(
      "{}: {} replicas of a {} chain, {} departments\n\n"
      "Start each with\n\n",
      options.folder, layout.replicas, options.protocol, layout.departments);
  for (uint32_t i = 0; i < layout.replicas; ++i) {
    std::cout << fmt::format("  govchain node --config {}/node-{}/node.json\n", options.folder, i);
  }
  std::cout << fmt::format("\nClients of replica 0: http://{}:{}/v1/status\n", layout.host,
                           layout.first_client_port);
}

void run(const std::string& config, CommandContext& context) {
  struct sigaction action {};
  action.sa_handler = request_reload;
  sigaction(SIGHUP, &action, nullptr);
  DaemonRequest request;
  request.config = config;
  request.stop = context.stop;
  const consensus::Status done = run_daemon(request, reload_requested);
  if (!done) fail(context, done.error(), exit_code_for(done.error()));
}

void add_init(CLI::App& node, CommandContext& context) {
  CLI::App* init_command = node.add_subcommand("init", "lays out a network in a folder");
  init_command->footer(
      "  govchain node init --replicas 4 network\n"
      "  govchain node init --replicas 3 --protocol raft network");
  auto options = std::make_shared<InitOptions>();
  NetworkLayout& layout = options->layout;
  std::vector<std::string> protocols;
  for (const auto* traits : consensus::protocols()) protocols.emplace_back(traits->name);
  init_command->add_option("folder", options->folder, "a new or empty folder")->required();
  init_command->add_option("--replicas", layout.replicas, "how many")->capture_default_str();
  init_command->add_option("--protocol", options->protocol, "of the chain")
      ->check(CLI::IsMember(protocols))
      ->capture_default_str();
  init_command->add_option("--signature", options->signature, "of replicas and departments")
      ->check(CLI::IsMember({"ed25519", "sm2"}))
      ->capture_default_str();
  init_command->add_option("--hash", options->hash, "of everything")
      ->check(CLI::IsMember({"sha256", "sm3"}))
      ->capture_default_str();
  init_command->add_option("--chain", layout.chain, "its number")->capture_default_str();
  init_command->add_option("--departments", layout.departments, "that may submit")
      ->capture_default_str();
  init_command
      ->add_option("--checkpoint-interval", layout.engine.checkpoint_interval,
                   "blocks from one checkpoint, which proofs need, to the next")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000}))
      ->capture_default_str();
  init_command->add_option("--host", layout.host, "where the replicas listen")
      ->capture_default_str();
  init_command->add_option("--port", layout.first_port, "of replica 0, for its peers")
      ->capture_default_str();
  init_command->add_option("--client-port", layout.first_client_port, "of replica 0, for clients")
      ->capture_default_str();
  init_command->callback([options, &context] { init(*options, context); });
}

struct ChangeOptions {
  consensus::node::AddRequest request;
  std::optional<uint32_t> replica;
  std::string folder;
};

constexpr const char* kHowItGoesOn =
    "Every operator's {}/members.json has to say so; then\n\n"
    "  kill -HUP PID\n\n"
    "tells a running node, which agrees to it. The chain changes at its next checkpoint.\n";

void add(const ChangeOptions& options, CommandContext& context) {
  consensus::node::AddRequest request = options.request;
  if (options.replica) request.replica = consensus::ReplicaId(*options.replica);
  const consensus::Result<consensus::ReplicaId> added =
      consensus::node::add_node(options.folder, request);
  if (!added) return fail(context, added.error(), exit_code_for(added.error()));
  std::cout << fmt::format(
      "{0}/node-{1}: a node that is wanted as a member. Start it with\n\n"
      "  govchain node --config {0}/node-{1}/node.json\n\n",
      options.folder, added->value());
  std::cout << fmt::format(kHowItGoesOn, options.folder);
}

void remove(const ChangeOptions& options, CommandContext& context) {
  const consensus::Status removed =
      consensus::node::remove_member(options.folder, consensus::ReplicaId(*options.replica));
  if (!removed) return fail(context, removed.error(), exit_code_for(removed.error()));
  std::cout << fmt::format("Replica {} is not wanted any longer.\n", *options.replica);
  std::cout << fmt::format(kHowItGoesOn, options.folder);
}

void add_membership_commands(CLI::App& node, CommandContext& context) {
  auto options = std::make_shared<ChangeOptions>();
  CLI::App* add_command = node.add_subcommand("add", "makes one more node for a network");
  add_command->footer("  govchain node add network");
  add_command->add_option("folder", options->folder, "of the network")->required();
  add_command->add_option("--replica", options->replica, "its number (the next one)");
  add_command->add_option("--weight", options->request.weight, "of its votes; 0: it only learns")
      ->capture_default_str();
  add_command->add_option("--host", options->request.host, "where it listens")
      ->capture_default_str();
  add_command->add_option("--port", options->request.port,
                          "for its peers (after that of the replica before)");
  add_command->add_option("--client-port", options->request.client_port, "for clients (likewise)");
  add_command->callback([options, &context] { add(*options, context); });
  CLI::App* remove_command =
      node.add_subcommand("remove", "takes a member out of those that are wanted");
  remove_command->footer("  govchain node remove network --replica 0");
  remove_command->add_option("folder", options->folder, "of the network")->required();
  remove_command->add_option("--replica", options->replica, "its number")->required();
  remove_command->callback([options, &context] { remove(*options, context); });
}

}  // namespace

void add_node_command(CLI::App& program, CommandContext& context) {
  CLI::App* command =
      program.add_subcommand("node",
                             "runs one replica of a chain for real, or lays out a network of them. "
                             "SIGTERM and Ctrl-C end it in good order; SIGHUP reads log level, "
                             "peers' addresses and wanted members anew.");
  command->footer(
      "  govchain node init --replicas 4 network  keys, certificates, files of four\n"
      "  govchain node --config network/node-0/node.json\n"
      "  govchain node add network                one more member to be\n"
      "  govchain node call --list                what departments can submit");
  auto config = std::make_shared<std::string>();
  command->add_option("--config", *config, "the node's file");
  add_init(*command, context);
  add_membership_commands(*command, context);
  add_node_call_command(*command, context);
  command->callback([command, config, &context] {
    if (!command->get_subcommands().empty()) return;
    if (config->empty()) {
      return fail(context,
                  {consensus::ErrorCode::kInvalid,
                   "expected --config FILE, init, add, remove or call; see govchain node --help",
                   {}},
                  kExitUsage);
    }
    run(*config, context);
  });
}

}  // namespace govchain::analysis
