#include "consensus/mempool.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/consensus/allocation_counter.h"
#include "tests/consensus/random_objects.h"

namespace govchain::consensus {
namespace {

using testing::RandomSource;

TimePoint at(int64_t milliseconds) {
  return TimePoint::since_start(Duration::milliseconds(milliseconds));
}

PayloadRef payload_of(uint64_t number, uint64_t size = 10, uint32_t transactions = 1) {
  auto payload = Ref<Payload>::make();
  for (unsigned i = 0; i < 8; ++i)
    payload->digest.bytes[i] = static_cast<uint8_t>(number >> (8 * i));
  payload->size = Bytes(size);
  payload->transactions = transactions;
  return payload;
}

BlockRef block_of(const std::vector<PayloadRef>& payloads) {
  auto block = Ref<Block>::make();
  block->payloads = payloads;
  return block;
}

uint64_t number_of(const PayloadRef& payload) {
  uint64_t number = 0;
  for (unsigned i = 0; i < 8; ++i) {
    number |= static_cast<uint64_t>(payload->digest.bytes[i]) << (8 * i);
  }
  return number;
}

std::vector<uint64_t> numbers_of(const std::vector<PayloadRef>& payloads) {
  std::vector<uint64_t> numbers;
  for (const PayloadRef& payload : payloads) numbers.push_back(number_of(payload));
  return numbers;
}

MempoolConfig small_config() {
  MempoolConfig config;
  config.limit = Bytes(1'000);
  config.max_payload_bytes = Bytes(100);
  config.max_payload_transactions = 10;
  config.max_payloads = 40;
  config.committed_window = 16;
  config.seed = 5;
  return config;
}

// The same rules in the plainest form: linear searches over one list.
class NaiveMempool {
 public:
  explicit NaiveMempool(const MempoolConfig& config) : config_(config) {}

  struct Entry {
    PayloadRef payload;
    ReplicaId origin;
    TimePoint added;
    uint64_t height = 0;
    bool ready = true;
    [[nodiscard]] bool waits() const { return ready && height == 0; }
  };

  std::optional<RefusalReason> add(TimePoint now, ReplicaId origin, const PayloadRef& payload,
                                   bool ready) {
    if (payload->size > config_.max_payload_bytes ||
        payload->transactions > config_.max_payload_transactions) {
      return RefusalReason::kOversize;
    }
    if (position(payload->digest) != entries.size() ||
        std::find(window.begin(), window.end(), payload->digest) != window.end()) {
      return RefusalReason::kDuplicate;
    }
    const uint64_t free = config_.limit.count() - bytes();
    uint64_t held = payload->size.count();
    for (const Entry& entry : entries) {
      if (entry.origin == origin) held += entry.payload->size.count();
    }
    // A payload of no bytes takes no share of them; only the number of payloads bounds it.
    const bool needs_room = payload->size > Bytes(0);
    if (entries.size() >= config_.max_payloads || payload->size.count() > free ||
        (needs_room && held > Mempool::kShare * (free - payload->size.count()))) {
      return RefusalReason::kFull;
    }
    if (std::find(turns.begin(), turns.end(), origin) == turns.end()) turns.push_back(origin);
    entries.push_back(Entry{payload, origin, now, 0, ready});
    return std::nullopt;
  }

  std::vector<PayloadRef> select(uint64_t height, uint64_t max_bytes, uint64_t max_transactions) {
    std::vector<PayloadRef> chosen;
    std::optional<size_t> first_passed;
    for (size_t idle = 0; idle < turns.size();) {
      const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.origin == turns[turn] && entry.waits();
      });
      if (found != entries.end() && found->payload->size.count() <= max_bytes &&
          found->payload->transactions <= max_transactions) {
        max_bytes -= found->payload->size.count();
        max_transactions -= found->payload->transactions;
        found->height = height;
        chosen.push_back(found->payload);
        idle = 0;
      } else {
        if (found != entries.end() && !first_passed) first_passed = turn;
        ++idle;
      }
      turn = (turn + 1) % turns.size();
    }
    if (first_passed) turn = *first_passed;
    return chosen;
  }

