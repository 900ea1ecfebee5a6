#include "analysis/command/help.h"

#include <algorithm>
#include <vector>

#include "analysis/command/terminal.h"

namespace govchain::analysis {

namespace {

constexpr size_t kColumns = 80;
constexpr size_t kIndent = 2;

struct Row {
  std::string name;
  std::string text;
};

std::string wrapped(const std::string& text, size_t indent, size_t used) {
  std::string out;
  size_t column = used;
  size_t start = 0;
  while (start < text.size()) {
    size_t end = text.find(' ', start);
    if (end == std::string::npos) end = text.size();
    const std::string word = text.substr(start, end - start);
    if (column > indent && column + 1 + display_width(word) > kColumns) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += display_width(word);
    start = end + 1;
  }
  return out;
}

std::string table(const std::string& title, const std::vector<Row>& rows) {
  if (rows.empty()) return {};
  constexpr size_t kMostNames = 30;
  size_t width = 0;
  for (const Row& row : rows) width = std::max(width, std::min(kMostNames, row.name.size()));
  const size_t indent = kIndent + width + 2;
  std::string out = "\n" + title + ":\n";
  for (const Row& row : rows) {
    out += std::string(kIndent, ' ') + row.name;
    if (row.name.size() > width) {
      out += '\n' + std::string(indent, ' ');
    } else {
      out += std::string(indent - kIndent - row.name.size(), ' ');
    }
    out += wrapped(row.text, indent, indent) + '\n';
  }
  return out;
}

std::string name_of(const CLI::Option& option) {
  if (option.get_positional() && option.get_lnames().empty() && option.get_snames().empty()) {
    return option.get_name(true);
  }
  std::string name;
  for (const std::string& one : option.get_snames()) name += (name.empty() ? "-" : ",-") + one;
  for (const std::string& one : option.get_lnames()) name += (name.empty() ? "--" : ",--") + one;
  if (option.get_items_expected_max() > 0 && !option.get_type_name().empty()) {
    // Without what CLI11 adds about the type and its bounds.
    const std::string type = option.get_type_name();
    name += " " + type.substr(0, type.find(':'));
  }
  return name;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode /*mode*/) const {
  std::vector<Row> commands;
  for (const CLI::App* sub : app->get_subcommands({})) {
    if (sub->get_name().empty() || sub->get_group().empty()) continue;
    // A list takes the first sentence; the command's own help has the rest.
    const std::string text = sub->get_description();
    const size_t end = std::min(text.find(". "), text.find(".\n"));
    commands.push_back({sub->get_name(), text.substr(0, end)});
  }
  std::vector<Row> inputs;
  std::vector<Row> options;
  std::string usage = name.empty() ? app->get_name() : name;
  for (const CLI::Option* option : app->get_options({})) {
    if (option->get_group().empty()) continue;  // not for people
    const Row row{name_of(*option), option->get_description()};
    if (option->get_positional() && option->get_lnames().empty()) {
      inputs.push_back(row);
      const bool many = option->get_items_expected_max() > 1;
      const std::string shown = row.name + (many ? "…" : "");
      usage += option->get_required() ? " " + shown : " [" + shown + "]";
    } else {
      options.push_back(row);
    }
  }
  std::string out = wrapped(app->get_description(), 0, 0) + "\n";
  if (!app->get_footer().empty()) out += "\nExamples:\n" + app->get_footer() + "\n";
  out += "\nUsage: " + usage;
  if (!commands.empty()) out += " COMMAND";
  out += " [OPTIONS]\n";
  out += table("Commands", commands) + table("Input", inputs) + table("Options", options);
  return out;
}

}  // namespace govchain::analysis
