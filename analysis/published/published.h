#pragma once
// Figures that others have published, beside what the simulator says of the same situation.
// scenarios/data/published.json lists them; each has a scenario that states what was unknown.

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "consensus/result.h"

namespace govchain::analysis::published {

// What another simulator, or arithmetic, says of the same.
struct Other {
  std::string name;
  double value = 0;
};

struct Figure {
  std::string what;    // with its unit
  std::string metric;  // JSON pointer into a run's result
  double scale = 1;    // the metric times this is comparable
  double published = 0;
  double within = 0;  // relative error that is allowed
  std::vector<Other> others;
};

// One run and what is compared of it.
struct Point {
  std::string name;
  std::string scenario;              // below scenarios/published
  std::vector<std::string> changes;  // POINTER=VALUE
  std::vector<Figure> figures;
};

// Published together, simulated with one machine profile.
struct Group {
  std::string id;
  std::string title;
  std::string source;
  std::string unknown;  // what was not published, and what is assumed
  std::string finding;  // what remains, and by which mechanism
  std::vector<Point> points;
};

// `home` has scenarios. Errors: kNotFound, kMalformed with the place.
[[nodiscard]] consensus::Result<std::vector<Group>> read_groups(const std::string& home);

struct Compared {
  std::string group;
  std::string point;
  Figure figure;
  double ours = 0;
  [[nodiscard]] double error() const { return ours / figure.published - 1; }
  [[nodiscard]] bool holds() const {
    const double off = error();
    return off <= figure.within && off >= -figure.within;
  }
};

struct PublishedResult {
  std::vector<Group> groups;
  std::vector<Compared> compared;  // in the order of groups, points and figures
};

struct PublishedRequest {
  std::string home;
  uint32_t threads = 1;
  const std::atomic<bool>* stop = nullptr;
  // From any thread, one at a time.
  std::function<void(double share_done, const std::string& point)> progress;
};

// Runs every point. Errors: those of load_scenario and run_scenario, with the point; kInvalid for a
// metric that a result has not.
[[nodiscard]] consensus::Result<PublishedResult> compare_with_published(
    std::vector<Group> groups, const PublishedRequest& request);

[[nodiscard]] std::string published_json(const PublishedResult& result, const std::string& command);
// A table for each group, ending in a newline.
[[nodiscard]] std::string published_text(const PublishedResult& result);

}  // namespace govchain::analysis::published
