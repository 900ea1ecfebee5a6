// Commands for what goes wrong beyond crashes and loss: liars and disks.

#include "tests/consensus/script/interpreter.h"

namespace govchain::consensus::testing {

Status Interpreter::say(const Case& command) {
  const Result<Node*> node = replica(command);
  if (!node) return node.error();
  const Result<uint64_t> view = number_argument(command, "view", 0);
  const Result<uint64_t> height = number_argument(command, "height", 1);
  const Result<uint64_t> valid_round = number_argument(command, "valid-round", 0);
  const Result<uint64_t> prepared = number_argument(command, "prepared", 0);
  const Result<uint64_t> on = number_argument(command, "on", 0);
  for (const auto* number : {&view, &height, &valid_round, &prepared, &on}) {
    if (!*number) return number->error();
  }
  Saying saying;
  saying.from = (*node)->label();
  saying.type = command.value("type").value_or("");
  saying.view = View(*view);
  saying.height = Height(*height);
  const auto block = command.arguments.find("block");
  if (block != command.arguments.end()) {
    for (const std::string& payload : block->second) {
      saying.block += (saying.block.empty() ? "" : ",") + payload;
    }
  }
  if (command.has("valid-round")) saying.valid_round = static_cast<int64_t>(*valid_round);
  if (command.has("prepared")) saying.prepared = View(*prepared);
  saying.on = View(*on);
  saying.forged = command.has("forged");
  const auto to = command.arguments.find("to");
  if (to != command.arguments.end()) saying.to = to->second;
  const Status said = cluster_->say(saying);
  if (!said) return invalid(command, said.error().message);
  return success();
}

Status Interpreter::disk(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  const std::string state = command.value("state").value_or("");
  if (state == "full") {
    (*node)->fill_disk();
  } else if (state == "room") {
    (*node)->make_room_on_disk();
  } else if (state == "broken") {
    (*node)->break_disk();
  } else {
    return invalid(command, "state must be full, room or broken");
  }
  return success();
}

}  // namespace govchain::consensus::testing
