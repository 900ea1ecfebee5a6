#include "analysis/experiments/apart.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "consensus/node/files/descriptor.h"

namespace govchain::analysis {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::node::Descriptor;

// On the pipe: one byte, then the text. Of an error: its code, message and place, each ended by 0.
constexpr char kGood = 'g';
constexpr char kBad = 'b';

void write_all(int to, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(to, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    done += static_cast<size_t>(wrote);
  }
}

std::string told(const Result<std::string>& result) {
  std::string text(1, result ? kGood : kBad);
  if (result) return text += *result;
  const Error& error = result.error();
  text += std::to_string(static_cast<int>(error.code));
  for (const std::string* part : {&error.message, &error.where}) {
    text += '\0';
    text += *part;
  }
  return text;
}

Error system_says(const char* what) {
  return {ErrorCode::kIo, std::string(what) + ": " + std::strerror(errno), {}};
}

Result<std::string> understood(const std::string& text, int status) {
  if (WIFSIGNALED(status)) {
    return Error{ErrorCode::kIo,
                 std::string("a process of its own died: ") + ::strsignal(WTERMSIG(status)),
                 {}};
  }
  if (text.starts_with(kGood)) return text.substr(1);
  const size_t first = text.find('\0');
  const size_t second = first == std::string::npos ? first : text.find('\0', first + 1);
  if (!text.starts_with(kBad) || second == std::string::npos) {
    return Error{ErrorCode::kIo, "a process of its own ended without a word", {}};
  }
  return Error{static_cast<ErrorCode>(std::atoi(text.c_str() + 1)),
               text.substr(first + 1, second - first - 1), text.substr(second + 1)};
}

class Child {
 public:
  static Result<Child> start(const ApartWork& work) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return system_says("no pipe");
    Descriptor read(ends[0]);
    const Descriptor write(ends[1]);
    const pid_t process = ::fork();
    if (process < 0) return system_says("no process");
    if (process == 0) {
      read = Descriptor();
      write_all(write.number(), told(work()));
      // Nothing of the parent's is flushed or destroyed twice.
      ::_exit(0);
    }
    return Child(process, std::move(read));
  }

  // Reads to the end, and waits for it.
  Result<std::string> finish() {
    std::string text;
    std::array<char, 65'536> buffer{};
    for (;;) {
      const ssize_t got = ::read(output_.number(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<size_t>(got));
    }
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    return understood(text, status);
  }

 private:
  Child(pid_t process, Descriptor output) : process_(process), output_(std::move(output)) {}
  pid_t process_;
  Descriptor output_;
};

}  // namespace

// A child that has nothing to say until its end writes at once, and may have to wait with it until
// those before it are read: none is held back for longer than the slowest takes.
Result<std::vector<std::string>> run_apart(const std::vector<ApartWork>& works,
                                           uint32_t processes) {
  std::vector<Child> children;
  std::vector<std::string> texts;
  std::optional<Error> first;
  size_t started = 0;
  while (texts.size() < works.size()) {
    while (!first && started < works.size() && started < texts.size() + processes) {
      Result<Child> child = Child::start(works[started]);
      if (!child) {
        first = child.error();
        break;
      }
      children.push_back(*std::move(child));
      ++started;
    }
    if (texts.size() == started) break;
    Result<std::string> text = children[texts.size()].finish();
    if (!text && !first) first = text.error();
    texts.push_back(text ? *std::move(text) : std::string());
  }
  if (first) return *first;
  return texts;
}

}  // namespace govchain::analysis
