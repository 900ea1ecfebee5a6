#include "consensus/node/host/snapshot_thread.h"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/consensus/node/files/temporary_folder.h"
#include "tests/consensus/node/log/forgetful_disk.h"
#include "tests/consensus/node/store/forgetful_file_system.h"

namespace govchain::consensus::node {
namespace {

using ::testing::ElementsAre;
using testing::ForgetfulDisk;
using testing::ForgetfulFileSystem;
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

// A state that says out of which other it was made. It stops where a test says, so that the test
// can see what is done meanwhile.
class MarkedState final : public StateVersion {
 public:
  MarkedState(uint64_t mark, size_t size, std::shared_ptr<std::mutex> gate = nullptr)
      : mark_(mark), state_(state_of(mark, size)), gate_(std::move(gate)) {}
  [[nodiscard]] std::unique_ptr<StateStream> open() const override {
    return std::make_unique<Stream>(*this);
  }
  [[nodiscard]] std::unique_ptr<StateChanges> changes_since(
      const StateVersion* older) const override {
    const uint64_t from = older == nullptr ? 0 : dynamic_cast<const MarkedState&>(*older).mark_;
    return std::make_unique<Changes>(*this, from);
  }

 private:
  class Stream final : public StateStream {
   public:
    explicit Stream(const MarkedState& of)
        : whole_(WholeState(of.state_).open()), gate_(of.gate_) {}
    void read(size_t count, std::vector<uint8_t>& out) override {
      const auto lock = gate_ ? std::unique_lock(*gate_) : std::unique_lock<std::mutex>();
      whole_->read(count, out);
    }

   private:
    std::unique_ptr<StateStream> whole_;
    std::shared_ptr<std::mutex> gate_;
  };
  // One record for each step from state to state: which, and out of which.
  class Changes final : public StateChanges {
   public:
    Changes(const MarkedState& of, uint64_t from) : of_(of), from_(from) {}
    bool write(size_t /*bytes*/, StateWriter& out) override {
      const auto lock = of_.gate_ ? std::unique_lock(*of_.gate_) : std::unique_lock<std::mutex>();
      const auto key = static_cast<uint8_t>(of_.mark_);
      const auto value = static_cast<uint8_t>(from_);
      out.put({&key, 1}, {&value, 1});
      return false;
    }

   private:
    const MarkedState& of_;
    uint64_t from_;
  };

  uint64_t mark_;
  std::vector<uint8_t> state_;
  std::shared_ptr<std::mutex> gate_;
};

class Listener final : public SnapshotListener {
 public:
  void on_snapshot_due(Height height) override {
    const std::lock_guard lock(mutex_);
    due_.push_back(height);
    changed_.notify_all();
  }
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
  [[nodiscard]] bool wait_for_due(size_t states) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return due_.size() >= states; });
  }
  [[nodiscard]] bool wait_for(size_t states) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return written_.size() >= states; });
  }
  [[nodiscard]] bool wait_for_failure() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return failure_.has_value(); });
  }
  [[nodiscard]] std::vector<Height> due() {
    const std::lock_guard lock(mutex_);
    return due_;
  }
  [[nodiscard]] std::vector<Height> written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Height> due_;
  std::vector<Height> written_;
  std::optional<Error> failure_;
};

