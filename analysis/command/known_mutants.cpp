#include "analysis/command/known_mutants.h"

namespace govchain::analysis {

std::vector<KnownMutant> known_mutants() {
  std::vector<KnownMutant> mutants;
  for (const consensus::ProtocolTraits* protocol : consensus::protocols()) {
    const std::string engine(protocol->name);
    const std::string prefix = engine + "-";
    for (const consensus::MutantDescription& mutant : protocol->mutants()) {
      std::string_view name = mutant.name;
      if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
      mutants.push_back(
          {protocol, mutant.mutant, engine + "/" + std::string(name), mutant.description});
    }
  }
  return mutants;
}

std::optional<KnownMutant> find_mutant(std::string_view name) {
  for (KnownMutant& mutant : known_mutants()) {
    if (mutant.name == name) return std::move(mutant);
  }
  return std::nullopt;
}

}  // namespace govchain::analysis
