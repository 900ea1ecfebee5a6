#pragma once
// What somebody who wants to know everything about the engines' lives is told: every engine when it
// is made, and every step with its inputs and effects. Unlike an Observer it is called for every
// step, so worlds run with one only on request.

#include <functional>
#include <memory>
#include <span>

#include "consensus/effect.h"
#include "consensus/engine.h"
#include "consensus/input.h"
#include "sim/checkers/observer.h"

namespace govchain::sim {

// Makes another engine from what the first was made from: configuration, settings, recovered state.
using EngineMaker = std::function<std::unique_ptr<consensus::Engine>()>;

class EngineJournal {
 public:
  EngineJournal() = default;
  EngineJournal(const EngineJournal&) = delete;
  EngineJournal& operator=(const EngineJournal&) = delete;
  virtual ~EngineJournal() = default;

  // Made from configuration and recovered state, and not stepped yet. `chain` is what its messages
  // name; `again` may be kept.
  virtual void on_engine(ReplicaAddress who, consensus::ChainId chain,
                         const consensus::Engine& engine, const EngineMaker& again) = 0;
  // After a step, before the host has done anything about its effects. `local` is the replica's own
  // clock.
  virtual void on_step(ReplicaAddress who, TimePoint local,
                       std::span<const consensus::Input> inputs,
                       std::span<const consensus::Effect> effects,
                       const consensus::Engine& engine) = 0;
};

}  // namespace govchain::sim
