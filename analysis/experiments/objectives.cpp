#include "analysis/experiments/objectives.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/experiments/figures.h"
#include "analysis/experiments/plan.h"
#include "analysis/experiments/run.h"
#include "scenarios/diagnostic.h"
#include "scenarios/json_document.h"
#include "scenarios/nearest_name.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;
using Json = nlohmann::ordered_json;

namespace {

const Json* element_of(const Json& list, const std::string& token) {
  for (const Json& element : list) {
    const auto id = element.is_object() ? element.find("id") : element.end();
    if (element.is_object() && id != element.end() && *id == token) return &element;
  }
  // Nine digits are more than any list has elements.
  constexpr size_t kMostDigits = 9;
  const bool number = !token.empty() && token.size() <= kMostDigits &&
                      token.find_first_not_of("0123456789") == std::string::npos;
  const size_t index = number ? std::stoul(token) : list.size();
  return index < list.size() ? &list[index] : nullptr;
}

std::string token_of(const Json& element, size_t index, bool by_id) {
  const auto id = element.is_object() ? element.find("id") : element.end();
  const bool named = by_id && element.is_object() && id != element.end() && id->is_string();
  return named ? id->get<std::string>() : std::to_string(index);
}

}  // namespace

Status check_metrics(const std::vector<scenarios::Objective>& objectives,
                     const std::vector<std::string>& known) {
  for (const scenarios::Objective& objective : objectives) {
    if (std::find(known.begin(), known.end(), objective.metric) != known.end()) continue;
    std::string message = "no result has the metric " + scenarios::printable(objective.metric);
    if (const auto nearest = scenarios::nearest_name(objective.metric, known)) {
      message += "; did you mean " + *nearest + "?";
    }
    return Error{ErrorCode::kInvalid, message, objective.where};
  }
  return consensus::success();
}

Status check_objectives(const scenarios::Scenario& scenario) {
  if (scenario.objectives.empty()) return consensus::success();
  return check_metrics(scenario.objectives,
                       scenario.national ? plan_metrics(*scenario.national) : metrics_of(scenario));
}

void collect_metrics(const Json& json, const std::string& prefix, bool by_id,
                     std::vector<std::string>& out) {
  if (json.is_object()) {
    for (const auto& item : json.items()) {
      collect_metrics(item.value(), prefix + "/" + scenarios::escape_token(item.key()), by_id, out);
    }
  } else if (json.is_array()) {
    for (size_t i = 0; i < json.size(); ++i) {
      collect_metrics(json[i], prefix + "/" + token_of(json[i], i, by_id), by_id, out);
    }
  } else if (json.is_number()) {
    out.push_back(prefix);
  }
}

bool find_metric(const Json& json, const std::string& metric, double& value) {
  const auto tokens = scenarios::pointer_tokens(metric);
  if (!tokens) return false;
  const Json* node = &json;
  for (const std::string& token : *tokens) {
    if (node->is_array()) {
      node = element_of(*node, token);
    } else {
      const auto member = node->is_object() ? node->find(token) : node->end();
      node = node->is_object() && member != node->end() ? &*member : nullptr;
    }
    if (node == nullptr) return false;
  }
  if (!node->is_number()) return false;
  value = node->get<double>();
  return true;
}

CheckedObjective checked(const scenarios::Objective& objective, const Json& json) {
  CheckedObjective one{objective, false, 0, false};
  one.has_value = find_metric(json, objective.metric, one.value);
  one.met = one.has_value && scenarios::holds(one.value, objective.comparison, objective.value);
  return one;
}

Json objectives_json(const std::vector<CheckedObjective>& all) {
  Json list = Json::array();
  for (const CheckedObjective& one : all) {
    list.push_back(Json{{"metric", one.objective.metric},
                        {"comparison", scenarios::name_of(one.objective.comparison)},
                        {"bound", one.objective.value},
                        {"value", one.has_value ? Json(one.value) : Json(nullptr)},
                        {"met", one.met}});
  }
  return list;
}

std::string objectives_text(const std::vector<CheckedObjective>& all, bool colour) {
  std::string out;
  for (const CheckedObjective& one : all) {
    const char* mark = one.met ? "✓" : "✗";
    const char* begin = one.met ? "\033[32m" : "\033[31m";
    out += colour ? fmt::format("{}{}\033[0m", begin, mark) : mark;
    out += fmt::format(" {} {} {}: {}\n", one.objective.metric,
                       scenarios::name_of(one.objective.comparison), figure(one.objective.value),
                       one.has_value ? figure(one.value) : "no value, nothing was committed");
  }
  return out;
}

}  // namespace govchain::analysis
