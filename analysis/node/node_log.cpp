#include "analysis/node/node_log.h"

#include <chrono>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <string>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace govchain::analysis {

namespace {

using consensus::node::LogLevel;

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string now_text() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto milliseconds = now.time_since_epoch().count() % 1'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)), milliseconds);
}

}  // namespace

NodeLog::NodeLog(consensus::ChainId chain, consensus::ReplicaId replica, LogLevel level)
    : chain_(chain),
      replica_(replica),
      logger_(std::make_shared<spdlog::logger>("node",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->flush_on(spdlog::level::debug);
  set_level(level);
}

NodeLog::~NodeLog() = default;

void NodeLog::set_level(LogLevel level) { logger_->set_level(level_of(level)); }

void NodeLog::write(LogLevel level, std::string_view event, nlohmann::json fields) {
  const spdlog::level::level_enum known = level_of(level);
  if (!logger_->should_log(known)) return;
  nlohmann::ordered_json line;
  line["time"] = now_text();
  line["level"] = spdlog::level::to_string_view(known).data();
  line["chain"] = chain_.value();
  line["replica"] = replica_.value();
  line["event"] = event;
  for (auto& [name, value] : fields.items()) line[name] = std::move(value);
  // A path or a peer's text may hold any bytes.
  logger_->log(known, "{}", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace govchain::analysis
