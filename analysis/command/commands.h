#pragma once
// One line per command; its options and work stand in the file of its name.

#include "analysis/command/command.h"

namespace govchain::analysis {

void add_plan_command(CLI::App& program, CommandContext& context);
void add_compare_command(CLI::App& program, CommandContext& context);
void add_compare_digests_command(CLI::App& program, CommandContext& context);
void add_compare_networks_command(CLI::App& program, CommandContext& context);
void add_run_command(CLI::App& program, CommandContext& context);
void add_fuzz_command(CLI::App& program, CommandContext& context);
void add_calibrate_command(CLI::App& program, CommandContext& context);
void add_node_command(CLI::App& program, CommandContext& context);
// `call`, beneath `node`.
void add_node_call_command(CLI::App& node, CommandContext& context);
void add_live_command(CLI::App& program, CommandContext& context);
void add_load_command(CLI::App& program, CommandContext& context);
void add_scenario_command(CLI::App& program, CommandContext& context);
void add_validate_command(CLI::App& program, CommandContext& context);
void add_verify_block_command(CLI::App& program, CommandContext& context);

}  // namespace govchain::analysis
