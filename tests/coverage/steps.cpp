// Coverage-guided fuzzing of an engine's step(): --protocol=NAME chooses it.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "consensus/protocols.h"
#include "tests/coverage/choices.h"
#include "tests/coverage/hostile_cluster.h"

namespace {

const govchain::consensus::ProtocolTraits* protocol = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view kOption = "--protocol=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument = (*arguments)[i];
    if (!argument.starts_with(kOption)) continue;
    protocol = govchain::consensus::find_protocol(argument.substr(kOption.size()));
  }
  if (protocol == nullptr) {
    std::fputs("usage: coverage_steps --protocol=NAME [libFuzzer's options] [corpus]\n", stderr);
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  govchain::coverage::Choices choices(std::span(data, size));
  govchain::coverage::HostileCluster cluster(*protocol, choices);
  cluster.run();
  return 0;
}
