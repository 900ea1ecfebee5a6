// A desk that many threads use at once: clients, the replica's loop, the execution thread, time.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/node/client/client_desk.h"
#include "tests/consensus/node/client/fake_replica.h"

namespace govchain::consensus::node {
namespace {

using testing::EmptyApplication;
using testing::FakeReplica;
using testing::finalise;

constexpr int kClients = 3;
constexpr int kSubmissions = 300;

TEST(DeskThreads, AnswerEverySubmissionAndReadOnceAndProposeEachPayloadOnce) {
  FakeReplica replica;
  ClientDesk desk(DeskSettings{});
  desk.attach(replica, Checkpoint{});
  std::atomic<int> answered{0};
  std::atomic<int> final{0};
  std::atomic<int> read{0};
  std::atomic<bool> ending{false};

  std::thread loop([&] {
    size_t ordered = 0;
    uint64_t height = 0;
    while (!ending) {
      const std::vector<PayloadRef> proposed = replica.proposed();
      const std::vector<PayloadRef> next(proposed.begin() + static_cast<std::ptrdiff_t>(ordered),
                                         proposed.end());
      ordered = proposed.size();
      if (!next.empty()) finalise(desk, ++height, next);
      for (const Token token : replica.take_reads()) desk.on_read_ready(token, Height(height));
      for (const auto& looker : replica.take_lookers()) looker(Replica::Look{});
      std::this_thread::yield();
    }
  });
  std::thread execution([&] {
    const EmptyApplication state;
    while (!ending) {
      for (const auto& query : replica.take_queries()) query(state, Height(1));
      std::this_thread::yield();
    }
  });
  std::thread time([&] {
    while (!ending) {
      desk.on_time();
      (void)desk.view();
      (void)desk.block(Height(1));
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < kSubmissions; ++i) {
        // Every other payload is submitted by all of them.
        const std::string text =
            std::to_string(i) + (i % 2 == 0 ? "" : "/" + std::to_string(client));
        desk.submit(std::vector<uint8_t>(text.begin(), text.end()), 1, Duration::seconds(60),
                    [&](const Answer& answer) {
                      if (answer.outcome == Outcome::kFinal) ++final;
                      ++answered;
                    });
        if (i % 10 != 0) continue;
        desk.read(
            i % 20 == 0 ? ReadConsistency::kLocal : ReadConsistency::kLinearizable,
            Duration::seconds(60), [&](const Application&, Height) { ++read; },
            [&](ReadFailure) { ADD_FAILURE() << "a read failed"; });
      }
    });
  }
  for (std::thread& client : clients) client.join();
  constexpr int kReads = kClients * kSubmissions / 10;
  for (int i = 0; i < 60'000 && (answered < kClients * kSubmissions || read < kReads); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ending = true;
  for (std::thread* const thread : {&loop, &execution, &time}) thread->join();
  desk.detach();
  EXPECT_EQ(answered, kClients * kSubmissions);
  EXPECT_EQ(final, kClients * kSubmissions);
  EXPECT_EQ(read, kReads);
  std::map<Digest, int> times;
  for (const PayloadRef& payload : replica.proposed()) ++times[payload->digest];
  EXPECT_EQ(times.size(), static_cast<size_t>(kSubmissions / 2 + kClients * kSubmissions / 2));
  for (const auto& [digest, count] : times) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace govchain::consensus::node
