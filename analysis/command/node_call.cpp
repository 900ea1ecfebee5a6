// govchain node call

#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/node/ledger_chain.h"
#include "analysis/service/record_json.h"
#include "analysis/service/service_methods.h"
#include "analysis/service/signed_call.h"
#include "consensus/codec.h"
#include "consensus/node/config/network_file.h"
#include "consensus/node/files/hexadecimal.h"
#include "consensus/node/files/key_file.h"

namespace govchain::analysis {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using nlohmann::json;

struct CallOptions {
  std::string network;
  std::string key;
  std::string method;
  std::string arguments = "{}";
  uint64_t on_behalf_of = 0;
  uint64_t valid_seconds = 600;
  bool list = false;
  bool as_json = false;
};

void print_methods(bool as_json) {
  json list = json::array();
  for (const ServiceMethod& method : service_methods()) {
    std::string fields;
    json names = json::array();
    for (const std::string_view name : method.fields) {
      fields += (fields.empty() ? "" : ", ") + std::string(name);
      names.push_back(name);
    }
    list.push_back({{"name", method.name}, {"caller", method.caller}, {"fields", names}});
    if (!as_json)
      std::cout << fmt::format("{:<32}{}\n    {}\n", method.name, method.caller, fields);
  }
  if (as_json) std::cout << list.dump(1) << "\n";
}

int64_t nanoseconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

uint64_t random_number() {
  uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  return number;
}

Result<json> parse_arguments(const std::string& text) {
  std::string read = text;
  if (text == "-") {
    read.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  json arguments = json::parse(read, nullptr, false);
  if (arguments.is_discarded()) {
    return Error{ErrorCode::kInvalid, "expected JSON: an object with the call's arguments", read};
  }
  return arguments;
}

Result<models::Transaction> make_call(const CallOptions& options,
                                      const models::LedgerConfig& ledger) {
  const Result<consensus::node::ReplicaKey> key = consensus::node::read_key_file(options.key);
  if (!key) return key.error();
  const int64_t valid = static_cast<int64_t>(options.valid_seconds) * 1'000'000'000;
  if (valid > ledger.validity) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("the network lets transactions be valid for {} s at most",
                             ledger.validity / 1'000'000'000),
                 "--valid-for"};
  }
  const Result<json> arguments = parse_arguments(options.arguments);
  if (!arguments) return arguments.error();
  CallRequest request;
  request.method = options.method;
  request.arguments = *arguments;
  request.on_behalf_of = models::PartyId(options.on_behalf_of);
  request.nonce = random_number();
  request.expiry = nanoseconds_since_1970() + valid;
  Result<models::Transaction> made = sign_call(ledger, *key, request);
  if (!made && made.error().where.starts_with('/')) {
    return Error{made.error().code, made.error().message,
                 options.method + " " + made.error().where};
  }
  return made;
}

void call(const CallOptions& options, CommandContext& context) {
  if (options.list) return print_methods(options.as_json);
  if (options.method.empty() || options.network.empty() || options.key.empty()) {
    return fail(context,
                {ErrorCode::kInvalid,
                 "expected --network FILE, --key FILE and a call; see govchain node call --help",
                 {}},
                kExitUsage);
  }
  const auto network = consensus::node::read_network_file(options.network);
  if (!network) return fail(context, network.error(), exit_code_for(network.error()));
  const Result<models::LedgerConfig> ledger = read_ledger(*network, options.network);
  if (!ledger) return fail(context, ledger.error(), exit_code_for(ledger.error()));
  const Result<models::Transaction> transaction = make_call(options, *ledger);
  if (!transaction) return fail(context, transaction.error(), exit_code_for(transaction.error()));
  std::vector<uint8_t> bytes;
  models::encode_transaction(*transaction, bytes);
  if (options.as_json) {
    const json answer = {
        {"id", consensus::node::to_hex(consensus::payload_digest(ledger->hash, bytes, 1).bytes)},
        {"transaction",
         consensus::node::to_hex(models::transaction_id(ledger->hash, *transaction).bytes)},
        {"expiry", transaction->expiry},
        {"department", transaction->sender.value()},
        {"payload", consensus::node::to_hex(bytes)}};
    std::cout << answer.dump(1) << "\n";
    return;
  }
  if (::isatty(STDOUT_FILENO) != 0) {
    return fail(context,
                {ErrorCode::kInvalid,
                 "a transaction is bytes: send standard output to a file or a pipe, or use --json",
                 {}},
                kExitUsage);
  }
  std::cout.write(reinterpret_cast<const char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
  std::cout.flush();
}

}  // namespace

void add_node_call_command(CLI::App& node, CommandContext& context) {
  CLI::App* command = node.add_subcommand(
      "call",
      "makes a signed transaction of a call, for POST /v1/transactions of any replica's clients. "
      "Submitting the same bytes again is safe; making them again makes another transaction.");
  command->footer(
      "  govchain node call --list\n"
      "  govchain node call --network network/network.json \\\n"
      "    --key network/departments/department-1.key \\\n"
      "    invoice.allot '{\"issuer\": 9, \"count\": 100}' > transaction\n"
      "  curl --data-binary @transaction -H 'Content-Type: application/octet-stream' \\\n"
      "    'http://127.0.0.1:8000/v1/transactions?wait=10'");
  auto options = std::make_shared<CallOptions>();
  command->add_option("call", options->method, "contract.method, see --list");
  command->add_option("arguments", options->arguments, "a JSON object; - reads standard input")
      ->capture_default_str();
  command->add_option("--network", options->network, "the network's file");
  command->add_option("--key", options->key, "the calling department's key file");
  command->add_option("--for", options->on_behalf_of, "the party in whose name a portal acts");
  command->add_option("--valid-for", options->valid_seconds, "seconds until it expires")
      ->check(CLI::Range(uint64_t{1}, uint64_t{366} * 86'400))
      ->capture_default_str();
  command->add_flag("--list", options->list, "the calls and their arguments (? may be left out)");
  command->add_flag("--json", options->as_json, "identities and bytes as JSON");
  command->callback([options, &context] { call(*options, context); });
}

}  // namespace govchain::analysis
