#include "consensus/node/journal/input_journal.h"

#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "consensus/codec.h"
#include "consensus/journal.h"
#include "consensus/log_frame.h"

namespace govchain::consensus::node {

namespace {

constexpr std::string_view kMagic = "govlife\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 12;
constexpr size_t kFrameBytes = 8;
constexpr size_t kFlushedAt = 256U << 10U;
constexpr uint32_t kLargest = UINT32_MAX;

void put_checkpoint(const Checkpoint& checkpoint, Writer& out) {
  out.ordinal(checkpoint.height);
  out.digest(checkpoint.state_root);
  out.ordinal(checkpoint.epoch);
  out.u8(checkpoint.certificate ? 1 : 0);
  if (checkpoint.certificate) encode_certificate(*checkpoint.certificate, out);
}

Checkpoint take_checkpoint(Reader& in) {
  Checkpoint checkpoint;
  checkpoint.height = in.ordinal<Height>();
  checkpoint.state_root = in.digest();
  checkpoint.epoch = in.ordinal<Epoch>();
  if (in.u8() != 0) {
    checkpoint.certificate = decode_certificate(in);
    if (!checkpoint.certificate) in.fail();
  }
  return checkpoint;
}

std::vector<uint8_t> encode(const LifeBeginning& beginning) {
  std::vector<uint8_t> bytes;
  std::vector<uint8_t> record_bytes;
  Writer out(bytes);
  out.ordinal(beginning.chain);
  out.replica(beginning.self);
  out.u64(beginning.seed);
  out.u16(static_cast<uint16_t>(beginning.newest_version));
  const RecoveredState& recovered = beginning.recovered;
  out.u8(recovered.fresh ? 1 : 0);
  out.ordinal(recovered.last_ticket);
  out.ordinal(recovered.executed_height);
  out.digest(recovered.state_root);
  put_checkpoint(recovered.checkpoint, out);
  out.u64(recovered.records.size());
  for (const LogRecordRef& record : recovered.records) {
    record_bytes.clear();
    encode_record(*record, record_bytes);
    out.blob(record_bytes);
  }
  out.u64(recovered.blocks.size());
  for (const StoredBlock& stored : recovered.blocks) {
    encode_block(*stored.block, out);
    out.u8(stored.certificate ? 1 : 0);
    if (stored.certificate) encode_certificate(*stored.certificate, out);
  }
  return bytes;
}

void take_records(Reader& in, HashAlgorithm hash, RecoveredState& recovered) {
  for (uint64_t left = in.u64(); left > 0 && in.ok(); --left) {
    const Result<LogRecordRef> record = decode_record(hash, in.blob(kLargest));
    if (!record) return in.fail();
    recovered.records.push_back(*record);
  }
}

void take_blocks(Reader& in, HashAlgorithm hash, RecoveredState& recovered) {
  for (uint64_t left = in.u64(); left > 0 && in.ok(); --left) {
    StoredBlock stored;
    stored.block = decode_block(hash, in);
    if (!stored.block) return in.fail();
    if (in.u8() != 0) {
      stored.certificate = decode_certificate(in);
      if (!stored.certificate) return in.fail();
    }
    recovered.blocks.push_back(std::move(stored));
  }
}

}  // namespace

Digest hash_effects(ChainId chain, HashAlgorithm hash, std::span<const Effect> effects) {
  std::vector<uint8_t> bytes;
  for (const Effect& effect : effects) encode_effect(chain, effect, bytes);
  return consensus::hash(hash, bytes);
}

InputJournal::InputJournal(std::string path, Descriptor file, ChainId chain, HashAlgorithm hash)
    : path_(std::move(path)), file_(std::move(file)), chain_(chain), hash_(hash) {}

InputJournal::~InputJournal() { flush(); }

Result<std::unique_ptr<InputJournal>> InputJournal::begin(const std::string& folder,
                                                          HashAlgorithm hash,
                                                          const LifeBeginning& beginning) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{ErrorCode::kIo, "making the folder: " + error.message(), folder};
  // Names sort by the time of the start.
  const int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  char name[64];
  std::snprintf(name, sizeof name, "%020lld.life", static_cast<long long>(now));
  const std::string path = folder + "/" + name;
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return system_error("creating", path);
  std::unique_ptr<InputJournal> journal(
      new InputJournal(path, std::move(file), beginning.chain, hash));
  Writer out(journal->gathered_);
  for (const char letter : kMagic) out.u8(static_cast<uint8_t>(letter));
  out.u32(kVersion);
  journal->append_frame(encode(beginning));
  journal->flush();
  if (!journal->health_) return journal->health_.error();
  return journal;
}

