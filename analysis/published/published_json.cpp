#include <nlohmann/json.hpp>

#include "analysis/model_version.h"
#include "analysis/published/published.h"

namespace govchain::analysis::published {

std::string published_json(const PublishedResult& result, const std::string& command) {
  using Json = nlohmann::ordered_json;
  Json groups = Json::array();
  for (const Group& group : result.groups) {
    Json figures = Json::array();
    for (const Compared& one : result.compared) {
      if (one.group != group.id) continue;
      Json others = Json::array();
      for (const Other& other : one.figure.others) {
        others.push_back(Json{{"name", other.name}, {"value", other.value}});
      }
      figures.push_back(Json{{"point", one.point},
                             {"what", one.figure.what},
                             {"published", one.figure.published},
                             {"ours", one.ours},
                             {"error", one.error()},
                             {"within", one.figure.within},
                             {"holds", one.holds()},
                             {"others", std::move(others)}});
    }
    groups.push_back(Json{{"id", group.id},
                          {"title", group.title},
                          {"source", group.source},
                          {"unknown", group.unknown},
                          {"finding", group.finding},
                          {"figures", std::move(figures)}});
  }
  const Json object{
      {"model_version", kModelVersion}, {"command", command}, {"published", std::move(groups)}};
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace govchain::analysis::published