constexpr SnapshotPolicy kSeldom{.least = Bytes(1'000), .held = 3};
constexpr SnapshotPolicy kAlways{.least = Bytes(0), .held = 3};

class Snapshots : public ::testing::Test {
 protected:
  void TearDown() override { thread_.reset(); }
  [[nodiscard]] std::unique_ptr<RocksStateStore> records() {
    Result<std::unique_ptr<RocksStateStore>> opened =
        RocksStateStore::open(path_, {kOwner, HashAlgorithm::kSha256, environment_.get()});
    EXPECT_TRUE(opened.ok());
    return opened ? std::move(*opened) : nullptr;
  }
  // Has a thread of its own. `written`: mark of the state that it begins with.
  void open(const SnapshotPolicy& policy, std::optional<uint64_t> written = std::nullopt) {
    thread_.reset();
    Result<std::unique_ptr<SnapshotFolder>> folder = SnapshotFolder::open(disk_.open());
    ASSERT_TRUE(folder.ok());
    thread_ = std::make_unique<SnapshotThread>(
        SnapshotParts{records(), std::move(*folder)},
        written ? std::make_shared<MarkedState>(*written, 10) : nullptr, policy, listener_);
  }
  void hold(uint64_t height, size_t size, uint64_t executed) {
    thread_->hold(Height(height), root_of(height), std::make_shared<MarkedState>(height, size),
                  Bytes(executed));
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
  bool stage(uint64_t height, size_t size) {
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<bool> durable;
    thread_->stage(Height(height), root_of(height), std::make_shared<MarkedState>(height, size),
                   [&](const Status& written) {
                     const std::lock_guard lock(mutex);
                     durable = written.ok();
                     answered.notify_all();
                   });
    std::unique_lock lock(mutex);
    EXPECT_TRUE(answered.wait_for(lock, kPatience, [&] { return durable.has_value(); }));
    return durable.value_or(false);
  }
  // All that was asked for is done.
  void settle() { EXPECT_FALSE(part(UINT32_MAX, 0, 1)); }
  // Ends the thread. Height of the state that is there, and its steps: made, and out of which.
  struct Stored {
    std::optional<Height> height;
    std::vector<std::pair<int, int>> steps;
  };
  [[nodiscard]] Stored stored() {
    thread_.reset();
    Stored stored;
    const auto store = records();
    if (store->current()) {
      stored.height = store->current()->height;
      EXPECT_EQ(store->current()->root, root_of(stored.height->value()));
    }
    EXPECT_TRUE(store->visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
      stored.steps.emplace_back(key[0], value[0]);
    }));
    return stored;
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path("state");
  std::shared_ptr<ForgetfulFileSystem> files_ = std::make_shared<ForgetfulFileSystem>();
  std::unique_ptr<rocksdb::Env> environment_ = rocksdb::NewCompositeEnv(files_);
  ForgetfulDisk disk_;
  Listener listener_;
  std::unique_ptr<SnapshotThread> thread_;
};

using Step = std::pair<int, int>;

TEST_F(Snapshots, AreWrittenOnceEnoughWasExecutedSinceTheLast) {
  open(kSeldom);
  hold(1, 10, 999);  // too little
  hold(2, 10, 1);
  ASSERT_TRUE(listener_.wait_for_due(1));
  thread_->allow(Height(2));
  ASSERT_TRUE(listener_.wait_for(1));
  hold(3, 10, 999);
  hold(4, 10, 1);
  ASSERT_TRUE(listener_.wait_for_due(2));
  thread_->allow(Height(4));
  ASSERT_TRUE(listener_.wait_for(2));
  EXPECT_THAT(listener_.due(), ElementsAre(Height(2), Height(4)));
  EXPECT_THAT(listener_.written(), ElementsAre(Height(2), Height(4)));
  const Stored left = stored();
  EXPECT_EQ(left.height, Height(4));
  EXPECT_THAT(left.steps, ElementsAre(Step(2, 0), Step(4, 2)));
}

// A crash could take its checkpoint back, and the records have no other state.
TEST_F(Snapshots, AreNotWrittenBeforeTheyMayBe) {
  open(kAlways);
  hold(1, 10, 0);
  ASSERT_TRUE(listener_.wait_for_due(1));
  thread_->allow(Height(0));
  hold(2, 10, 0);
  thread_->release_below(Height(2));  // but what is due is kept
  settle();
  EXPECT_THAT(listener_.written(), IsEmpty());
  thread_->allow(Height(1));
  ASSERT_TRUE(listener_.wait_for(1));
  EXPECT_THAT(stored().steps, ElementsAre(Step(1, 0)));
}

TEST_F(Snapshots, TheNewestThatMayBeWrittenIs) {
  open(kAlways);
  for (uint64_t height = 1; height <= 3; ++height) hold(height, 10, 0);
  settle();
  thread_->allow(Height(2));
  ASSERT_TRUE(listener_.wait_for(1));
  EXPECT_THAT(stored().steps, ElementsAre(Step(2, 0)));
}

TEST_F(Snapshots, GoOnFromTheStateOfAnEarlierLife) {
  open(kAlways);
  hold(1, 10, 0);
  ASSERT_TRUE(listener_.wait_for_due(1));
  thread_->allow(Height(1));
  ASSERT_TRUE(listener_.wait_for(1));
  open(kAlways, 1);
  hold(2, 10, 0);
  ASSERT_TRUE(listener_.wait_for_due(2));
  thread_->allow(Height(2));
  ASSERT_TRUE(listener_.wait_for(2));
  EXPECT_THAT(stored().steps, ElementsAre(Step(1, 0), Step(2, 1)));
  // One that cannot be used is replaced by a whole one.
  open(kAlways);
  hold(3, 10, 0);
  ASSERT_TRUE(listener_.wait_for_due(3));
  thread_->allow(Height(3));
  ASSERT_TRUE(listener_.wait_for(3));
  EXPECT_THAT(stored().steps, ElementsAre(Step(3, 0)));
}

TEST_F(Snapshots, AreWrittenWholeForAPeerThatAsks) {
  open(kSeldom);
  hold(1, 700'000, 0);
  const std::vector<uint8_t> state = state_of(1, 700'000);
  const auto first = part(1, 0, 300'000);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size, state.size());
  EXPECT_EQ(first->bytes, std::vector<uint8_t>(state.begin(), state.begin() + 300'000));
  const auto second = part(1, 600'000, 300'000);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->bytes, std::vector<uint8_t>(state.begin() + 600'000, state.end()));
  EXPECT_THAT(listener_.written(), IsEmpty());
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
    thread_->hold(Height(1), root_of(1), std::make_shared<MarkedState>(1, 900'000, gate), Bytes(0));
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
  EXPECT_TRUE(part(3, 0, 10));  // as long as somebody reads it
}

TEST_F(Snapshots, AWholeOneGoesWhenNobodyReadsItAnyMore) {
  open(kAlways);
  hold(1, 100, 0);
  ASSERT_TRUE(part(1, 0, 10));
  thread_->release_below(Height(2));
  for (uint64_t height = 2; height <= 6; ++height) {
    ASSERT_TRUE(part(1, 0, 10)) << height;
    hold(height, 100, 0);
    thread_->allow(Height(height));
    ASSERT_TRUE(listener_.wait_for(height - 1));
  }
  ASSERT_TRUE(part(1, 0, 10));
  for (uint64_t height = 7; height <= 11; ++height) {
    hold(height, 100, 0);
    thread_->allow(Height(height));
    ASSERT_TRUE(listener_.wait_for(height - 1));
  }
  EXPECT_FALSE(part(1, 0, 10));
  // Nor are there more than two.
  for (uint64_t height = 10; height <= 11; ++height) ASSERT_TRUE(part(height, 0, 10));
  hold(12, 100, 0);
  ASSERT_TRUE(part(12, 0, 10));
  EXPECT_EQ(disk_.names().size(), 2U);
}

TEST_F(Snapshots, AFullDiskLosesThatStateAndTakesALaterOne) {
  open(kAlways);
  disk_.set_capacity(1'000);
  files_->set_full(true);
  hold(1, 50'000, 0);
  ASSERT_TRUE(listener_.wait_for_due(1));
  thread_->allow(Height(1));
  EXPECT_FALSE(part(1, 0, 10));
  disk_.set_capacity(1U << 20U);
  files_->set_full(false);
  hold(2, 50'000, 0);
  ASSERT_TRUE(listener_.wait_for_due(2));
  thread_->allow(Height(2));
  ASSERT_TRUE(listener_.wait_for(1));
  EXPECT_TRUE(part(2, 0, 10));
  EXPECT_THAT(stored().steps, ElementsAre(Step(2, 0)));
}

TEST_F(Snapshots, ABrokenDiskIsToldAndNobodyWaitsForIt) {
  open(kAlways);
  files_->set_sync_fails(true);
  hold(1, 50'000, 0);
  ASSERT_TRUE(listener_.wait_for_due(1));
  thread_->allow(Height(1));
  EXPECT_TRUE(listener_.wait_for_failure());
  hold(2, 50'000, 0);
  EXPECT_FALSE(part(2, 0, 10));
  EXPECT_THAT(listener_.written(), IsEmpty());
}

// A fetched state is durable before it is the replica's, and what comes later is made out of it.
TEST_F(Snapshots, AFetchedStateIsAdopted) {
  open(kAlways);
  hold(1, 10, 0);
  ASSERT_TRUE(listener_.wait_for_due(1));
  thread_->allow(Height(1));
  ASSERT_TRUE(listener_.wait_for(1));
  EXPECT_TRUE(stage(9, 2'000));
  settle();
  EXPECT_FALSE(part(9, 0, 5'000));
  thread_->adopt();
  const auto got = part(9, 0, 5'000);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bytes, state_of(9, 2'000));
  hold(10, 10, 0);
  ASSERT_TRUE(listener_.wait_for_due(2));
  thread_->allow(Height(10));
  ASSERT_TRUE(listener_.wait_for(2));
  EXPECT_THAT(stored().steps, ElementsAre(Step(9, 0), Step(10, 9)));
}

TEST_F(Snapshots, NoneIsWrittenWhileAFetchedOneWaitsToBeAdopted) {
  open(kAlways);
  EXPECT_TRUE(stage(9, 10));
  hold(1, 10, 0);
  thread_->allow(Height(1));
  settle();
  EXPECT_THAT(listener_.due(), IsEmpty());
  thread_->adopt();
  settle();
  EXPECT_THAT(stored().steps, ElementsAre(Step(9, 0)));
}

// The chain went on without it.
TEST_F(Snapshots, AFetchedStateThatIsOvertakenIsDropped) {
  open(kAlways);
  EXPECT_TRUE(stage(3, 10));
  hold(4, 10, 0);
  ASSERT_TRUE(listener_.wait_for_due(1));
  thread_->allow(Height(4));
  ASSERT_TRUE(listener_.wait_for(1));
  EXPECT_THAT(stored().steps, ElementsAre(Step(4, 0)));
  EXPECT_FALSE(records()->staged());
}

// A fetched state does not wait for what is being written for peers.
TEST_F(Snapshots, AFetchedStateIsWrittenAtOnce) {
  open(kSeldom);
  auto gate = std::make_shared<std::mutex>();
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<bool> durable;
  {
    const std::lock_guard closed(*gate);
    thread_->hold(Height(1), root_of(1), std::make_shared<MarkedState>(1, 900'000, gate), Bytes(0));
    thread_->read_part(Height(1), 0, 10, [](const Result<SnapshotFolder::Part>& /*found*/) {});
    thread_->stage(Height(9), root_of(9), std::make_shared<MarkedState>(9, 2'000),
                   [&](const Status& written) {
                     const std::lock_guard lock(mutex);
                     durable = written.ok();
                     answered.notify_all();
                   });
  }
  std::unique_lock lock(mutex);
  ASSERT_TRUE(answered.wait_for(lock, kPatience, [&] { return durable.has_value(); }));
  EXPECT_TRUE(*durable);
}

}  // namespace
}  // namespace govchain::consensus::node
