#include "consensus/node/journal/replay.h"

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "consensus/node/journal/input_journal.h"
#include "consensus/protocols.h"

namespace govchain::consensus::node {

namespace {

// The answer to effect::Verify brings back the message that was to be verified: the object, not a
// copy of it (consensus/input.h).
class AskedMessages {
 public:
  void put_into(std::vector<Input>& inputs) {
    for (Input& input : inputs) {
      auto* const verified = std::get_if<input::Verified>(&input);
      if (verified == nullptr) continue;
      if (const auto asked = messages_.extract(verified->token)) {
        verified->message = asked.mapped();
      }
    }
  }
  void remember(std::span<const Effect> effects) {
    for (const Effect& effect : effects) {
      const auto* const verify = std::get_if<effect::Verify>(&effect);
      if (verify != nullptr) messages_[verify->token] = verify->message;
    }
  }

 private:
  std::map<Token, MessageRef> messages_;
};

}  // namespace

Result<ReplayResult> replay_life(const std::string& path, Protocol protocol, EngineConfig config,
                                 const ProtocolSettings& settings) {
  const Result<std::unique_ptr<LifeReader>> reader = LifeReader::open(path, config.hash);
  if (!reader) return reader.error();
  LifeBeginning beginning = (*reader)->take_beginning();
  config.chain = beginning.chain;
  config.self = beginning.self;
  config.seed = beginning.seed;
  config.newest_version = beginning.newest_version;
  const std::unique_ptr<Engine> engine =
      traits_of(protocol).make(config, settings, std::move(beginning.recovered));
  ReplayResult result;
  EffectSink sink;
  LifeStep step;
  AskedMessages asked;
  while (true) {
    const Result<bool> more = (*reader)->next(step);
    if (!more) return more.error();
    if (!*more) break;
    asked.put_into(step.inputs);
    engine->step(step.now, step.inputs, sink);
    asked.remember(std::as_const(sink).effects());
    if (hash_effects(config.chain, config.hash, sink.effects()) != step.effects) {
      result.differs_at = result.steps;
      break;
    }
    sink.clear();
    ++result.steps;
    result.inputs += step.inputs.size();
  }
  result.torn = (*reader)->is_torn();
  result.status = engine->status();
  return result;
}

}  // namespace govchain::consensus::node
