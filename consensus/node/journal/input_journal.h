#pragma once
// The life of a replica on disk: what its engine was made from, and every input with its time. Fed
// to a fresh engine, on any machine, it gives the same effects, byte for byte (replay.h); so what
// went wrong in production can be looked at step by step, and what the simulator runs is shown to
// be what production ran.
//
// One file for each start of the process. It is written beside the replica's work and never waited
// for: a crash costs its last part, and only that.
//
//   8  magic "govlife\n", 4  version, then frames of
//   4  length of the content, 4  CRC-32C of it, content
//
// The first frame holds what the engine was made from; each other one a step: time, inputs, and the
// hash of the effects.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "consensus/crypto/hash.h"
#include "consensus/effect.h"
#include "consensus/engine.h"
#include "consensus/input.h"
#include "consensus/node/files/descriptor.h"
#include "consensus/result.h"
#include "consensus/time.h"

namespace govchain::consensus::node {

// What a replay has to know besides what all replicas of the chain share.
struct LifeBeginning {
  ChainId chain;
  ReplicaId self;
  uint64_t seed = 0;
  ProtocolVersion newest_version = kNewestProtocolVersion;
  RecoveredState recovered;
};

struct LifeStep {
  TimePoint now;
  std::vector<Input> inputs;
  Digest effects;
};

// Over the encodings of a step's effects (consensus/journal.h), in their order.
[[nodiscard]] Digest hash_effects(ChainId chain, HashAlgorithm hash,
                                  std::span<const Effect> effects);

// Writes one life. Not for several threads.
class InputJournal {
 public:
  // A new file in the folder, which is made if it does not exist.
  [[nodiscard]] static Result<std::unique_ptr<InputJournal>> begin(const std::string& folder,
                                                                   HashAlgorithm hash,
                                                                   const LifeBeginning& beginning);
  // Writes what is left.
  ~InputJournal();
  InputJournal(const InputJournal&) = delete;
  InputJournal& operator=(const InputJournal&) = delete;

  // An error ends the journal, not the replica: it is told by health().
  void on_step(TimePoint now, std::span<const Input> inputs, std::span<const Effect> effects);
  void flush();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const Status& health() const { return health_; }

 private:
  InputJournal(std::string path, Descriptor file, ChainId chain, HashAlgorithm hash);
  void append_frame(std::span<const uint8_t> content);

  const std::string path_;
  const Descriptor file_;
  const ChainId chain_;
  const HashAlgorithm hash_;
  std::vector<uint8_t> gathered_;
  std::vector<uint8_t> content_;
  std::vector<uint8_t> piece_;
  Status health_ = success();
};

// Reads one life, step by step.
class LifeReader {
 public:
  // kNotFound, kIo, kUnsupported (version), kMalformed.
  [[nodiscard]] static Result<std::unique_ptr<LifeReader>> open(const std::string& path,
                                                                HashAlgorithm hash);
  // Once.
  [[nodiscard]] LifeBeginning take_beginning() { return std::move(beginning_); }
  // False at the end. A frame that is cut off or damaged is the end too: is_torn() tells.
  [[nodiscard]] Result<bool> next(LifeStep& step);
  [[nodiscard]] bool is_torn() const { return torn_; }

 private:
  LifeReader(std::string path, std::vector<uint8_t> bytes, HashAlgorithm hash)
      : path_(std::move(path)), bytes_(std::move(bytes)), hash_(hash) {}
  [[nodiscard]] std::span<const uint8_t> next_frame();
  [[nodiscard]] Status read_beginning();
  [[nodiscard]] Error malformed(const std::string& what) const;

  const std::string path_;
  const std::vector<uint8_t> bytes_;
  const HashAlgorithm hash_;
  LifeBeginning beginning_;
  size_t position_ = 0;
  bool torn_ = false;
};

}  // namespace govchain::consensus::node
