#include "consensus/journal.h"

#include <optional>
#include <utility>

namespace govchain::consensus {

namespace {

// Both directions in one place would need one more layer; the two below stand in the same order,
// and a test takes every kind of input through both.
class JournalWriter {
 public:
  JournalWriter(ChainId chain, std::vector<uint8_t>& out) : chain_(chain), writer_(out) {}

  void tag(size_t index) { writer_.u8(static_cast<uint8_t>(index)); }
  void number(uint64_t value) { writer_.u64(value); }
  void flag(bool value) { writer_.u8(value ? 1 : 0); }
  template <typename Tag>
  void ordinal(Ordinal<Tag> value) {
    writer_.ordinal(value);
  }
  void replica(ReplicaId id) { writer_.replica(id); }
  void digest(const Digest& digest) { writer_.digest(digest); }
  void time(TimePoint time) { writer_.i64(time.nanoseconds()); }
  [[nodiscard]] Writer& writer() { return writer_; }

  void message(const MessageRef& message) {
    flag(static_cast<bool>(message));
    if (!message) return;
    bytes_.clear();
    encode_message(chain_, *message, bytes_);
    writer_.blob(bytes_);
  }
  void block(const BlockRef& block) {
    flag(static_cast<bool>(block));
    if (block) encode_block(*block, writer_);
  }
  void certificate(const CertificateRef& certificate) {
    flag(static_cast<bool>(certificate));
    if (certificate) encode_certificate(*certificate, writer_);
  }
  void checkpoint(const Checkpoint& checkpoint) {
    ordinal(checkpoint.height);
    digest(checkpoint.state_root);
    ordinal(checkpoint.epoch);
    certificate(checkpoint.certificate);
  }
  void claim(const SignedStatement& claim) {
    encode_statement(claim.statement, writer_);
    replica(claim.signer);
    writer_.signature(claim.signature);
  }

 private:
  ChainId chain_;
  Writer writer_;
  std::vector<uint8_t> bytes_;
};

struct InputWriter {
  JournalWriter& out;

  void operator()(const input::MessageReceived& in) const {
    out.replica(in.from);
    out.message(in.message);
  }
  void operator()(const input::TimerFired& in) const { out.ordinal(in.timer); }
  void operator()(const input::Persisted& in) const { out.ordinal(in.ticket); }
  void operator()(const input::PersistFailed& in) const {
    out.ordinal(in.ticket);
    out.flag(in.disk_full);
  }
  void operator()(const input::Loaded& in) const {
    out.ordinal(in.token);
    out.number(in.blocks.size());
    for (const StoredBlock& stored : in.blocks) {
      out.block(stored.block);
      out.certificate(stored.certificate);
    }
  }
  void operator()(const input::Verified& in) const {
    out.ordinal(in.token);
    out.flag(in.valid);
    out.message(in.message);
  }
  void operator()(const input::Signed& in) const {
    out.ordinal(in.token);
    out.writer().signature(in.signature);
  }
  void operator()(const input::Executed& in) const {
    out.ordinal(in.height);
    out.digest(in.state_root);
  }
  void operator()(const input::Propose& in) const { encode_payload(*in.payload, out.writer()); }
  void operator()(const input::ReadRequested& in) const { out.ordinal(in.token); }
  void operator()(const input::Reconfigure& in) const {
    encode_membership(Membership{Epoch(0), in.change.target, in.change.version}, out.writer());
    out.flag(in.change.transfer_leadership_to.has_value());
    if (in.change.transfer_leadership_to) out.replica(*in.change.transfer_leadership_to);
  }
  void operator()(const input::PeerUp& in) const { out.replica(in.peer); }
  void operator()(const input::PeerDown& in) const { out.replica(in.peer); }
  void operator()(const input::PeerWritable& in) const { out.replica(in.peer); }
  void operator()(const input::PeerDropped& in) const { out.replica(in.peer); }
  void operator()(const input::SnapshotFetched& in) const {
    out.ordinal(in.height);
    out.flag(in.available);
  }
  void operator()(const input::SnapshotInstalled& in) const {
    out.ordinal(in.height);
    out.digest(in.state_root);
  }
  void operator()(const input::ForgetLeader& /*in*/) const {}
  void operator()(const input::WallTime& in) const { out.writer().i64(in.nanoseconds_since_1970); }
};

struct EffectWriter {
  JournalWriter& out;

