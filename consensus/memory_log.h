#pragma once
// A write-ahead log in memory that loses what a disk would lose. Hosts of tests and simulations say
// when a sync has come through (mark_durable) and when the power fails (crash).

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/write_ahead_log.h"

namespace govchain::consensus {

class MemoryLog final : public WriteAheadLog {
 public:
  // kShared keeps references to the records: fast, for simulations. kEncoded keeps frames of bytes
  // (consensus/log_frame.h), so that every record goes through the codec and a crash tears bytes.
  enum class Storage : uint8_t { kShared, kEncoded };
  struct Config {
    Storage storage = Storage::kShared;
    HashAlgorithm hash = HashAlgorithm::kSha256;
    std::optional<Bytes> capacity;  // appends beyond it fail with kExhausted
  };

  MemoryLog() = default;
  explicit MemoryLog(const Config& config) : config_(config) {}

  [[nodiscard]] Status append(Ticket ticket, LogRecordRef record) override;
  [[nodiscard]] Result<Ticket> sync() override;
  [[nodiscard]] Status truncate(Ticket before) override;
  [[nodiscard]] Ticket last() const override { return last_; }
  [[nodiscard]] Ticket durable() const override { return durable_; }
  [[nodiscard]] Result<std::vector<LoggedRecord>> read_durable() const override;
  [[nodiscard]] Bytes size() const override { return size_; }

  // Everything up to `ticket` is durable; at most last(), never back.
  void mark_durable(Ticket ticket);
  void set_capacity(std::optional<Bytes> capacity) { config_.capacity = capacity; }

  // The power fails. What is durable stays. Of what is not, the first `surviving` records happen to
  // have reached the disk (a disk may write before it is told to), and of the next one its first
  // `torn` bytes, fewer than all, which recovery recognises and drops. last() and durable() are the
  // last record that survived.
  void crash(uint64_t surviving = 0, uint64_t torn = 0);

  // Encoded storage only: flips a bit of a stored frame, to show that reading notices.
  void flip_bit(Ticket ticket, size_t bit);

 private:
  struct Stored {
    Ticket ticket;
    LogRecordRef record;         // shared storage
    std::vector<uint8_t> frame;  // encoded storage
    Bytes size;
  };

  Config config_;
  std::deque<Stored> records_;
  std::vector<uint8_t> torn_;  // remains of a frame after a crash, until the next append
  Ticket last_;
  Ticket durable_;
  Bytes size_;
};

}  // namespace govchain::consensus
