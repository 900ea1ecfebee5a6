#include "tests/consensus/script/block_names.h"

namespace govchain::consensus::testing {

void BlockNames::note(const Message& message, const std::string& payloads) {
  if (!message.block) return;
  const Known known{payloads, message.block->view, message.block, message.digest};
  known_.emplace(message.block->digest, known);
  known_.emplace(message.digest, known);
  newest_[payloads] = message.digest;
}

std::string BlockNames::of(const Digest& digest, View said_in) const {
  if (digest.is_zero()) return "nil";
  const auto found = known_.find(digest);
  if (found == known_.end()) return "?";
  std::string text = "{" + found->second.payloads + "}";
  if (found->second.view != said_in) {
    text += " of view " + std::to_string(found->second.view.value());
  }
  return text;
}

const BlockNames::Known* BlockNames::find(std::string_view payloads) const {
  const auto found = newest_.find(std::string(payloads));
  return found == newest_.end() ? nullptr : &known_.at(found->second);
}

}  // namespace govchain::consensus::testing
