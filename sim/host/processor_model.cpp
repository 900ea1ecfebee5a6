#include "sim/host/processor_model.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>

namespace govchain::sim {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Input;
using consensus::Result;

namespace {

Duration scale(Duration time, uint64_t by, uint64_t of) {
  return Duration::nanoseconds(static_cast<int64_t>(static_cast<uint64_t>(time.nanoseconds()) * by /
                                                    std::max<uint64_t>(of, 1)));
}

// Between two measurements, never below nothing.
Duration at_least_zero(Duration time) { return std::max(time, Duration::zero()); }

Duration between(uint64_t x, uint64_t from, Duration below, uint64_t to, Duration above) {
  const auto width = static_cast<int64_t>(to - from);
  const int64_t offset = static_cast<int64_t>(x) - static_cast<int64_t>(from);
  return at_least_zero(below +
                       Duration::nanoseconds((above - below).nanoseconds() * offset / width));
}

// To the base of two, in 1/1,024, with straight lines between powers of two.
uint64_t logarithm(uint64_t value) {
  constexpr uint64_t kUnit = 1'024;
  const auto whole = static_cast<unsigned>(std::bit_width(value)) - 1;
  const uint64_t power = uint64_t{1} << whole;
  return whole * kUnit + (value - power) * kUnit / power;
}

// As calibrations name the inputs of an engine that are no messages.
constexpr std::pair<size_t, const char*> kInputs[] = {
    {2, "persisted"}, {5, "claims verified"}, {6, "signed"}, {7, "executed"}, {8, "proposal"}};

size_t payloads_of(const consensus::Message& message) {
  return message.block ? message.block->payloads.size() : message.payloads.size();
}

}  // namespace

Duration StepCost::of(size_t payloads) const {
  constexpr uint64_t kMany = 100;
  if (payloads <= 1 || hundred <= one) return one;
  return between(payloads, 1, one, kMany, hundred);
}

Duration CodecCost::of(Bytes message) const {
  constexpr uint64_t kVote = 1'000;
  return size.count() > kVote ? scale(time, message.count(), size.count()) : time;
}

Duration ProcessorModel::step(const Input& input) const {
  if (const auto* const received = std::get_if<consensus::input::MessageReceived>(&input)) {
    return messages_[received->message->type].of(payloads_of(*received->message));
  }
  if (const auto* const verified = std::get_if<consensus::input::Verified>(&input);
      verified != nullptr && verified->message) {
    return verified_[verified->message->type].of(payloads_of(*verified->message));
  }
  return inputs_[input.index()].of(1);
}

Duration ProcessorModel::encode(const consensus::Message& message) const {
  return encode_[message.type].of(message.wire_size);
}

Duration ProcessorModel::decode(const consensus::Message& message) const {
  return decode_[message.type].of(message.wire_size);
}

Duration ProcessorModel::in_block_of(const std::array<Duration, 3>& each, uint64_t transactions) {
  for (size_t i = 1; i < kBlocks.size(); ++i) {
    if (transactions > kBlocks[i]) continue;
    return between(transactions, kBlocks[i - 1], each[i - 1], kBlocks[i], each[i]);
  }
  return each.back();
}

Duration ProcessorModel::execute(const std::string& contract, double factor, Bytes payload,
                                 uint64_t of_this, uint64_t in_block, Bytes state) const {
  auto known = std::find_if(contracts_.begin(), contracts_.end(),
                            [&](const ContractCost& one) { return one.contract == contract; });
  const bool measured = known != contracts_.end() && !contract.empty();
  if (!measured) known = contracts_.begin();
  Duration each = in_block_of(known->each, in_block);
  const Duration large = in_block_of(known->each_large, in_block);
  const uint64_t records = state.count() / kBytesPerMeasuredRecord;
  // Ways down a tree grow with the logarithm.
  if (large > each && records > kSmallState) {
    each = between(std::min(logarithm(records), logarithm(kLargeState)), logarithm(kSmallState),
                   each, logarithm(kLargeState), large);
  }
  if (!measured) {
    constexpr double kUnit = 1'024;
    each = each * static_cast<int64_t>(factor * kUnit) / static_cast<int64_t>(kUnit);
  } else if (payload > known->payload) {
    each += scale(known->per_kilobyte, payload.count() - known->payload.count(), 1'000);
  }
  return each * static_cast<int64_t>(of_this);
}

class ProcessorModelMaker {
 public:
  ProcessorModelMaker(const Measurements& measurements, const consensus::ProtocolTraits& protocol)
      : rows_(measurements), protocol_(protocol) {}

  [[nodiscard]] Result<ProcessorModel> make(uint32_t replicas, consensus::SignatureScheme scheme,
                                            consensus::HashAlgorithm hash) {
    const bool is_sm2 = scheme == consensus::SignatureScheme::kSm2;
    const std::string_view algorithm = is_sm2 ? "sm2" : "ed25519";
    replicas_ = nearest_replicas(replicas);
    model_.wake = ProcessorModel::wake_costs(rows_);
    (void)median("change threads", {{"on", "one core"}});
    // As the scheduler pleased while it was measured, which is how it pleased with all that is
    // measured one by one.
    awakening_ = median("hand over", {{"receiver", "asleep"}});
    model_.hand_over = median("hand over", {{"receiver", "busy"}});
    model_.sign = median("sign", {{"algorithm", algorithm}});
    model_.verify = median("verify", {{"algorithm", algorithm}});
    model_.verify_client = median("verify client", {{"algorithm", algorithm}});
    // Profiles of before know of no turns.
    model_.first_verify = more("verify first", algorithm, model_.verify);
    model_.first_verify_client = more("verify client first", algorithm, model_.verify_client);
    const MeasuredRow* const turn =
        rows_.find("turn", {{"protocol", protocol_.name}, {"replicas", replicas_}});
    if (turn != nullptr) model_.turn = turn->time.median;
    model_.hash_per_kilobyte =
        median("hash", {{"algorithm", hash == consensus::HashAlgorithm::kSm3 ? "sm3" : "sha256"},
                        {"size", "bulk"}});
    read_engine();
    read_transport();
    read_storage();
    read_contracts();
    read_clients();
    if (missing_) return *missing_;
    return std::move(model_);
  }

 private:
  const MeasuredRow* row(std::string_view what, Measurements::Labels of) {
    const MeasuredRow* const found = rows_.find(what, of);
    if (found == nullptr && !missing_) {
      std::string name(what);
      for (const auto& [key, value] : of) {
        name += (&key == &of.begin()->first ? " " : ", ") + std::string(value);
      }
      missing_ = Error{ErrorCode::kNotFound,
                       "was not measured: " + name + "; govchain calibrate measures it",
                       {}};
    }
    return found;
  }
  Duration median(std::string_view what, Measurements::Labels of) {
    const MeasuredRow* const found = row(what, of);
    return found == nullptr ? Duration::zero() : found->time.median;
  }

  // Nothing where it was not measured.
  Duration more(std::string_view first, std::string_view algorithm, Duration usual) const {
    const MeasuredRow* const found = rows_.find(first, {{"algorithm", algorithm}});
    return found == nullptr ? Duration::zero() : at_least_zero(found->time.median - usual);
  }

  std::string nearest_replicas(uint32_t replicas) const {
    std::string nearest;
    uint32_t best = UINT32_MAX;
    for (const MeasuredRow& one : rows_.rows) {
      const std::string* const protocol = one.label("protocol");
      const std::string* const count = one.label("replicas");
      if (one.what != "step" || protocol == nullptr || *protocol != protocol_.name ||
          count == nullptr) {
        continue;
      }
      const auto known = static_cast<uint32_t>(std::strtoul(count->c_str(), nullptr, 10));
      const uint32_t distance = known > replicas ? known - replicas : replicas - known;
      if (distance >= best) continue;
      best = distance;
      nearest = *count;
    }
    return nearest;
  }

  // A type of message that the ring of a calibration never saw is one of trouble: a view change,
  // a catch-up. It takes what the dearest one takes that was seen.
  void read_engine() {
    const auto step_of = [&](std::string_view key, std::string_view name, StepCost& cost) {
      const Measurements::Labels one = {
          {"protocol", protocol_.name}, {"replicas", replicas_}, {"payloads", "1"}, {key, name}};
      const MeasuredRow* const few = rows_.find("step", one);
      const MeasuredRow* const many = rows_.find("step", {{"protocol", protocol_.name},
                                                          {"replicas", replicas_},
                                                          {"payloads", "100"},
                                                          {key, name}});
      if (few == nullptr) return false;
      cost = {few->time.median, many == nullptr ? few->time.median : many->time.median};
      return true;
    };
    StepCost dearest;
    const auto remember = [&dearest](const StepCost& cost) {
      dearest.one = std::max(dearest.one, cost.one);
      dearest.hundred = std::max(dearest.hundred, cost.hundred);
    };
    std::array<bool, ProcessorModel::kTypes> known{};
    for (size_t type = 0; type < ProcessorModel::kTypes; ++type) {
      const std::string_view name = protocol_.message_name(static_cast<uint8_t>(type));
      if (name.empty()) continue;
      known[type] = step_of("message", name, model_.messages_[type]);
      if (known[type]) remember(model_.messages_[type]);
      if (step_of("verified", name, model_.verified_[type])) remember(model_.verified_[type]);
      read_codec(name, type);
    }
    for (size_t type = 0; type < ProcessorModel::kTypes; ++type) {
      if (!known[type]) model_.messages_[type] = dearest;
    }
    for (const auto& [index, name] : kInputs) {
      (void)step_of("input", name, model_.inputs_[index]);
    }
    // Where no message is named, the signatures are.
    StepCost verified;
    if (step_of("input", "verified", verified)) model_.verified_.fill(verified);
    if (missing_ || dearest.one > Duration::zero()) return;
    (void)row("step", {{"protocol", protocol_.name}, {"replicas", replicas_}});
  }

  void read_codec(std::string_view name, size_t type) {
    for (const bool encodes : {true, false}) {
      const MeasuredRow* const found =
          rows_.find(encodes ? "encode" : "decode",
                     {{"protocol", protocol_.name}, {"replicas", replicas_}, {"message", name}});
      if (found == nullptr) continue;
      const std::string* const size = found->label("size");
      CodecCost& cost = encodes ? model_.encode_[type] : model_.decode_[type];
      cost.time = found->time.median;
      if (size != nullptr) cost.size = Bytes(std::strtoull(size->c_str(), nullptr, 10));
    }
  }

  // A vote written by itself pays for its system calls and for waking three threads: the sender's
  // transport, the receiver's, and the receiver's loop. Among 64 it pays next to nothing.
  void read_transport() {
    const Duration alone = median("send", {{"writes", "separate"}}) +
                           median("receive", {{"writes", "separate"}}) - awakening_ * 3;
    model_.send.each = median("send", {{"writes", "64 together"}});
    model_.receive.each = median("receive", {{"writes", "64 together"}});
    const Duration calls = at_least_zero(alone - model_.send.each - model_.receive.each);
    model_.send.once = calls / 2;
    model_.receive.once = calls / 2;
    model_.send_per_kilobyte = median("send", {{"writes", "bulk"}});
    model_.receive_per_kilobyte = median("receive", {{"writes", "bulk"}});
  }

  void read_storage() {
    constexpr int64_t kTogether = 8;
    const Duration one = median("log", {{"record", "200 bytes"}, {"together", "1"}});
    const Duration eight = median("log", {{"record", "200 bytes"}, {"together", "8"}});
    // one = sync + record; 8 eight = sync + 8 records.
    model_.log.each = at_least_zero((eight * kTogether - one) / (kTogether - 1));
    model_.log.once = at_least_zero(one - model_.log.each);
    constexpr uint64_t kBlockBytes = 100 * 256;
    const Duration block = median("log", {{"record", "block of 100"}, {"together", "1"}});
    model_.log_per_kilobyte = scale(at_least_zero(block - one), 1'000, kBlockBytes);
    read_flush();
    constexpr int64_t kMore = 99;
    const Duration small = median("store", {{"payloads", "1"}});
    model_.store.each = at_least_zero((median("store", {{"payloads", "100"}}) - small) / kMore);
    model_.store.once = at_least_zero(small - model_.store.each);
    model_.state_per_kilobyte = median("state", {});
    model_.write_per_kilobyte = median("write file", {});
  }

  // Profiles of before know of no rest.
  void read_flush() {
    const MeasuredRow* const flush = row("log sync", {{"record", "200 bytes"}, {"together", "1"}});
    if (flush != nullptr) model_.flush.measured.push_back({Duration::zero(), flush->time});
    for (const int64_t rest : {1, 3, 10}) {
      const std::string length = std::to_string(rest) + " ms";
      const MeasuredRow* const rested = rows_.find("rested sync", {{"rest", length}});
      if (rested == nullptr) continue;
      model_.flush.measured.push_back({Duration::milliseconds(rest), rested->time});
    }
  }

  void read_contracts() {
    for (const char* const name : {"reference", "sharing", "licence", "invoice", "evidence"}) {
      ProcessorModel::ContractCost cost;
      if (std::string_view(name) != "reference") cost.contract = name;
      for (size_t i = 0; i < cost.each.size(); ++i) {
        const std::string size = std::to_string(ProcessorModel::kBlocks[i]);
        cost.each[i] = median("execute block", {{"contract", name}, {"transactions", size}});
        const MeasuredRow* const large =
            rows_.find("execute large", {{"contract", name}, {"transactions", size}});
        if (large != nullptr) cost.each_large[i] = large->time.median;
      }
      if (std::string_view(name) == "evidence") {
        constexpr uint64_t kLong = 16'384;
        cost.payload = Bytes(kMeasuredPayload);
        const Duration longer =
            median("execute block", {{"contract", "evidence 16 KiB"}, {"transactions", "30"}});
        cost.per_kilobyte =
            scale(at_least_zero(longer - cost.each[1]), 1'000, kLong - kMeasuredPayload);
      }
      model_.contracts_.push_back(std::move(cost));
    }
  }

  void read_clients() {
    for (const bool serves : {true, false}) {
      const char* const what = serves ? "serve" : "client";
      const Duration alone = median(what, {{"requests", "separate"}});
      BatchCost& cost = serves ? model_.serve : model_.client;
      cost.each = median(what, {{"requests", "64 together"}});
      // A request and its answer come apart, and each wakes who gets it.
      cost.once = at_least_zero((alone - cost.each) / 2 - awakening_);
    }
  }

  static constexpr uint64_t kMeasuredPayload = 128;

  const Measurements& rows_;
  const consensus::ProtocolTraits& protocol_;
  std::string replicas_;
  Duration awakening_;
  ProcessorModel model_;
  std::optional<Error> missing_;
};

// To wake a core that sleeps may cost ten times as much as to wake a thread on one that works: in a
// virtual machine the interrupt and the idle core's halt both go through the hypervisor.
WakeCosts ProcessorModel::wake_costs(const Measurements& measurements) {
  const MeasuredRow* const near = measurements.find("change threads", {{"on", "one core"}});
  const MeasuredRow* const far = measurements.find("change threads", {{"on", "two cores"}});
  if (near == nullptr) return {};
  // The threads of that row wait for nothing but each other, so what they use is also how long it
  // takes.
  WakeCosts wake;
  wake.near = near->time.median;
  wake.far = far == nullptr ? near->time.median : far->time.median;
  // Profiles of before know of no rest.
  constexpr std::pair<int64_t, const char*> kRests[] = {
      {100, "0.1 ms"}, {1'000, "1 ms"}, {10'000, "10 ms"}};
  for (const auto& [microseconds, length] : kRests) {
    const MeasuredRow* const rested = measurements.find("wake a core", {{"asleep", length}});
    if (rested == nullptr) continue;
    // What sleeps longer costs no less.
    const Duration least = wake.rested.empty() ? wake.far : wake.rested.back().far;
    wake.rested.push_back(
        {Duration::microseconds(microseconds), std::max(least, rested->time.median)});
  }
  const MeasuredRow* const other = measurements.find("change processes", {{"on", "one core"}});
  if (other != nullptr) {
    wake.other_process = at_least_zero(other->time.median - near->time.median);
  }
  const MeasuredRow* const alone = measurements.find("beside others", {{"other cores", "idle"}});
  const MeasuredRow* const beside = measurements.find("beside others", {{"other cores", "busy"}});
  if (alone != nullptr && beside != nullptr) {
    // Never faster than alone: that would be noise.
    wake.beside_others =
        std::max(wake.beside_others, wake.beside_others * beside->time.median.nanoseconds() /
                                         std::max<int64_t>(alone->time.median.nanoseconds(), 1));
  }
  return wake;
}

Result<ProcessorModel> ProcessorModel::make(const Measurements& measurements,
                                            const consensus::ProtocolTraits& protocol,
                                            uint32_t replicas, consensus::SignatureScheme scheme,
                                            consensus::HashAlgorithm hash) {
  return ProcessorModelMaker(measurements, protocol).make(replicas, scheme, hash);
}

}  // namespace govchain::sim
