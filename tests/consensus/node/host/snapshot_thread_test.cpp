#include "consensus/node/host/snapshot_thread.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/consensus/node/log/forgetful_disk.h"

namespace govchain::consensus::node {
namespace {

using ::testing::ElementsAre;
using testing::ForgetfulDisk;
using ::testing::IsEmpty;

constexpr StorageOwner kOwner{ChainId(7), ReplicaId(2)};
constexpr std::chrono::seconds kPatience{30};

Digest root_of(uint64_t mark) {
  Digest root;
  root.bytes[0] = static_cast<uint8_t>(mark);
  return root;
}

// Every byte says where it is.
std::vector<uint8_t> state_of(uint64_t mark, size_t size) {
  std::vector<uint8_t> state(size);
  for (size_t i = 0; i < size; ++i) state[i] = static_cast<uint8_t>(mark + i * 7 + i / 251);
  return state;
}

// Stops where a test says, so that it can see what is done meanwhile.
class GatedState final : public StateStream {
 public:
  GatedState(std::vector<uint8_t> state, std::shared_ptr<std::mutex> gate)
      : state_(std::move(state)), gate_(std::move(gate)) {}
  void read(size_t count, std::vector<uint8_t>& out) override {
    const std::lock_guard lock(*gate_);
    state_.read(count, out);
  }

 private:
  WholeState state_;
  std::shared_ptr<std::mutex> gate_;
};

class Listener final : public SnapshotListener {
 public:
  void on_snapshot(Height height) override {
    const std::lock_guard lock(mutex_);
    written_.push_back(height);
    changed_.notify_all();
  }
  void on_snapshots_failed(const Error& error) override {
    const std::lock_guard lock(mutex_);
    failure_ = error;
    changed_.notify_all();
  }
  [[nodiscard]] bool wait_for(size_t states) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return written_.size() >= states; });
  }
  [[nodiscard]] bool wait_for_failure() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return failure_.has_value(); });
  }
  [[nodiscard]] std::vector<Height> written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Height> written_;
  std::optional<Error> failure_;
};