  void mark(uint64_t height, const std::vector<PayloadRef>& payloads) {
    for (const PayloadRef& payload : payloads) {
      const size_t place = position(payload->digest);
      if (place < entries.size()) entries[place].height = height;
    }
  }
  void make_ready(const Digest& digest, bool ready) {
    const size_t place = position(digest);
    if (place < entries.size()) entries[place].ready = ready;
  }
  void put_back(const Digest& digest) {
    const size_t place = position(digest);
    if (place < entries.size()) entries[place].height = 0;
  }
  void release(uint64_t from) {
    for (Entry& entry : entries) {
      if (entry.height >= from) entry.height = 0;
    }
  }
  void remove(const Digest& digest) {
    const size_t place = position(digest);
    if (place < entries.size()) entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(place));
  }
  void commit(const std::vector<PayloadRef>& payloads) {
    for (const PayloadRef& payload : payloads) {
      remove(payload->digest);
      if (std::find(window.begin(), window.end(), payload->digest) != window.end()) continue;
      window.push_back(payload->digest);
      if (window.size() > config_.committed_window) window.pop_front();
    }
  }
  [[nodiscard]] uint64_t bytes() const {
    uint64_t total = 0;
    for (const Entry& entry : entries) total += entry.payload->size.count();
    return total;
  }

  std::vector<Entry> entries;
  std::deque<Digest> window;
  std::vector<ReplicaId> turns;
  size_t turn = 0;

 private:
  [[nodiscard]] size_t position(const Digest& digest) const {
    size_t place = 0;
    while (place < entries.size() && entries[place].payload->digest != digest) ++place;
    return place;
  }
  MempoolConfig config_;
};

void expect_same(const Mempool& pool, const NaiveMempool& model) {
  ASSERT_EQ(pool.payloads(), model.entries.size());
  ASSERT_EQ(pool.bytes().count(), model.bytes());
  uint64_t ready = 0;
  uint64_t waiting = 0;
  uint64_t waiting_bytes = 0;
  uint64_t waiting_transactions = 0;
  std::optional<TimePoint> oldest_waiting;
  for (const NaiveMempool::Entry& entry : model.entries) {
    ready += entry.ready ? 1 : 0;
    if (!entry.waits()) continue;
    ++waiting;
    waiting_bytes += entry.payload->size.count();
    waiting_transactions += entry.payload->transactions;
    if (!oldest_waiting) oldest_waiting = entry.added;
  }
  ASSERT_EQ(pool.ready_payloads(), ready);
  ASSERT_EQ(pool.waiting_payloads(), waiting);
  ASSERT_EQ(pool.waiting_bytes().count(), waiting_bytes);
  ASSERT_EQ(pool.waiting_transactions(), waiting_transactions);
  ASSERT_EQ(pool.oldest_waiting(), oldest_waiting);
  ASSERT_EQ(pool.oldest_pending().has_value(), !model.entries.empty());
  if (!model.entries.empty()) {
    ASSERT_EQ(*pool.oldest_pending(), model.entries.front().added);
  }
  const auto oldest_ready = std::find_if(model.entries.begin(), model.entries.end(),
                                         [](const auto& entry) { return entry.ready; });
  ASSERT_EQ(pool.oldest_ready().has_value(), oldest_ready != model.entries.end());
  if (pool.oldest_ready()) {
    ASSERT_EQ(*pool.oldest_ready(), oldest_ready->added);
  }
  size_t place = 0;
  pool.for_each_pending([&](ReplicaId origin, const PayloadRef& payload, Height height) {
    ASSERT_LT(place, model.entries.size());
    EXPECT_EQ(origin, model.entries[place].origin);
    EXPECT_EQ(pool.origin_of(payload->digest), origin);
    EXPECT_EQ(payload, model.entries[place].payload);
    EXPECT_EQ(height.value(), model.entries[place].height);
    ++place;
  });
  ASSERT_EQ(place, model.entries.size());
}

