#pragma once
// A machine with two cores whose measurements are round numbers.

#include "sim/host/machine_profile.h"
#include "sim/host/measurements.h"

namespace govchain::sim {

inline Measurements round_measurements() {
  Measurements measured;
  const auto add = [&](const std::string& what, std::vector<std::pair<std::string, std::string>> of,
                       int64_t nanoseconds) {
    const Duration time = Duration::nanoseconds(nanoseconds);
    measured.rows.push_back({what, std::move(of), {time, time, time, time, time, time, time}});
  };
  add("change threads", {{"on", "one core"}}, 3'000);
  add("change threads", {{"on", "two cores"}}, 40'000);
  add("hand over", {{"receiver", "asleep"}}, 5'000);
  add("hand over", {{"receiver", "busy"}}, 100);
  for (const char* algorithm : {"ed25519", "sm2"}) {
    add("sign", {{"algorithm", algorithm}}, 20'000);
    add("verify", {{"algorithm", algorithm}}, 50'000);
    add("verify client", {{"algorithm", algorithm}}, 52'000);
  }
  for (const char* algorithm : {"sha256", "sm3"}) {
    add("hash", {{"algorithm", algorithm}, {"size", "bulk"}}, 600);
  }
  for (const char* payloads : {"1", "100"}) {
    const int64_t many = payloads[1] == '\0' ? 1 : 10;
    const auto step = [&](const char* key, const char* name, int64_t time) {
      add("step", {{"protocol", "pbft"}, {"replicas", "4"}, {"payloads", payloads}, {key, name}},
          time);
    };
    step("message", "pre-prepare", 1'000 * many);
    step("message", "prepare", 50);
    step("input", "persisted", 20);
  }
  for (const char* what : {"encode", "decode"}) {
    add(what,
        {{"protocol", "pbft"},
         {"replicas", "4"},
         {"message", "pre-prepare"},
         {"size", "30000 bytes"}},
        30'000);
  }
  add("send", {{"writes", "separate"}}, 20'000);
  add("send", {{"writes", "64 together"}}, 1'000);
  add("send", {{"writes", "bulk"}}, 800);
  add("receive", {{"writes", "separate"}}, 22'000);
  add("receive", {{"writes", "64 together"}}, 1'000);
  add("receive", {{"writes", "bulk"}}, 800);
  add("log", {{"record", "200 bytes"}, {"together", "1"}}, 80'000);
  add("log", {{"record", "200 bytes"}, {"together", "8"}}, 10'700);
  add("log", {{"record", "block of 100"}, {"together", "1"}}, 100'000);
  add("log sync", {{"record", "200 bytes"}, {"together", "1"}}, 500'000);
  add("store", {{"payloads", "1"}}, 20'000);
  add("store", {{"payloads", "100"}}, 60'000);
  add("state", {}, 2'000);
  add("write file", {}, 1'500);
  for (const char* contract :
       {"reference", "sharing", "licence", "invoice", "evidence", "evidence 16 KiB"}) {
    for (const char* size : {"1", "30", "500"}) {
      add("execute block", {{"contract", contract}, {"transactions", size}},
          size[1] == '\0'  ? 40'000
          : size[0] == '3' ? 11'000
                           : 10'000);
    }
  }
  for (const char* what : {"serve", "client"}) {
    add(what, {{"requests", "separate"}}, 60'000);
    add(what, {{"requests", "64 together"}}, 20'000);
  }
  return measured;
}

inline MachineProfile measured_machine() {
  MachineProfile profile = free_machine();
  profile.id = "measured";
  profile.cores = 2;
  profile.measurements = std::make_shared<const Measurements>(round_measurements());
  return profile;
}

}  // namespace govchain::sim