constexpr SnapshotPolicy kSeldom{.least = Bytes(1'000), .share = 2, .held = 3};

class Snapshots : public ::testing::Test {
 protected:
  // Has a thread of its own.
  void open(const SnapshotPolicy& policy) {
    thread_.reset();
    Result<std::unique_ptr<SnapshotFolder>> folder = SnapshotFolder::open(disk_.open(), kOwner);
    ASSERT_TRUE(folder.ok());
    thread_ = std::make_unique<SnapshotThread>(std::move(*folder), policy, listener_);
  }
  void hold(uint64_t height, size_t size, uint64_t executed) {
    thread_->hold(Height(height), root_of(height),
                  std::make_unique<WholeState>(state_of(height, size)), Bytes(executed));
  }
  // Asks for a part and waits for it.
  std::optional<SnapshotFolder::Part> part(uint64_t height, uint64_t offset, uint64_t count) {
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;
    std::optional<SnapshotFolder::Part> got;
    thread_->read_part(Height(height), offset, count, [&](Result<SnapshotFolder::Part> found) {
      const std::lock_guard lock(mutex);
      if (found) got = std::move(*found);
      done = true;
      answered.notify_all();
    });
    std::unique_lock lock(mutex);
    EXPECT_TRUE(answered.wait_for(lock, kPatience, [&] { return done; }));
    return got;
  }
  [[nodiscard]] std::vector<Height> on_disk() {
    thread_.reset();
    Result<std::unique_ptr<SnapshotFolder>> folder = SnapshotFolder::open(disk_.open(), kOwner);
    return folder ? (*folder)->heights() : std::vector<Height>{};
  }

  ForgetfulDisk disk_;
  Listener listener_;
  std::unique_ptr<SnapshotThread> thread_;
};

TEST_F(Snapshots, AreWrittenOnceEnoughWasExecutedSinceTheLast) {
  open(kSeldom);
  hold(1, 10'000, 999);  // too little
  hold(2, 10'000, 1);
  ASSERT_TRUE(listener_.wait_for(1));
  hold(3, 10'000, 4'999);  // less than half of the last
  hold(4, 10'000, 1);
  ASSERT_TRUE(listener_.wait_for(2));
  EXPECT_THAT(listener_.written(), ElementsAre(Height(2), Height(4)));
  EXPECT_THAT(on_disk(), ElementsAre(Height(2), Height(4)));
}

// What the newest on the disk is, a thread that begins on it knows.
TEST_F(Snapshots, CountFromTheNewestOfAnEarlierLife) {
  open(kSeldom);
  hold(2, 10'000, 1'000);
  ASSERT_TRUE(listener_.wait_for(1));
  open(kSeldom);
  hold(3, 10'000, 4'999);
  EXPECT_FALSE(part(9, 0, 1));  // and everything before it is done
  EXPECT_THAT(on_disk(), ElementsAre(Height(2)));
}

TEST_F(Snapshots, ThatAreHeldAreWrittenForAPeerThatAsks) {
  open(kSeldom);
  hold(1, 700'000, 0);
  const std::vector<uint8_t> state = state_of(1, 700'000);
  const auto first = part(1, 0, 300'000);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->header.size, state.size());
  EXPECT_EQ(first->header.root, root_of(1));
  EXPECT_EQ(first->bytes, std::vector<uint8_t>(state.begin(), state.begin() + 300'000));
  const auto second = part(1, 600'000, 300'000);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->bytes, std::vector<uint8_t>(state.begin() + 600'000, state.end()));
  EXPECT_THAT(listener_.written(), ElementsAre(Height(1)));
  EXPECT_FALSE(part(2, 0, 10));
}

// The order is what a fetch goes by.
TEST_F(Snapshots, PartsOfAStateBeingWrittenComeInTheOrderOfTheQuestions) {
  open(kSeldom);
  auto gate = std::make_shared<std::mutex>();
  std::vector<uint64_t> offsets;
  std::mutex mutex;
  std::condition_variable answered;
  {
    const std::lock_guard closed(*gate);
    thread_->hold(Height(1), root_of(1), std::make_unique<GatedState>(state_of(1, 900'000), gate),
                  Bytes(1'000));
    for (const uint64_t offset : {500'000ULL, 0ULL, 100'000ULL, 700'000ULL, 300'000ULL}) {
      thread_->read_part(Height(1), offset, 1'000,
                         [&, offset](const Result<SnapshotFolder::Part>& found) {
                           const std::lock_guard lock(mutex);
                           EXPECT_TRUE(found.ok());
                           offsets.push_back(offset);
                           answered.notify_all();
                         });
    }
  }
  std::unique_lock lock(mutex);
  ASSERT_TRUE(answered.wait_for(lock, kPatience, [&] { return offsets.size() == 5; }));
  EXPECT_THAT(offsets, ElementsAre(500'000, 0, 100'000, 700'000, 300'000));
}

TEST_F(Snapshots, ThatNobodyWantsAnyMoreAreNotHere) {
  open(kSeldom);
  for (uint64_t height = 1; height <= 5; ++height) hold(height, 100, 0);
  EXPECT_FALSE(part(2, 0, 10));  // three are held
  ASSERT_TRUE(part(3, 0, 10));
  thread_->release_below(Height(5));
  EXPECT_FALSE(part(4, 0, 10));
  EXPECT_TRUE(part(5, 0, 10));
  thread_->remove_below(Height(5));
  EXPECT_FALSE(part(3, 0, 10));
}

TEST_F(Snapshots, AFullDiskLosesThatStateAndTakesALaterOne) {
  open({.least = Bytes(0), .share = UINT64_MAX, .held = 3});
  disk_.set_capacity(1'000);
  hold(1, 50'000, 0);
  EXPECT_FALSE(part(1, 0, 10));
  disk_.set_capacity(1U << 20U);
  hold(2, 50'000, 0);
  ASSERT_TRUE(listener_.wait_for(1));
  EXPECT_THAT(on_disk(), ElementsAre(Height(2)));
}

TEST_F(Snapshots, ABrokenDiskIsToldAndNobodyWaitsForIt) {
  open({.least = Bytes(0), .share = UINT64_MAX, .held = 3});
  disk_.fail_after(0);
  hold(1, 50'000, 0);
  EXPECT_TRUE(listener_.wait_for_failure());
  hold(2, 50'000, 0);
  EXPECT_FALSE(part(2, 0, 10));
  EXPECT_THAT(listener_.written(), IsEmpty());
}

// A fetched state takes the place of whatever is being written.
TEST_F(Snapshots, AFetchedStateIsWrittenAtOnce) {
  open(kSeldom);
  auto gate = std::make_shared<std::mutex>();
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<bool> durable;
  {
    const std::lock_guard closed(*gate);
    thread_->hold(Height(1), root_of(1), std::make_unique<GatedState>(state_of(1, 900'000), gate),
                  Bytes(1'000));
    thread_->write(Height(9), root_of(9), state_of(9, 2'000), [&](const Status& written) {
      const std::lock_guard lock(mutex);
      durable = written.ok();
      answered.notify_all();
    });
  }
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(answered.wait_for(lock, kPatience, [&] { return durable.has_value(); }));
  }
  EXPECT_TRUE(*durable);
  const auto got = part(9, 0, 5'000);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bytes, state_of(9, 2'000));
  EXPECT_THAT(on_disk(), ElementsAre(Height(9)));
}

}  // namespace
}  // namespace govchain::consensus::node
