#pragma once
// A file system of its own for a replica's data, small enough to be filled: ext4 in an image file.
// It is mounted for this process and its children alone (mount_namespaces(7)), so that nothing
// stays mounted, whatever ends them.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consensus/result.h"
#include "consensus/units.h"

namespace govchain::analysis::live {

class SmallDisk {
 public:
  // The calling thread, and what it starts from now on, get mounts of their own: once, before the
  // first disk. kUnsupported where this is not permitted.
  [[nodiscard]] static consensus::Status own_mounts();

  // `folder` becomes its root, without anything in it; `image` is made. kUnsupported where the
  // system's tools are not there.
  [[nodiscard]] static consensus::Result<std::unique_ptr<SmallDisk>> make(const std::string& image,
                                                                          const std::string& folder,
                                                                          consensus::Bytes size);
  // Unmounts it.
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // Until not a block is free.
  [[nodiscard]] consensus::Status fill();
  // As much as before it was filled.
  [[nodiscard]] consensus::Status make_room();

 private:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::string filler() const;

  std::string folder_;
};

// Those of the replicas whose disks a run fills.
class SmallDisks {
 public:
  // `image` and `folder` of a replica. Errors as of SmallDisk.
  using Path = std::function<std::string(uint32_t replica)>;
  [[nodiscard]] consensus::Status make(const std::vector<uint32_t>& replicas, const Path& image,
                                       const Path& folder);
  [[nodiscard]] bool has(uint32_t replica) const { return disks_.contains(replica); }
  [[nodiscard]] consensus::Status fill(uint32_t replica);
  [[nodiscard]] consensus::Status make_room(uint32_t replica);
  [[nodiscard]] consensus::Status make_room();  // on all

 private:
  std::map<uint32_t, std::unique_ptr<SmallDisk>> disks_;
};

}  // namespace govchain::analysis::live
