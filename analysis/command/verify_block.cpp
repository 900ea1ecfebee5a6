// govchain verify-block FILE

#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/node/block_proof.h"
#include "analysis/node/proof_file.h"
#include "consensus/node/config/network_file.h"

namespace govchain::analysis {

namespace {

struct Options {
  std::string file;
  std::string network;
  bool json = false;
};

void print_json(const ProofReport& report) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const ProofCheck& check : report.checks) {
    checks.push_back(
        {{"what", check.what}, {"holds", check.holds}, {"explanation", check.explanation}});
  }
  const nlohmann::ordered_json json{{"holds", report.holds()}, {"checks", std::move(checks)}};
  std::cout << json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

void print_text(const ProofReport& report, const Options& options) {
  for (const ProofCheck& check : report.checks) {
    std::cout << fmt::format("{:4}{:<13}{}\n", check.holds ? "ok" : "NO", check.what,
                             check.explanation);
  }
  std::cout << fmt::format("{} {} for who trusts the members in {}\n", options.file,
                           report.holds() ? "holds" : "does not hold", options.network);
}

void verify(const Options& options, CommandContext& context) {
  const auto network = consensus::node::read_network_file(options.network);
  if (!network) return fail(context, network.error(), exit_code_for(network.error()));
  const auto proof = read_proof_file(options.file, network->engine.hash);
  if (!proof) return fail(context, proof.error(), exit_code_for(proof.error()));
  const ProofReport report = check_proof(*proof, *network);
  options.json ? print_json(report) : print_text(report, options);
  if (!report.holds()) context.exit_code = kExitViolation;
}

}  // namespace

void add_verify_block_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("verify-block",
                             "checks a block, its certificate and a receipt or record offline. "
                             "Exit code 6: the proof does not hold; 2: the file is no proof.");
  command->footer(
      "  govchain verify-block proof.json --network network/network.json\n"
      "  curl http://127.0.0.1:8000/v1/proofs/2cf2… > proof.json   a proof");
  command->add_option("FILE", options->file, "a proof, as a node's endpoint gives it")->required();
  command
      ->add_option("--network", options->network,
                   "the network's file, with the members whom you trust")
      ->required();
  command->add_flag("--json", options->json, "one JSON object");
  command->callback([options, &context] { verify(*options, context); });
}

}  // namespace govchain::analysis
