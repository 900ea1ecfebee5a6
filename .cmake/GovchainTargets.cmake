# One library per top folder, all with the same warnings. `-ffp-contract=off` keeps a floating-point expression from being
# fused on one compiler and not on the other: results must be the same bytes everywhere.
add_library(govchain_options INTERFACE)
target_compile_features(govchain_options INTERFACE cxx_std_20)
target_compile_options(govchain_options INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror;-ffp-contract=off>)
# g++ 12 sees overlapping copies in plain string concatenation (GCC bug 105651); clang checks the same code without it.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(govchain_options INTERFACE $<BUILD_INTERFACE:-Wno-restrict>)
endif()
if(GOVCHAIN_SANITIZE)
  target_compile_options(govchain_options INTERFACE
    -fsanitize=${GOVCHAIN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(govchain_options INTERFACE -fsanitize=${GOVCHAIN_SANITIZE})
endif()
install(TARGETS govchain_options EXPORT govchain)

# govchain_library(consensus standard): all *.cpp below the current folder become the target govchain::consensus, compiled
# with that set of precompiled headers.
function(govchain_library name headers)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/(main|preload|allocator|simgrid_flows|mutants/[^/]*)\\.cpp$")
  # A folder below with a CMakeLists.txt of its own is a target of its own.
  file(GLOB inner CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt")
  foreach(list_file ${inner})
    get_filename_component(folder "${list_file}" DIRECTORY)
    list(FILTER sources EXCLUDE REGEX "^${folder}/")
  endforeach()
  add_library(govchain_${name} STATIC ${sources})
  add_library(govchain::${name} ALIAS govchain_${name})
  set_target_properties(govchain_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(govchain_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/govchain>)
  target_link_libraries(govchain_${name} PUBLIC govchain_options)
  govchain_use_headers(govchain_${name} ${headers})
  install(TARGETS govchain_${name} EXPORT govchain ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH house "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  get_filename_component(parent "${house}" DIRECTORY)
  install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/govchain/${parent}"
    FILES_MATCHING PATTERN "*.h")
endfunction()

# govchain_tests(consensus consensus): all *_test.cpp below tests/consensus become one program, its tests known to ctest. A
# folder below that is named too is a program of its own.
# govchain_test_properties: more properties of each test.
function(govchain_tests name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
  foreach(other ${ARGN})
    list(FILTER sources EXCLUDE REGEX "^${CMAKE_CURRENT_SOURCE_DIR}/${other}/")
  endforeach()
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  target_link_libraries(${name}_tests PRIVATE govchain::${name} GTest::gmock GTest::gtest_main)
  govchain_use_headers(${name}_tests test)
  # Test code drives what is measured, it is not measured: -O1 compiles in four fifths of the time.
  # At that level g++ 12 sees string concatenation leave its buffer (the same bug), depending on the checkout's path.
  target_compile_options(${name}_tests PRIVATE $<$<CONFIG:Release>:-O1>
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread>")
  target_compile_definitions(${name}_tests PRIVATE GOVCHAIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${name}_tests TEST_PREFIX "${name}/" PROPERTIES TIMEOUT 600 ${govchain_test_properties}
    DISCOVERY_MODE PRE_TEST)
endfunction()
