#include "sim/network/flow_library.h"

#include <dlfcn.h>
#include <filesystem>
#include <mutex>
#include <string>

namespace govchain::sim {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace fs = std::filesystem;

// Beside the program, above it (tests), or where packages have it.
Result<std::string> find_library() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (const char* const place : {".", "..", "../lib/govchain"}) {
    const fs::path library =
        fs::canonical(program.parent_path() / place / "libgovchain_simgrid.so", error);
    if (!error) return library.string();
  }
  return Error{ErrorCode::kIo,
               "libgovchain_simgrid.so is not beside the program: it was built without SimGrid, or "
               "moved without it",
               program.string()};
}

std::string last_problem() {
  const char* const problem = ::dlerror();
  return problem == nullptr ? "cannot be loaded" : problem;
}

}  // namespace

Result<FlowModel*> load_simgrid(const FlowPlatform& platform) {
  // Several worlds may ask at once, and one of them gets it.
  static std::mutex one_at_a_time;
  const std::lock_guard guard(one_at_a_time);
  const Result<std::string> path = find_library();
  if (!path) return path.error();
  void* const library = ::dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Error{ErrorCode::kIo, last_problem(), *path};
  const auto interface =
      reinterpret_cast<FlowInterface>(::dlsym(library, "govchain_flow_interface"));
  const auto make = reinterpret_cast<MakeFlowModel>(::dlsym(library, "govchain_simgrid_flows"));
  if (interface == nullptr || make == nullptr || interface() != kFlowInterface) {
    return Error{ErrorCode::kUnsupported, "belongs to another build of this program", *path};
  }
  std::string problem;
  FlowModel* const model = make(platform, problem);
  if (model == nullptr) return Error{ErrorCode::kUnsupported, problem, {}};
  return model;
}

}  // namespace govchain::sim
