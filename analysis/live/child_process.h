#pragma once
// A process of one's own, which never outlives its parent: it leads a group that is killed with it,
// and the kernel kills it when the thread that started it ends. So all children are started by the
// thread that also waits for the end of the run.

#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "consensus/node/files/descriptor.h"
#include "consensus/result.h"
#include "consensus/time.h"

namespace govchain::analysis::live {

struct ChildRequest {
  std::vector<std::string> arguments;  // the first one is the program's path
  std::vector<std::pair<std::string, std::string>> environment;  // beside the parent's own
  std::string log;                                               // standard error is appended here
  bool talks = false;  // standard input and output are pipes; /dev/null otherwise
};

class ChildProcess {
 public:
  [[nodiscard]] static consensus::Result<ChildProcess> start(const ChildRequest& request);
  // Kills what still runs of it.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  [[nodiscard]] pid_t id() const { return id_; }
  void signal(int number) const;  // to the whole group
  // How it ended, as waitpid() says it; null while it runs.
  [[nodiscard]] std::optional<int> ended();
  // Waits so long at most; false if it still runs.
  [[nodiscard]] bool wait(consensus::Duration patience);

  // --- Of one that talks
  [[nodiscard]] consensus::Status say(const std::string& line) const;
  // A whole line without its end, if one has come by now.
  [[nodiscard]] std::optional<std::string> heard();

 private:
  ChildProcess() = default;
  void kill();

  pid_t id_ = -1;
  std::optional<int> ended_;
  consensus::node::Descriptor input_;
  consensus::node::Descriptor output_;
  std::string unread_;
};

// "exited with 2", "was killed by signal 9".
[[nodiscard]] std::string describe_end(int status);

}  // namespace govchain::analysis::live