  void operator()(const effect::Persist& it) const {
    out.ordinal(it.ticket);
    std::vector<uint8_t> bytes;
    encode_record(*it.record, bytes);
    out.writer().blob(bytes);
  }
  void operator()(const effect::Truncate& it) const {
    out.ordinal(it.before);
    out.ordinal(it.after);
  }
  void operator()(const effect::Load& it) const {
    out.ordinal(it.token);
    out.ordinal(it.first);
    out.number(it.count);
    out.number(it.limit.count());
  }
  void operator()(const effect::Send& it) const {
    out.replica(it.to);
    out.message(it.message);
    out.ordinal(it.after);
  }
  void operator()(const effect::Broadcast& it) const {
    out.message(it.message);
    out.ordinal(it.after);
  }
  void operator()(const effect::SetTimer& it) const {
    out.ordinal(it.timer);
    out.time(it.deadline);
  }
  void operator()(const effect::CancelTimer& it) const { out.ordinal(it.timer); }
  void operator()(const effect::Verify& it) const {
    out.ordinal(it.token);
    out.message(it.message);
  }
  void operator()(const effect::VerifyClaims& it) const {
    out.ordinal(it.token);
    out.number(it.claims->claims.size());
    for (const SignedStatement& claim : it.claims->claims) out.claim(claim);
  }
  void operator()(const effect::VerifyPayloads& it) const {
    out.ordinal(it.token);
    out.block(it.block);
  }
  void operator()(const effect::Sign& it) const {
    out.ordinal(it.token);
    encode_statement(it.statement, out.writer());
  }
  void operator()(const effect::Execute& it) const {
    out.block(it.block);
    out.flag(it.take_snapshot);
  }
  void operator()(const effect::Commit& it) const {
    out.block(it.block);
    out.certificate(it.certificate);
    out.ordinal(it.after);
  }
  void operator()(const effect::CheckpointStable& it) const { out.checkpoint(it.checkpoint); }
  void operator()(const effect::FetchState& it) const { out.checkpoint(it.checkpoint); }
  void operator()(const effect::InstallSnapshot& it) const { out.checkpoint(it.checkpoint); }
  void operator()(const effect::EvidenceFound& it) const {
    out.claim(it.first);
    out.claim(it.second);
  }
  void operator()(const effect::ReadReady& it) const {
    out.ordinal(it.token);
    out.ordinal(it.height);
    out.time(it.valid_until);
  }
  void operator()(const effect::ReadRefused& it) const { out.ordinal(it.token); }
  void operator()(const effect::Refused& it) const {
    out.digest(it.payload->digest);
    out.number(static_cast<uint64_t>(it.reason));
  }
  void operator()(const effect::MembershipActive& it) const {
    encode_membership(it.membership, out.writer());
    out.ordinal(it.from);
  }
  void operator()(const effect::Stopped& it) const {
    out.writer().u8(
        static_cast<uint8_t>((it.storage_failed ? 1 : 0) | (it.software_outdated ? 2 : 0)));
  }
  void operator()(const effect::Metric& it) const {
    out.number(static_cast<uint64_t>(it.id));
    out.number(it.value);
  }
};

class InputReader {
 public:
  InputReader(ChainId chain, HashAlgorithm algorithm, Cohorts cohorts,
              std::span<const uint8_t> bytes)
      : chain_(chain), algorithm_(algorithm), cohorts_(cohorts), in_(bytes) {}

  [[nodiscard]] std::optional<Input> read() {
    const uint8_t kind = in_.u8();
    std::optional<Input> input = read_kind(kind, std::make_index_sequence<kKinds>{});
    if (!input || !in_.finished()) return std::nullopt;
    return input;
  }

 private:
  static constexpr size_t kKinds = std::variant_size_v<Input>;

  template <size_t... kIndices>
  std::optional<Input> read_kind(uint8_t kind, std::index_sequence<kIndices...> /*kinds*/) {
    std::optional<Input> input;
    const auto read_if = [&](auto index) {
      if (kind != index.value) return;
      std::variant_alternative_t<index.value, Input> concrete;
      read(concrete);
      input = std::move(concrete);
    };
    (read_if(std::integral_constant<size_t, kIndices>{}), ...);
    return input;
  }

