#include "analysis/published/published.h"

#include <algorithm>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "analysis/experiments/run.h"
#include "scenarios/scenario.h"

namespace govchain::analysis::published {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using Json = nlohmann::json;

constexpr const char* kFolder = "/scenarios/published/";

// What lacks or is of another type throws, with its name; read_groups() says so.
Figure figure_of(const Json& json) {
  Figure figure;
  figure.what = json.at("what").get<std::string>();
  figure.metric = json.at("metric").get<std::string>();
  figure.scale = json.value("scale", 1.0);
  figure.published = json.at("published").get<double>();
  figure.within = json.at("within").get<double>();
  for (const Json& other : json.value("others", Json::array())) {
    figure.others.push_back({other.at("name").get<std::string>(), other.at("value").get<double>()});
  }
  return figure;
}

Point point_of(const Json& json) {
  Point point;
  point.name = json.at("name").get<std::string>();
  point.scenario = json.at("scenario").get<std::string>();
  point.changes = json.value("changes", std::vector<std::string>());
  for (const Json& figure : json.at("figures")) point.figures.push_back(figure_of(figure));
  return point;
}

Group group_of(const Json& json) {
  Group group;
  group.id = json.at("id").get<std::string>();
  group.title = json.at("title").get<std::string>();
  group.source = json.at("source").get<std::string>();
  group.unknown = json.at("unknown").get<std::string>();
  group.finding = json.at("finding").get<std::string>();
  for (const Json& point : json.at("points")) group.points.push_back(point_of(point));
  return group;
}

class Comparison {
 public:
  Comparison(const PublishedRequest& request, std::vector<Group> groups) : request_(request) {
    result_.groups = std::move(groups);
    for (const Group& group : result_.groups) {
      for (const Point& point : group.points) tasks_.push_back({&group, &point, {}, {}});
    }
  }

  Result<PublishedResult> run() {
    std::vector<std::thread> threads;
    for (uint32_t i = 1; i < request_.threads && i < tasks_.size(); ++i) {
      threads.emplace_back([this] { work(); });
    }
    work();
    for (std::thread& thread : threads) thread.join();
    for (Task& task : tasks_) {
      if (task.error) return *task.error;
      for (size_t i = 0; i < task.point->figures.size(); ++i) {
        result_.compared.push_back(
            {task.group->id, task.point->name, task.point->figures[i], task.ours[i]});
      }
    }
    return std::move(result_);
  }

 private:
  struct Task {
    const Group* group;
    const Point* point;
    std::vector<double> ours;
    std::optional<Error> error;
  };

  void work() {
    for (size_t i = next_.fetch_add(1); i < tasks_.size(); i = next_.fetch_add(1)) {
      Task& task = tasks_[i];
      if (Result<std::vector<double>> ours = figures_of(*task.point); ours) {
        task.ours = *std::move(ours);
      } else {
        task.error = ours.error();
        task.error->where =
            task.group->id + ", " + task.point->name +
            (ours.error().where.empty() ? std::string() : ": " + ours.error().where);
      }
      const std::lock_guard guard(shown_);
      ++done_;
      if (request_.progress) {
        request_.progress(static_cast<double>(done_) / static_cast<double>(tasks_.size()),
                          task.group->id + ", " + task.point->name);
      }
    }
  }

  [[nodiscard]] Result<std::vector<double>> figures_of(const Point& point) const {
    scenarios::LoadOptions load;
    load.home = request_.home;
    load.overrides = point.changes;
    const auto scenario = scenarios::load_scenario(request_.home + kFolder + point.scenario, load);
    if (!scenario) return scenario.error();
    RunRequest run;
    run.stop = request_.stop;
    const Result<RunResult> result = run_scenario(*scenario, run);
    if (!result) return result.error();
    if (!result->violations.empty()) {
      return Error{ErrorCode::kInvalid, "breaks a rule: " + result->violations.front().rule, {}};
    }
    std::vector<double> ours;
    for (const Figure& figure : point.figures) {
      double value = 0;
      if (!metric_value(*result, figure.metric, value)) {
        return Error{ErrorCode::kInvalid, "no result has this metric", figure.metric};
      }
      ours.push_back(value * figure.scale);
    }
    return ours;
  }

  const PublishedRequest& request_;
  PublishedResult result_;
  std::vector<Task> tasks_;
  std::atomic<size_t> next_{0};
  std::mutex shown_;
  size_t done_ = 0;
};

}  // namespace

Result<std::vector<Group>> read_groups(const std::string& home) {
  const std::string path = home + "/scenarios/data/published.json";
  std::ifstream file(path);
  if (!file) return Error{ErrorCode::kNotFound, "no such file", path};
  std::vector<Group> groups;
  try {
    const Json json = Json::parse(file);
    for (const Json& group : json.at("groups")) groups.push_back(group_of(group));
  } catch (const Json::exception& problem) {
    return Error{ErrorCode::kMalformed, problem.what(), path};
  }
  return groups;
}

Result<PublishedResult> compare_with_published(std::vector<Group> groups,
                                               const PublishedRequest& request) {
  return Comparison(request, std::move(groups)).run();
}

}  // namespace govchain::analysis::published
