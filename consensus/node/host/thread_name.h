#pragma once
// What a thread does, for whoever looks at the process (top -H, perf, a debugger).

#include <pthread.h>
#include <string>

namespace govchain::consensus::node {

// At most 15 characters, as Linux has it; a longer name is not taken.
inline void name_this_thread(const std::string& name) {
  (void)pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace govchain::consensus::node
