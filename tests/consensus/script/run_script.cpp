#include "tests/consensus/script/run_script.h"

#include <utility>

#include "tests/consensus/script/interpreter.h"

namespace govchain::consensus::testing {

ScriptRun run_script(std::string_view text, const std::string& file) {
  ScriptRun run;
  Result<std::vector<Case>> cases = parse_cases(text, file);
  if (!cases) {
    run.error = cases.error().where + ": " + cases.error().message;
    return run;
  }
  run.cases = *std::move(cases);
  if (run.cases.empty()) {
    run.error = file + ":1: a script needs a command, and the first one is 'cluster'";
    return run;
  }
  Interpreter interpreter;
  for (const Case& command : run.cases) {
    if (!command.input.empty()) {
      run.error = command.where() + ": a command is one line, and ---- is the next";
      return run;
    }
    const std::string printed = interpreter.run(command);
    run.outputs.push_back(printed);
    if (printed == command.expected) continue;
    const size_t error = printed.rfind(kErrorMark);
    if (error != std::string::npos) {
      run.error = command.where() + ": " + printed.substr(error + kErrorMark.size());
      run.error.pop_back();  // the end of the line
      return run;
    }
    run.different.push_back(run.outputs.size() - 1);
  }
  return run;
}

}  // namespace govchain::consensus::testing