void InputJournal::append_frame(std::span<const uint8_t> content) {
  Writer out(gathered_);
  out.u32(static_cast<uint32_t>(content.size()));
  out.u32(crc32c(content));
  out.raw(content);
  if (gathered_.size() >= kFlushedAt) flush();
}

void InputJournal::on_step(TimePoint now, std::span<const Input> inputs,
                           std::span<const Effect> effects) {
  if (!health_) return;
  content_.clear();
  Writer out(content_);
  out.i64(now.nanoseconds());
  out.u32(static_cast<uint32_t>(inputs.size()));
  for (const Input& input : inputs) {
    piece_.clear();
    encode_input(chain_, input, piece_);
    out.blob(piece_);
  }
  out.digest(hash_effects(chain_, hash_, effects));
  append_frame(content_);
}

void InputJournal::flush() {
  std::span<const uint8_t> left = gathered_;
  while (!left.empty() && health_) {
    const ssize_t written = ::write(file_.number(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      health_ = system_error("writing", path_);
      break;
    }
    left = left.subspan(static_cast<size_t>(written));
  }
  gathered_.clear();
}

// --- LifeReader

Result<std::unique_ptr<LifeReader>> LifeReader::open(const std::string& path, HashAlgorithm hash) {
  constexpr size_t kAny = SIZE_MAX;
  const Result<std::string> text = read_file(path, kAny);
  if (!text) return text.error();
  std::unique_ptr<LifeReader> reader(
      new LifeReader(path, std::vector<uint8_t>(text->begin(), text->end()), hash));
  if (!text->starts_with(kMagic) || text->size() < kHeaderBytes) {
    return reader->malformed("is no journal of a replica's life");
  }
  const uint32_t version = Reader(std::span(reader->bytes_).subspan(kMagic.size())).u32();
  if (version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 "journal format " + std::to_string(version) + "; this build reads " +
                     std::to_string(kVersion),
                 path};
  }
  reader->position_ = kHeaderBytes;
  if (Status read = reader->read_beginning(); !read) return read.error();
  return reader;
}

Error LifeReader::malformed(const std::string& what) const {
  return Error{ErrorCode::kMalformed, what, path_ + ":" + std::to_string(position_)};
}

std::span<const uint8_t> LifeReader::next_frame() {
  const std::span<const uint8_t> left = std::span(bytes_).subspan(position_);
  if (left.empty()) return {};
  Reader in(left);
  const uint32_t length = in.u32();
  const uint32_t checksum = in.u32();
  if (!in.ok() || length > in.remaining() || length == 0) {
    torn_ = true;
    return {};
  }
  const std::span<const uint8_t> content = in.raw(length);
  if (crc32c(content) != checksum) {
    torn_ = true;
    return {};
  }
  position_ += kFrameBytes + length;
  return content;
}

Status LifeReader::read_beginning() {
  const std::span<const uint8_t> content = next_frame();
  Reader in(content);
  beginning_.chain = in.ordinal<ChainId>();
  beginning_.self = in.replica();
  beginning_.seed = in.u64();
  beginning_.newest_version = static_cast<ProtocolVersion>(in.u16());
  RecoveredState& recovered = beginning_.recovered;
  recovered.fresh = in.u8() != 0;
  recovered.last_ticket = in.ordinal<Ticket>();
  recovered.executed_height = in.ordinal<Height>();
  recovered.state_root = in.digest();
  recovered.checkpoint = take_checkpoint(in);
  take_records(in, hash_, recovered);
  take_blocks(in, hash_, recovered);
  if (!in.finished()) return malformed("what the engine was made from does not decode");
  return success();
}

Result<bool> LifeReader::next(LifeStep& step) {
  const std::span<const uint8_t> content = next_frame();
  if (content.empty()) return false;
  Reader in(content);
  step.now = TimePoint::since_start(Duration::nanoseconds(in.i64()));
  step.inputs.clear();
  for (uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    Result<Input> input = decode_input(beginning_.chain, hash_, in.blob(kLargest));
    if (!input) return malformed("an input does not decode: " + input.error().message);
    step.inputs.push_back(std::move(*input));
  }
  step.effects = in.digest();
  if (!in.finished()) return malformed("a step does not decode");
  return true;
}

}  // namespace govchain::consensus::node
