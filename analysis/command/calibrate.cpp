// govchain calibrate

#include <filesystem>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "analysis/calibrate/calibration.h"
#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/output_file.h"
#include "analysis/command/progress.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

struct Options {
  std::string out;
  std::string folder = ".";
  std::string signature = "ed25519";
  std::vector<uint64_t> records;
  bool quick = false;
  bool json = false;
  bool quiet = false;
};

// A look: figures to see that it works, not to keep.
constexpr double kQuickEffort = 0.1;
constexpr uint64_t kQuickState = 10'000;
constexpr uint32_t kQuickRounds = 3;

CalibrationRequest request_of(const Options& options, const CommandContext& context) {
  CalibrationRequest request;
  request.folder = options.folder;
  request.stop = context.stop;
  if (options.quick) {
    request.effort = kQuickEffort;
    request.state_sizes = {kQuickState};
    request.rounds.least = request.rounds.most = kQuickRounds;
  }
  if (!options.records.empty()) {
    request.state_sizes = options.records;
    request.hurries = false;
  }
  return request;
}

// Said before three minutes of work, not after them.
Status check_writable(const std::string& path) {
  const std::string trial = path + ".trial";
  Status written = write_atomically(trial, "");
  std::error_code ignored;
  std::filesystem::remove(trial, ignored);
  if (!written) written = Error{written.error().code, written.error().message, path};
  return written;
}

void run(const Options& options, CommandContext& context) {
  if (!options.out.empty()) {
    const Status writable = check_writable(options.out);
    if (!writable) return fail(context, writable.error(), kExitFailed);
  }
  CalibrationRequest request = request_of(options, context);
  Progress progress("calibrate", options.quiet);
  request.progress = [&progress](double share, const std::string& name) {
    progress.tell(share, name);
  };
  const Result<Calibration> calibration = calibrate(request);
  progress.clear();
  if (!calibration) {
    if (context.stop->load()) {
      return fail(context, {ErrorCode::kExhausted, "stopped; nothing was written", {}},
                  kExitFailed);
    }
    return fail(context, calibration.error(), exit_code_for(calibration.error()));
  }
  ProfileChoice choice;
  choice.id = options.out.empty() ? "measured" : std::filesystem::path(options.out).stem().string();
  choice.scheme = options.signature == "sm2" ? consensus::SignatureScheme::kSm2
                                             : consensus::SignatureScheme::kEd25519;
  const Result<std::string> profile = profile_json(*calibration, choice);
  const Result<std::string> text = calibration_text(*calibration, choice);
  if (!profile) return fail(context, profile.error(), kExitFailed);
  if (!text) return fail(context, text.error(), kExitFailed);
  if (!options.out.empty()) {
    const Status written = write_atomically(options.out, *profile);
    if (!written) return fail(context, written.error(), kExitFailed);
  }
  std::cout << (options.json ? *profile : *text);
  if (options.json) return;
  if (options.out.empty()) {
    std::cout << "\nnothing was written; --out PROFILE keeps it for --profile\n";
  } else {
    std::cout << "\nprofile " << options.out << "\n";
  }
}

}  // namespace

void add_calibrate_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "calibrate",
      "measures this machine into a machine profile. It takes up to three minutes and wants the "
      "machine for itself; what disturbed it is said with the figures.");
  command->footer(
      "  govchain calibrate --out here.json --folder /var/lib/govchain\n"
      "  govchain run scenarios/consensus/pbft-lan.json --profile here.json\n"
      "  govchain calibrate --signature sm2 --json");
  command->add_option("--out", options->out, "write the profile to this file")
      ->type_name("PROFILE");
  command
      ->add_option("--folder", options->folder,
                   "where data folders would lie: its disk is measured; default: here")
      ->type_name("DIR");
  command
      ->add_option("--signature", options->signature,
                   "which signatures the profile has: ed25519 (with SHA-256) or sm2 (with SM3); "
                   "both are measured")
      ->type_name("NAME")
      ->check(CLI::IsMember({"ed25519", "sm2"}));
  command
      ->add_option("--records", options->records,
                   "states in which the ledger is measured, however long they take to make; "
                   "default: 100000,1000000,10000000, without those that take too long")
      ->type_name("N,…")
      ->delimiter(',')
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}));
  command->add_flag("--quick", options->quick, "a few seconds, for a look: rough figures");
  command->add_flag("--json", options->json, "print the profile");
  command->add_flag("--quiet", options->quiet, "no progress");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace govchain::analysis
