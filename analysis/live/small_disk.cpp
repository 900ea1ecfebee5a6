#include "analysis/live/small_disk.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "analysis/live/child_process.h"
#include "consensus/node/files/descriptor.h"

namespace govchain::analysis::live {

using consensus::Bytes;
using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;
using consensus::node::Descriptor;

namespace {

constexpr Duration kPatience = Duration::seconds(60);
// What the block store keeps of its own, and room for minutes of blocks.
constexpr Bytes kSize{uint64_t{1} << 30U};

Status run_tool(const std::vector<std::string>& arguments, const std::string& log) {
  if (::access(arguments.front().c_str(), X_OK) != 0) {
    return Error{ErrorCode::kUnsupported, "a disk that can be filled needs this program",
                 arguments.front()};
  }
  ChildRequest request;
  request.arguments = arguments;
  request.log = log;
  Result<ChildProcess> child = ChildProcess::start(request);
  if (!child) return child.error();
  if (child->wait(kPatience) && child->ended() == 0) return consensus::success();
  std::ifstream file(log);
  const std::string said((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return Error{ErrorCode::kUnsupported, "it failed: " + said, arguments.front()};
}

}  // namespace

Status SmallDisk::own_mounts() {
  const bool done = ::unshare(CLONE_NEWNS) == 0 &&
                    ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  if (done) return consensus::success();
  return Error{ErrorCode::kUnsupported,
               "to fill a replica's disk a small file system is mounted, which is not permitted "
               "here (" +
                   std::generic_category().message(errno) + "): it takes root",
               {}};
}

Result<std::unique_ptr<SmallDisk>> SmallDisk::make(const std::string& image,
                                                   const std::string& folder, Bytes size) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{ErrorCode::kIo, error.message(), folder};
  const Descriptor file(::open(image.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file || ::ftruncate(file.number(), static_cast<off_t>(size.count())) != 0) {
    return consensus::node::system_error("make", image);
  }
  const std::string log = image + ".log";
  // No blocks are kept for root, who may be whom the replica runs as.
  Status done = run_tool({"/usr/sbin/mkfs.ext4", "-q", "-F", "-m", "0", image}, log);
  if (done) done = run_tool({"/usr/bin/mount", "-o", "loop,noatime", image, folder}, log);
  if (!done) return done.error();
  std::unique_ptr<SmallDisk> disk(new SmallDisk(folder));
  std::filesystem::remove(folder + "/lost+found", error);
  if (::chmod(folder.c_str(), S_IRWXU) != 0)
    return consensus::node::system_error("prepare", folder);
  return disk;
}

SmallDisk::~SmallDisk() { (void)::umount2(folder_.c_str(), MNT_DETACH); }

std::string SmallDisk::filler() const { return folder_ + "/.filler"; }

Status SmallDisk::fill() {
  constexpr off_t kFirstStep = off_t{64} << 20U;
  constexpr off_t kLastStep = 4'096;
  const Descriptor file(
      ::open(filler().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return consensus::node::system_error("make", filler());
  off_t end = 0;
  for (off_t step = kFirstStep; step >= kLastStep;) {
    if (::fallocate(file.number(), 0, end, step) == 0) {
      end += step;
    } else if (errno == ENOSPC) {
      step /= 2;
    } else if (errno != EINTR) {
      return consensus::node::system_error("extend", filler());
    }
  }
  return consensus::success();
}

Status SmallDisk::make_room() {
  if (::unlink(filler().c_str()) == 0 || errno == ENOENT) return consensus::success();
  return consensus::node::system_error("remove", filler());
}

Status SmallDisks::make(const std::vector<uint32_t>& replicas, const Path& image,
                        const Path& folder) {
  if (replicas.empty()) return consensus::success();
  if (Status own = SmallDisk::own_mounts(); !own) return own;
  for (const uint32_t replica : replicas) {
    Result<std::unique_ptr<SmallDisk>> disk =
        SmallDisk::make(image(replica), folder(replica), kSize);
    if (!disk) return disk.error();
    disks_[replica] = std::move(*disk);
  }
  return consensus::success();
}

Status SmallDisks::fill(uint32_t replica) { return disks_.at(replica)->fill(); }

Status SmallDisks::make_room(uint32_t replica) { return disks_.at(replica)->make_room(); }

Status SmallDisks::make_room() {
  for (const auto& [replica, disk] : disks_) {
    if (Status room = disk->make_room(); !room) return room;
  }
  return consensus::success();
}

}  // namespace govchain::analysis::live
