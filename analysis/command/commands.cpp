#include "analysis/command/commands.h"

namespace govchain::analysis {

const std::vector<AddCommand>& all_commands() {
  static const std::vector<AddCommand> kCommands = {
      add_plan_command,
      add_run_command,
      add_compare_command,
      add_fuzz_command,
      add_calibrate_command,
      add_node_command,
      add_live_command,
      add_load_command,
      add_validate_command,
      add_verify_block_command,
      add_scenario_command,
      add_compare_digests_command,
      add_compare_networks_command,
  };
  return kCommands;
}

}  // namespace govchain::analysis
