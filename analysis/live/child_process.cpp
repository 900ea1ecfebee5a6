#include "analysis/live/child_process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;
using consensus::node::Descriptor;
using consensus::node::system_error;

namespace {

constexpr std::chrono::milliseconds kPoll{5};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& [other, value] : more) replaced = replaced || other == name;
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

struct Pipe {
  Descriptor reading;
  Descriptor writing;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("making a pipe", "");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Between fork and exec: nothing that might need a lock which another thread held.
[[noreturn]] void become(char** arguments, char** environment, pid_t parent, int input, int output,
                         int errors) {
  constexpr int kCannotStart = 127;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotStart);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  // A handler does not survive exec, but what is ignored or held back does.
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // Sockets of this process are nothing to the other.
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execve(arguments[0], arguments, environment);
  ::_exit(kCannotStart);
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const ChildRequest& request) {
  std::vector<std::string> arguments = request.arguments;
  std::vector<std::string> environment = environment_with(request.environment);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const Descriptor log(::open(request.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                              S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
  if (!log) return system_error("opening", request.log);
  const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return system_error("opening", "/dev/null");
  Pipe to;
  Pipe from;
  if (request.talks) {
    Result<Pipe> first = make_pipe();
    if (!first) return first.error();
    Result<Pipe> second = make_pipe();
    if (!second) return second.error();
    to = std::move(*first);
    from = std::move(*second);
  }
  const int input = request.talks ? to.reading.number() : nothing.number();
  const int output = request.talks ? from.writing.number() : nothing.number();
  const pid_t parent = ::getpid();
  ChildProcess child;
  child.id_ = ::fork();
  if (child.id_ < 0) return system_error("starting a process", request.arguments.front());
  if (child.id_ == 0) {
    become(const_cast<char**>(argument_pointers.data()),
           const_cast<char**>(environment_pointers.data()), parent, input, output, log.number());
  }
  // Both sides do it, so that it is done whoever comes first.
  ::setpgid(child.id_, child.id_);
  if (request.talks) {
    child.input_ = std::move(to.writing);
    child.output_ = std::move(from.reading);
    const int flags = ::fcntl(child.output_.number(), F_GETFL);
    ::fcntl(child.output_.number(), F_SETFL, flags | O_NONBLOCK);
  }
  return child;
}

ChildProcess::~ChildProcess() { kill(); }

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      ended_(other.ended_),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      unread_(std::move(other.unread_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  kill();
  id_ = std::exchange(other.id_, -1);
  ended_ = other.ended_;
  input_ = std::move(other.input_);
  output_ = std::move(other.output_);
  unread_ = std::move(other.unread_);
  return *this;
}

void ChildProcess::kill() {
  if (id_ < 0 || ended_) return;
  signal(SIGKILL);
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = status;
}

void ChildProcess::signal(int number) const {
  if (id_ > 0 && !ended_) ::kill(-id_, number);
}

std::optional<int> ChildProcess::ended() {
  if (id_ < 0 || ended_) return ended_;
  int status = 0;
  const pid_t found = ::waitpid(id_, &status, WNOHANG);
  if (found == id_) ended_ = status;
  return ended_;
}

bool ChildProcess::wait(Duration patience) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::nanoseconds(patience.nanoseconds());
  while (!ended()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

Status ChildProcess::say(const std::string& line) const {
  const std::string text = line + "\n";
  // The reader may be gone; that must not end this program too.
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  const ssize_t written = ::write(input_.number(), text.data(), text.size());
  const int code = errno;
  ::sigaction(SIGPIPE, &before, nullptr);
  if (written == static_cast<ssize_t>(text.size())) return consensus::success();
  errno = code;
  return system_error("telling process " + std::to_string(id_), "");
}

std::optional<std::string> ChildProcess::heard() {
  char room[512];
  for (;;) {
    const size_t end = unread_.find('\n');
    if (end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const ssize_t got = ::read(output_.number(), room, sizeof room);
    if (got <= 0) return std::nullopt;
    unread_.append(room, static_cast<size_t>(got));
  }
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "exited with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace govchain::analysis::live
