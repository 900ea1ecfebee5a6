# Precompiled headers: reading the same library headers once per source cost about 0.6 s of CPU time each (1.29 s became
# 0.73 s for consensus/codec.cpp; about an eighth over a sample of all sources). Only headers of libraries are in them, so
# that a change of ours rebuilds what includes it and no more. A source must still include all that it uses: the build
# that tests/run makes with the second compiler has none, and fails otherwise.
option(GOVCHAIN_PRECOMPILED_HEADERS "Read the headers of libraries once" ON)

# govchain_header_set(name LIBRARIES targets… HEADERS headers…): makes a set that targets can use.
function(govchain_header_set name)
  cmake_parse_arguments(PARSE_ARGV 1 set "" "" "LIBRARIES;HEADERS")
  if(NOT GOVCHAIN_PRECOMPILED_HEADERS)
    return()
  endif()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}_headers.cpp")
  if(NOT EXISTS "${source}")
    file(WRITE "${source}" "// A set of precompiled headers needs a source.\n")
  endif()
  add_library(govchain_${name}_headers OBJECT "${source}")
  target_link_libraries(govchain_${name}_headers PRIVATE govchain_options ${set_LIBRARIES})
  target_precompile_headers(govchain_${name}_headers PRIVATE ${set_HEADERS})
endfunction()

# govchain_use_headers(target set): compiles the target's sources with the set.
function(govchain_use_headers target set)
  if(GOVCHAIN_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM govchain_${set}_headers)
  endif()
endfunction()

set(standard_headers <algorithm> <array> <atomic> <bit> <cmath> <compare> <cstdint> <cstring> <deque> <functional>
  <limits> <map> <memory> <optional> <set> <span> <string> <string_view> <utility> <variant> <vector>)
govchain_header_set(standard HEADERS ${standard_headers})
# A set with fmt and JSON was measured too: reading it costs as much as it saves.
if(GOVCHAIN_TESTS)
  govchain_header_set(test LIBRARIES GTest::gmock
    HEADERS ${standard_headers} <filesystem> <fstream> <gmock/gmock.h> <gtest/gtest.h>)
endif()
