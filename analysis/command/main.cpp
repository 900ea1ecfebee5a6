#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "analysis/command/command.h"

int main(int argument_count, char** arguments) {
  try {
    return govchain::analysis::run_program({arguments + 1, arguments + argument_count});
  } catch (const std::bad_alloc&) {
    std::cerr << "govchain: out of memory\n";
  } catch (const std::exception& error) {
    std::cerr << "govchain: " << error.what() << "\n";
  }
  return govchain::analysis::kExitFailed;
}