void one_random_operation(RandomSource& random, int64_t now, Mempool& pool, NaiveMempool& model) {
  std::vector<PayloadRef> some;
  const uint64_t height = 1 + random.below(6);
  for (uint64_t i = random.below(4); i > 0; --i) some.push_back(payload_of(random.below(90)));
  switch (random.below(12)) {
    case 0: {
      const uint64_t most_bytes = random.below(300);
      const auto most_transactions = static_cast<uint32_t>(random.below(30));
      std::vector<PayloadRef> chosen;
      pool.select(Height(height), Bytes(most_bytes), most_transactions, chosen);
      ASSERT_EQ(numbers_of(chosen),
                numbers_of(model.select(height, most_bytes, most_transactions)));
      break;
    }
    case 1:
      pool.mark_in_flight(Height(height), some);
      model.mark(height, some);
      break;
    case 2:
      pool.release(Height(height));
      model.release(height);
      break;
    case 3:
      pool.commit(*block_of(some));
      model.commit(some);
      break;
    case 4: {
      const PayloadRef victim = payload_of(random.below(90));
      const size_t before = model.entries.size();
      model.remove(victim->digest);
      ASSERT_EQ(pool.remove(victim->digest), model.entries.size() < before);
      break;
    }
    case 5: {
      const Digest digest = payload_of(random.below(90))->digest;
      const bool ready = random.chance(2);
      pool.make_ready(digest, ready);
      model.make_ready(digest, ready);
      break;
    }
    case 6: {
      const Digest digest = payload_of(random.below(90))->digest;
      pool.put_back(digest);
      model.put_back(digest);
      break;
    }
    default: {
      const PayloadRef payload =
          payload_of(random.below(90), random.below(110), static_cast<uint32_t>(random.below(12)));
      const ReplicaId origin(static_cast<uint32_t>(random.below(4) * 5));
      const bool ready = !random.chance(4);
      ASSERT_EQ(pool.add(at(now), origin, payload, ready),
                model.add(at(now), origin, payload, ready));
    }
  }
}

TEST(Mempool, AgreesWithANaiveModelOverRandomOperations) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    RandomSource random(seed);
    Mempool pool(small_config());
    NaiveMempool model(small_config());
    for (int64_t step = 0; step < 500; ++step) {
      one_random_operation(random, step, pool, model);
      // Not after every step: looking moves the pool's cursors along.
      if (random.chance(5)) expect_same(pool, model);
      if (HasFatalFailure()) FAIL() << "seed " << seed << " step " << step;
    }
    for (uint64_t number = 0; number < 90; ++number) {
      const Digest digest = payload_of(number)->digest;
      ASSERT_EQ(pool.is_committed(digest),
                std::find(model.window.begin(), model.window.end(), digest) != model.window.end());
      ASSERT_EQ(pool.is_pending(digest), static_cast<bool>(pool.find(digest)));
    }
  }
}

