#pragma once
// govchain validate --published: figures of others beside simulated ones.

#include <string>

#include "analysis/command/command.h"

namespace govchain::analysis {

struct PublishedOptions {
  std::string out;
  bool json = false;
  bool quiet = false;
};

// Sets the exit code: 7 if a figure is further off than it may be.
void validate_published(const PublishedOptions& options, CommandContext& context);

}  // namespace govchain::analysis
