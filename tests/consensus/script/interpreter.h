#pragma once
// Runs protocol scripts: text commands with the printed outcome, in the format of
// tests/consensus/data_driven.h. tests/consensus/scripts/README.md lists the commands.

#include <memory>
#include <string>
#include <string_view>

#include "consensus/result.h"
#include "tests/consensus/data_driven.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {

inline constexpr std::string_view kErrorMark = "error: ";

class Interpreter {
 public:
  // The outcome as text, every line ending with a newline; a command that cannot be carried out
  // gives "error: …" instead.
  [[nodiscard]] std::string run(const Case& command);

 private:
  struct Command;
  [[nodiscard]] Status execute(const Case& command);

  // --- make_cluster.cpp
  [[nodiscard]] Status make_cluster(const Case& command);
  void start_new(const std::string& label);

  // --- interpreter.cpp
  [[nodiscard]] Status propose(const Case& command);
  [[nodiscard]] Status deliver(const Case& command);
  [[nodiscard]] Status drop(const Case& command);
  [[nodiscard]] Status run_cluster(const Case& command);
  [[nodiscard]] Status tick(const Case& command);
  [[nodiscard]] Status crash(const Case& command);
  [[nodiscard]] Status restart(const Case& command);
  [[nodiscard]] Status persist(const Case& command);
  [[nodiscard]] Status sync(const Case& command);
  [[nodiscard]] Status partition(const Case& command);
  [[nodiscard]] Status lose(const Case& command);
  [[nodiscard]] Status heal(const Case& command);
  [[nodiscard]] Status read(const Case& command);
  [[nodiscard]] Status reconfigure(const Case& command);
  [[nodiscard]] Status join(const Case& command);
  [[nodiscard]] Status twin(const Case& command);
  [[nodiscard]] Status status(const Case& command);
  [[nodiscard]] Status chain(const Case& command);
  [[nodiscard]] Status messages(const Case& command);

  // --- adversary_commands.cpp
  [[nodiscard]] Status say(const Case& command);
  [[nodiscard]] Status disk(const Case& command);

  // --- raft_commands.cpp
  [[nodiscard]] Status campaign(const Case& command);
  [[nodiscard]] Status forget_leader(const Case& command);
  [[nodiscard]] Status unreachable(const Case& command);
  [[nodiscard]] Status compact(const Case& command);
  [[nodiscard]] Status execution(const Case& command);
  [[nodiscard]] Status execute_blocks(const Case& command);
  [[nodiscard]] Status batch(const Case& command);
  [[nodiscard]] Status raft_state(const Case& command);
  [[nodiscard]] Status progress(const Case& command);
  [[nodiscard]] Status protocol_log(const Case& command);
  [[nodiscard]] Status send_snapshot(const Case& command);
  [[nodiscard]] Status election_timeout(const Case& command);
  [[nodiscard]] Status about_raft(const Case& command) const;

  [[nodiscard]] Result<MessageFilter> filter_of(const Case& command);
  [[nodiscard]] Result<Node*> find_replica(const Case& command, const std::string& label);
  [[nodiscard]] Result<Node*> running_replica(const Case& command);
  [[nodiscard]] Result<Node*> replica(const Case& command);
  [[nodiscard]] Result<std::vector<Node*>> replicas(const Case& command);

  [[nodiscard]] static Result<uint64_t> number_argument(const Case& command,
                                                        const std::string& name,
                                                        uint64_t otherwise);
  [[nodiscard]] static Error invalid(const Case& command, const std::string& what);

  std::unique_ptr<Cluster> cluster_;
  bool raft_ = false;    // the protocol
  bool chain_ = false;   // whether it is one of chain_view.h
  std::string printed_;  // by the command under way, besides what the cluster tells
  // Of replicas that start for the first time.
  bool manual_sync_ = false;
  bool manual_execution_ = false;
  uint64_t next_read_ = 0;  // token of the last read
};

}  // namespace govchain::consensus::testing
