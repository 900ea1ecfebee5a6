#pragma once
// The one macro of the project: an assertion that stays on in release, because a replica that
// continues past a broken invariant is worse than one that stops. It is a macro only to capture the
// expression and its place.

#include <cstdio>
#include <cstdlib>

namespace govchain::consensus {

[[noreturn, gnu::cold, gnu::noinline]] inline void assertion_failed(const char* expression,
                                                                    const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, expression);
  std::abort();
}

}  // namespace govchain::consensus

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define GOVCHAIN_ASSERT(expression) \
  (static_cast<bool>(expression)    \
       ? void(0)                    \
       : ::govchain::consensus::assertion_failed(#expression, __FILE__, __LINE__))