  bool flag() {
    const uint8_t value = in_.u8();
    if (value > 1) in_.fail();
    return value == 1;
  }
  MessageRef message() {
    if (!flag()) return {};
    const std::span<const uint8_t> bytes = in_.blob(static_cast<uint32_t>(kMaxMessageBytes));
    Result<MessageRef> decoded = decode_message(chain_, algorithm_, bytes, cohorts_);
    if (!decoded) {
      in_.fail();
      return {};
    }
    return *decoded;
  }
  BlockRef block() {
    if (!flag()) return {};
    BlockRef block = decode_block(algorithm_, in_, cohorts_);
    if (!block) in_.fail();
    return block;
  }
  CertificateRef certificate() {
    if (!flag()) return {};
    CertificateRef certificate = decode_certificate(in_);
    if (!certificate) in_.fail();
    return certificate;
  }

  void read(input::MessageReceived& it) {
    it.from = in_.replica();
    it.message = message();
    if (!it.message) in_.fail();
  }
  void read(input::TimerFired& it) { it.timer = in_.ordinal<TimerId>(); }
  void read(input::Persisted& it) { it.ticket = in_.ordinal<Ticket>(); }
  void read(input::PersistFailed& it) {
    it.ticket = in_.ordinal<Ticket>();
    it.disk_full = flag();
  }
  void read(input::Loaded& it) {
    it.token = in_.ordinal<Token>();
    const uint64_t count = in_.u64();
    for (uint64_t i = 0; i < count && in_.ok(); ++i) {
      StoredBlock stored;
      stored.block = block();
      stored.certificate = certificate();
      it.blocks.push_back(std::move(stored));
    }
  }
  void read(input::Verified& it) {
    it.token = in_.ordinal<Token>();
    it.valid = flag();
    it.message = message();
  }
  void read(input::Signed& it) {
    it.token = in_.ordinal<Token>();
    it.signature = in_.signature();
  }
  void read(input::Executed& it) {
    it.height = in_.ordinal<Height>();
    it.state_root = in_.digest();
  }
  void read(input::Propose& it) {
    it.payload = decode_payload(algorithm_, in_, cohorts_);
    if (!it.payload) in_.fail();
  }
  void read(input::ReadRequested& it) { it.token = in_.ordinal<Token>(); }
  void read(input::Reconfigure& it) {
    Membership target = decode_membership(in_);
    if (target.epoch != Epoch(0)) in_.fail();
    it.change.target = std::move(target.members);
    it.change.version = target.version;
    if (flag()) it.change.transfer_leadership_to = in_.replica();
  }
  void read(input::PeerUp& it) { it.peer = in_.replica(); }
  void read(input::PeerDown& it) { it.peer = in_.replica(); }
  void read(input::PeerWritable& it) { it.peer = in_.replica(); }
  void read(input::PeerDropped& it) { it.peer = in_.replica(); }
  void read(input::SnapshotFetched& it) {
    it.height = in_.ordinal<Height>();
    it.available = flag();
  }
  void read(input::SnapshotInstalled& it) {
    it.height = in_.ordinal<Height>();
    it.state_root = in_.digest();
  }
  void read(input::ForgetLeader& /*it*/) {}
  void read(input::WallTime& it) { it.nanoseconds_since_1970 = in_.i64(); }

  ChainId chain_;
  HashAlgorithm algorithm_;
  Cohorts cohorts_;
  Reader in_;
};

}  // namespace

void encode_input(ChainId chain, const Input& input, std::vector<uint8_t>& out) {
  JournalWriter writer(chain, out);
  writer.tag(input.index());
  std::visit(InputWriter{writer}, input);
}

void encode_effect(ChainId chain, const Effect& effect, std::vector<uint8_t>& out) {
  JournalWriter writer(chain, out);
  writer.tag(effect.index());
  std::visit(EffectWriter{writer}, effect);
}

Result<Input> decode_input(ChainId chain, HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                           Cohorts cohorts) {
  InputReader reader(chain, algorithm, cohorts, bytes);
  std::optional<Input> input = reader.read();
  if (!input) return Error{ErrorCode::kMalformed, "not an input as encode_input writes it", ""};
  return std::move(*input);
}

}  // namespace govchain::consensus
