// What a message costs: encoding, decoding, and the engine's step.

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "analysis/calibrate/engine_ring.h"
#include "analysis/calibrate/probes.h"
#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/protocols.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;

constexpr uint32_t kPayloadsPerBlock[] = {1, 100};
// A whole number of checkpoint intervals: each round has its share of them.
constexpr uint64_t kBlocksPerRound = 64;
constexpr uint64_t kWarmUpBlocks = 96;
// Steps of a round that begin with others' caches, and how many lie between two of them at least.
constexpr uint64_t kFirsts = 64;
constexpr uint64_t kLeastBetween = 8;

std::vector<std::pair<std::string, std::string>> labels_of(const RingShape& shape) {
  return {{"protocol", std::string(shape.protocol->name)},
          {"replicas", std::to_string(shape.replicas)},
          {"payloads", std::to_string(shape.payloads_per_block)}};
}

Error standstill(const RingShape& shape) {
  return {ErrorCode::kInvalid,
          "a chain of " + std::to_string(shape.replicas) + " replicas decides nothing",
          std::string(shape.protocol->name)};
}

class EngineProbe final : public Probe {
 public:
  EngineProbe(const ProbeSettings& settings, const consensus::ProtocolTraits& protocol)
      : settings_(settings), protocol_(protocol) {}
  [[nodiscard]] std::string name() const override {
    return std::string(protocol_.name) + " engines";
  }

  [[nodiscard]] Status prepare() override {
    for (const uint32_t replicas : replica_counts(protocol_)) {
      for (const uint32_t payloads : kPayloadsPerBlock) {
        rings_.push_back(std::make_unique<EngineRing>(RingShape{&protocol_, replicas, payloads}));
        if (!rings_.back()->run(kWarmUpBlocks, nullptr)) return standstill(rings_.back()->shape());
      }
    }
    return consensus::success();
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    // Of each number of replicas two rings follow each other, which differ in payloads a block.
    for (size_t i = 0; i + 1 < rings_.size(); i += 2) {
      const std::optional<Duration> few = measure(*rings_[i], clocks, figures);
      const std::optional<Duration> many = measure(*rings_[i + 1], clocks, figures);
      if (!few || !many || !measure_first(*rings_[i], clocks, figures)) {
        return standstill(rings_[i]->shape());
      }
      figures.add(RowKind::kProcessor,
                  {"engine payload",
                   {{"protocol", std::string(protocol_.name)},
                    {"replicas", std::to_string(rings_[i]->shape().replicas)}}},
                  "payload", *many - *few, kPayloadsPerBlock[1] - kPayloadsPerBlock[0]);
    }
    return consensus::success();
  }

 private:
  // Of all steps for a decision on one replica; none if nothing is decided.
  [[nodiscard]] std::optional<Duration> measure(EngineRing& ring, Clocks& clocks,
                                                Figures& figures) const {
    std::vector<uint64_t> before(StepTimes::kLabels);
    for (size_t label = 0; label < before.size(); ++label) before[label] = ring.steps(label);
    const uint64_t committed = ring.committed();
    StepTimes times(clocks);
    if (!ring.run(scaled(kBlocksPerRound, settings_.effort), &times)) return std::nullopt;
    const auto decisions =
        static_cast<double>(ring.committed() - committed) * ring.shape().replicas;
    const auto labels = labels_of(ring.shape());
    Duration total;
    Duration per_decision;
    uint64_t messages = 0;
    for (size_t label = 0; label < before.size(); ++label) {
      const StepTimes::Sum sum = times.sum(label);
      if (sum.steps == 0) continue;
      total += sum.time;
      if (EngineRing::is_message(label)) messages += sum.steps;
      const double per_block = static_cast<double>(ring.steps(label) - before[label]) / decisions;
      const double each =
          static_cast<double>(sum.time.nanoseconds()) / static_cast<double>(sum.steps);
      per_decision += Duration::nanoseconds(std::llround(per_block * each));
      RowName name{"step", labels};
      name.of.push_back(ring.name_of(label));
      figures.add(RowKind::kProcessor, name, "step", sum.time, sum.steps);
      figures.add_per_block(name, per_block);
    }
    // All steps, those with answers of the host too, by messages that came.
    figures.add(RowKind::kProcessor, {"engine", labels}, "message", total, messages);
    return per_decision;
  }