TEST(Mempool, CopiesAndTheirFingerprintsStayEqualUnderEqualOperations) {
  RandomSource first_random(99);
  Mempool first(small_config());
  NaiveMempool unused(small_config());
  for (int64_t step = 0; step < 300; ++step)
    one_random_operation(first_random, step, first, unused);
  Mempool second = first;
  NaiveMempool unused_copy = unused;
  RandomSource second_random = first_random;
  const auto state_of = [](const Mempool& pool) {
    std::vector<uint8_t> bytes;
    Writer out(bytes);
    pool.encode_state(out);
    return bytes;
  };
  for (int64_t step = 300; step < 500; ++step) {
    one_random_operation(first_random, step, first, unused);
    one_random_operation(second_random, step, second, unused_copy);
    ASSERT_EQ(state_of(first), state_of(second));
  }
  const std::vector<uint8_t> before = state_of(first);
  ASSERT_EQ(first.add(at(500), ReplicaId(0), payload_of(12'345, 0)), std::nullopt);
  EXPECT_NE(state_of(first), before);
}

// The name holds the place of the payload until its bytes come, and only for the same payload.
TEST(Mempool, TakesTheBytesOfAPayloadThatItKnewByName) {
  Mempool pool(small_config());
  auto name = Ref<Payload>::make();
  name->digest = payload_of(1)->digest;
  name->size = Bytes(10);
  name->named = true;
  ASSERT_FALSE(pool.add(at(0), ReplicaId(0), PayloadRef(std::move(name))).has_value());
  pool.supply(payload_of(1, 11));
  EXPECT_TRUE(pool.find(payload_of(1)->digest)->named);
  const PayloadRef body = payload_of(1, 10);
  pool.supply(body);
  EXPECT_EQ(pool.find(body->digest), body);
  pool.supply(payload_of(2));
  EXPECT_EQ(pool.payloads(), 1U);
}

TEST(Mempool, ServesOriginsInTurnHoweverManyPayloadsOneHas) {
  Mempool pool(small_config());
  for (uint64_t i = 0; i < 6; ++i) ASSERT_FALSE(pool.add(at(0), ReplicaId(1), payload_of(i)));
  for (uint64_t i = 0; i < 2; ++i) ASSERT_FALSE(pool.add(at(0), ReplicaId(2), payload_of(10 + i)));
  ASSERT_FALSE(pool.add(at(0), ReplicaId(3), payload_of(20)));
  std::vector<PayloadRef> batch;
  pool.select(Height(1), Bytes(60), 100, batch);
  EXPECT_EQ(numbers_of(batch), (std::vector<uint64_t>{0, 10, 20, 1, 11, 2}));
  batch.clear();
  pool.select(Height(2), Bytes(100), 100, batch);
  EXPECT_EQ(numbers_of(batch), (std::vector<uint64_t>{3, 4, 5}));
}

TEST(Mempool, GivesTheNextTurnToAnOriginWhosePayloadDidNotFit) {
  Mempool pool(small_config());
  for (uint64_t i = 0; i < 3; ++i) ASSERT_FALSE(pool.add(at(0), ReplicaId(1), payload_of(i, 60)));
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_FALSE(pool.add(at(0), ReplicaId(2), payload_of(10 + i, 60)));
  }
  std::vector<PayloadRef> batches;
  for (uint64_t height = 1; height <= 4; ++height) {
    pool.select(Height(height), Bytes(100), 100, batches);
  }
  EXPECT_EQ(numbers_of(batches), (std::vector<uint64_t>{0, 10, 1, 11}));
}

TEST(Mempool, ProposesAReleasedPayloadBeforeYoungerOnesOfItsOrigin) {
  Mempool pool(small_config());
  for (uint64_t i = 0; i < 4; ++i) {
    ASSERT_FALSE(pool.add(at(static_cast<int64_t>(i)), ReplicaId(1), payload_of(i)));
  }
  std::vector<PayloadRef> batch;
  pool.select(Height(1), Bytes(10), 100, batch);
  pool.select(Height(2), Bytes(10), 100, batch);
  EXPECT_EQ(pool.oldest_waiting(), at(2));
  EXPECT_EQ(pool.oldest_pending(), at(0));
  pool.release(Height(2));
  EXPECT_EQ(pool.oldest_waiting(), at(1));
  batch.clear();
  pool.select(Height(2), Bytes(100), 100, batch);
  EXPECT_EQ(numbers_of(batch), (std::vector<uint64_t>{1, 2, 3}));
}

TEST(Mempool, LeavesRoomForOthersWhenOneOriginFloods) {
  MempoolConfig config = small_config();
  config.max_payloads = 10'000;
  config.limit = Bytes(9'000);
  Mempool pool(config);
  uint64_t number = 0;
  const auto flood = [&](uint32_t origin) {
    while (!pool.add(at(0), ReplicaId(origin), payload_of(++number))) {
    }
    return pool.bytes().count();
  };
  EXPECT_EQ(flood(1), 8'000U);
  EXPECT_EQ(pool.credit(ReplicaId(1)).count(), 0U);
  EXPECT_GT(pool.credit(ReplicaId(2)).count(), 800U);
  flood(2);
  EXPECT_FALSE(pool.add(at(0), ReplicaId(3), payload_of(++number))) << "a third still gets in";
  EXPECT_LE(pool.bytes(), config.limit);
}

TEST(Mempool, CreditIsExactlyWhatIsStillAdmitted) {
  RandomSource random(8);
  MempoolConfig config = small_config();
  config.max_payload_bytes = config.limit;
  for (int round = 0; round < 500; ++round) {
    Mempool pool(config);
    for (uint64_t i = 0; i < random.below(20); ++i) {
      static_cast<void>(pool.add(at(0), ReplicaId(static_cast<uint32_t>(random.below(3))),
                                 payload_of(i, random.below(200))));
    }
    const ReplicaId origin(static_cast<uint32_t>(random.below(4)));
    const uint64_t credit = pool.credit(origin).count();
    Mempool copy = pool;
    ASSERT_EQ(copy.add(at(0), origin, payload_of(1'000, credit)), std::nullopt);
    ASSERT_EQ(pool.add(at(0), origin, payload_of(1'000, credit + 1)),
              credit + 1 > config.limit.count() ? RefusalReason::kOversize : RefusalReason::kFull);
  }
}

TEST(Mempool, RefusesACommittedPayloadUntilItLeavesTheWindow) {
  Mempool pool(small_config());
  pool.commit(*block_of({payload_of(1)}));
  EXPECT_EQ(pool.add(at(0), ReplicaId(0), payload_of(1)), RefusalReason::kDuplicate);
  for (uint64_t i = 0; i < 15; ++i) pool.commit(*block_of({payload_of(100 + i)}));
  EXPECT_EQ(pool.add(at(0), ReplicaId(0), payload_of(1)), RefusalReason::kDuplicate);
  pool.commit(*block_of({payload_of(200)}));
  EXPECT_EQ(pool.add(at(0), ReplicaId(0), payload_of(1)), std::nullopt);
}

TEST(Mempool, TheCommittedWindowTravelsWithASnapshot) {
  RandomSource random(21);
  Mempool source(small_config());
  for (int i = 0; i < 30; ++i) source.commit(*block_of({payload_of(random.below(60))}));
  std::vector<Digest> window;
  source.for_each_committed([&](const Digest& digest) { window.push_back(digest); });
  ASSERT_EQ(window.size(), small_config().committed_window);
  Mempool target(small_config());
  ASSERT_FALSE(target.add(at(0), ReplicaId(0), payload_of(99)));
  target.restore_committed(window);
  for (uint64_t number = 0; number < 60; ++number) {
    const Digest digest = payload_of(number)->digest;
    ASSERT_EQ(target.is_committed(digest), source.is_committed(digest)) << number;
  }
  EXPECT_TRUE(target.is_pending(payload_of(99)->digest));
  // The oldest leaves first there, too.
  const PayloadRef next = payload_of(1'000);
  source.commit(*block_of({next}));
  target.commit(*block_of({next}));
  EXPECT_FALSE(source.is_committed(window.front()));
  EXPECT_FALSE(target.is_committed(window.front()));
}

TEST(Mempool, AllocatesNothingInSteadyState) {
  MempoolConfig config = small_config();
  config.max_payloads = 1'000;
  Mempool pool(config);
  auto block = Ref<Block>::make();
  uint64_t number = 0;
  const auto one_block = [&] {
    for (uint32_t i = 0; i < 20; ++i) {
      static_cast<void>(pool.add(at(0), ReplicaId(i % 3), payload_of(++number)));
    }
    block->payloads.clear();
    pool.select(Height(1), Bytes(200), 100, block->payloads);
    pool.commit(*block);
  };
  // The window's chunks are remembered for sharing (consensus/shared_digests.h) before they are
  // used again: one is allocated every 256 payloads until some 65,536 have gone by.
  for (int i = 0; i < 20'000; ++i) one_block();
  const testing::AllocationCounter counter;
  for (int i = 0; i < 100; ++i) one_block();
  EXPECT_EQ(counter.count(), 0U);
  EXPECT_TRUE(pool.empty());
}

TEST(DigestIndex, AgreesWithAMapWhateverCollides) {
  RandomSource random(12);
  DigestIndex index(random.next());
  std::map<Digest, uint32_t> model;
  for (uint32_t step = 0; step < 30'000; ++step) {
    // Few distinct keys, so that the table stays small and its runs long.
    const Digest digest = payload_of(random.below(60) << 56U)->digest;
    if (random.chance(2)) {
      if (model.emplace(digest, step).second) index.insert(digest, step);
    } else {
      ASSERT_EQ(index.erase(digest), model.erase(digest) == 1);
    }
    ASSERT_EQ(index.size(), model.size());
    for (uint64_t key = 0; key < 60; key += 7) {
      const Digest probe = payload_of(key << 56U)->digest;
      const auto expected = model.find(probe);
      ASSERT_EQ(index.find(probe),
                expected == model.end() ? std::nullopt : std::optional<uint32_t>(expected->second));
    }
  }
}

}  // namespace
}  // namespace govchain::consensus
