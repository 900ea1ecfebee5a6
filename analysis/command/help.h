#pragma once
// Help as people want it: what it does, examples, then the options; 80 columns.

#include <string>

#include <CLI/CLI.hpp>

namespace govchain::analysis {

class HelpFormatter : public CLI::Formatter {
 public:
  [[nodiscard]] std::string make_help(const CLI::App* app, std::string name,
                                      CLI::AppFormatMode mode) const override;
};

}  // namespace govchain::analysis