  // What a step takes more that is the first of its loop's turn, whose core others had. False if
  // nothing is decided.
  [[nodiscard]] bool measure_first(EngineRing& ring, Clocks& clocks, Figures& figures) const {
    if (!settings_.company) return true;
    const uint64_t blocks = scaled(kBlocksPerRound, settings_.effort);
    // A decision takes each replica a few messages of each other one.
    const uint64_t replicas = ring.shape().replicas;
    const uint64_t every =
        std::max<uint64_t>(blocks * replicas * replicas / kFirsts, kLeastBetween);
    StepTimes times(clocks, settings_.company.get(), every);
    if (!ring.run(blocks, &times)) return false;
    Duration more;
    uint64_t firsts = 0;
    for (size_t label = 0; label < StepTimes::kLabels; ++label) {
      const StepTimes::Sum first = times.first(label);
      const StepTimes::Sum usual = times.sum(label);
      if (first.steps == 0 || usual.steps == 0) continue;
      more += first.time -
              usual.time * static_cast<int64_t>(first.steps) / static_cast<int64_t>(usual.steps);
      firsts += first.steps;
    }
    if (firsts == 0) return true;
    figures.add(
        RowKind::kProcessor,
        {"turn",
         {{"protocol", std::string(protocol_.name)}, {"replicas", std::to_string(replicas)}}},
        "turn", std::max(more, Duration::zero()), firsts);
    return true;
  }

  ProbeSettings settings_;
  const consensus::ProtocolTraits& protocol_;
  std::vector<std::unique_ptr<EngineRing>> rings_;
};

// --- Codec

// So many calls that together they take a clock's attention: bytes to be worked off in one round
// for each type of message.
constexpr uint64_t kCodecBytes = 200'000;
constexpr uint64_t kMostCalls = 500;

class CodecProbe final : public Probe {
 public:
  explicit CodecProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "codec"; }

  [[nodiscard]] Status prepare() override {
    for (const consensus::ProtocolTraits* protocol : consensus::protocols()) {
      for (const uint32_t replicas : replica_counts(*protocol)) {
        EngineRing ring(RingShape{protocol, replicas, kPayloadsPerBlock[1]});
        if (!ring.run(kWarmUpBlocks, nullptr)) return standstill(ring.shape());
        for (const auto& [type, message] : ring.messages()) {
          Sample sample;
          sample.message = message;
          consensus::encode_message(kChain, *message, sample.bytes);
          sample.of = {{"protocol", std::string(protocol->name)},
                       {"replicas", std::to_string(replicas)},
                       {"message", std::string(protocol->message_name(type))},
                       {"size", std::to_string(sample.bytes.size()) + " bytes"}};
          samples_.push_back(std::move(sample));
        }
      }
    }
    return consensus::success();
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    std::vector<uint8_t> out;
    for (const Sample& sample : samples_) {
      const uint64_t usual = std::min(kMostCalls, kCodecBytes / sample.bytes.size() + 1);
      const uint64_t calls = scaled(usual, settings_.effort);
      figures.add(RowKind::kProcessor, {"encode", sample.of}, "message",
                  processor_time(clocks,
                                 [&] {
                                   for (uint64_t i = 0; i < calls; ++i) {
                                     out.clear();
                                     consensus::encode_message(kChain, *sample.message, out);
                                   }
                                 }),
                  calls);
      bool all_good = true;
      figures.add(RowKind::kProcessor, {"decode", sample.of}, "message",
                  processor_time(clocks,
                                 [&] {
                                   for (uint64_t i = 0; i < calls; ++i) {
                                     all_good &= consensus::decode_message(
                                                     kChain, consensus::HashAlgorithm::kSha256,
                                                     sample.bytes)
                                                     .ok();
                                   }
                                 }),
                  calls);
      GOVCHAIN_ASSERT(all_good && out == sample.bytes);
    }
    return consensus::success();
  }

 private:
  struct Sample {
    consensus::MessageRef message;
    std::vector<uint8_t> bytes;
    std::vector<std::pair<std::string, std::string>> of;
  };
  static constexpr consensus::ChainId kChain{1};
  ProbeSettings settings_;
  std::vector<Sample> samples_;
};

}  // namespace

std::vector<uint32_t> replica_counts(const consensus::ProtocolTraits& protocol) {
  std::vector<uint32_t> counts;
  for (const uint64_t faulty : {1U, 2U, 3U}) {
    counts.push_back(static_cast<uint32_t>(consensus::members_for(protocol.faults, faulty)));
  }
  return counts;
}

std::unique_ptr<Probe> make_engine_probe(const ProbeSettings& settings,
                                         const consensus::ProtocolTraits& protocol) {
  return std::make_unique<EngineProbe>(settings, protocol);
}
std::unique_ptr<Probe> make_codec_probe(const ProbeSettings& settings) {
  return std::make_unique<CodecProbe>(settings);
}

}  // namespace govchain::analysis
