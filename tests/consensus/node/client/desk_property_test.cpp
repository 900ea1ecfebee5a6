// A desk under random interleavings of all that can happen to it, against a model: every client is
// answered once, what it is told is true, and memory stays within its bounds.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/node/client/client_desk.h"
#include "tests/consensus/node/client/fake_replica.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::RandomSource;
using testing::EmptyApplication;
using testing::FakeReplica;
using testing::make_final;

constexpr uint64_t kPayloads = 40;  // few, so that they are submitted again and again

DeskSettings small_settings() {
  DeskSettings settings;
  settings.max_pending = 8;
  settings.max_pending_bytes = Bytes(400);
  settings.max_checking = 4;
  settings.max_checking_bytes = Bytes(150);
  settings.max_waiters = 12;
  settings.max_reads = 4;
  settings.remembered_failures = 5;
  settings.remembered = {Bytes(3'000), Bytes(6'000)};
  settings.pending_lifetime = Duration::milliseconds(60);
  settings.duplicate_patience = Duration::milliseconds(20);
  return settings;
}

class RandomDesk {
 public:
  explicit RandomDesk(uint64_t seed) : random_(seed) {
    DeskSettings settings = small_settings();
    settings.clock = [this] { return now_; };
    if (random_.chance(2)) {
      settings.recall = [this](const Application&, const Digest& id) {
        std::optional<Answer> answer;
        if (const auto ordered = chain_.find(id); ordered != chain_.end()) {
          answer.emplace();
          answer->height = ordered->second;
        }
        return answer;
      };
    }
    settings.verify_payloads = random_.chance(2);
    desk_ = std::make_unique<ClientDesk>(std::move(settings));
    desk_->attach(replica_, Checkpoint{});
  }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      act();
      check_bounds();
    }
    desk_->detach();
    EXPECT_TRUE(desk_->is_idle());
    EXPECT_EQ(answered_, asked_) << "everybody is answered in the end";
    EXPECT_EQ(reads_answered_, reads_asked_);
  }

 private:
  static PayloadRef payload(uint64_t number) {
    const std::vector<uint8_t> bytes(10 + number, static_cast<uint8_t>(number));
    return make_payload(HashAlgorithm::kSha256, bytes, 1 + static_cast<uint32_t>(number % 3));
  }

  void act() {
    switch (random_.below(13)) {
      case 0:
      case 1:
      case 2:
        return submit();
      case 3:
        return look_up();
      case 4:
      case 5:
        return order();
      case 6:
        return refuse();
      case 7:
        return overtake();
      case 8:
        return read();
      case 11:
        return check();
      case 9:
        for (const auto& query : replica_.take_queries()) {
          query(EmptyApplication(), Height(height_));
        }
        return;
      case 10:
        for (const Token token : replica_.take_reads()) {
          if (random_.chance(3)) {
            desk_->on_read_refused(token);
          } else {
            desk_->on_read_ready(token, Height(height_));
          }
        }
        return;
      default:
        now_ += Duration::milliseconds(static_cast<int64_t>(random_.below(12)));
        desk_->on_time();
        return;
    }
  }

  std::function<void(const Answer&)> expect_answer(const Digest& id) {
    const uint64_t number = asked_++;
    return [this, id, number](const Answer& answer) {
      EXPECT_TRUE(told_.insert(number).second) << "answered twice";
      ++answered_;
      EXPECT_EQ(answer.id, id);
      const auto ordered = chain_.find(id);
      if (answer.outcome == Outcome::kFinal || answer.outcome == Outcome::kOrdered) {
        ASSERT_NE(ordered, chain_.end()) << "told of an order that there is not";
        EXPECT_EQ(answer.height, ordered->second);
      }
    };
  }

  void submit() {
    const uint64_t number = random_.below(kPayloads);
    const PayloadRef wanted = payload(number);
    replica_.set_credit(Bytes(random_.chance(6) ? 15 : 1'000));
    const size_t proposed = replica_.proposed().size();
    const bool was_final = is_final(wanted->digest);
    desk_->submit(wanted->bytes, wanted->transactions, wait(), expect_answer(wanted->digest));
    EXPECT_FALSE(was_final && replica_.proposed().size() > proposed) << "proposed though final";
  }
  void look_up() {
    const Digest id = payload(random_.below(kPayloads))->digest;
    desk_->look_up(id, wait(), expect_answer(id));
  }
  Duration wait() { return Duration::milliseconds(static_cast<int64_t>(random_.below(30))); }

  [[nodiscard]] bool is_final(const Digest& id) {
    bool final = false;
    desk_->look_up(id, Duration::zero(),
                   [&](const Answer& answer) { final = answer.outcome == Outcome::kFinal; });
    return final;
  }

  // In some order, the others later; a third of the payloads is forged whenever it is looked at.
  void check() {
    for (FakeReplica::Check& one : replica_.take_checks()) {
      if (random_.chance(4)) {
        replica_.check(std::move(one.payload), std::move(one.taker));
      } else {
        one.taker(!is_forged(*one.payload));
      }
    }
    if (!desk_->settings().verify_payloads) return;
    for (const PayloadRef& proposed : replica_.proposed()) EXPECT_FALSE(is_forged(*proposed));
  }
  static bool is_forged(const Payload& payload) { return payload.bytes.size() % 3 == 0; }

  // Any that is not in the chain yet, proposed here or not.
  std::vector<PayloadRef> not_ordered() {
    std::vector<PayloadRef> some;
    for (uint64_t i = 0; i < 4; ++i) {
      const PayloadRef one = payload(random_.below(kPayloads));
      if (!chain_.contains(one->digest)) {
        chain_[one->digest] = Height(height_ + 1);
        some.push_back(one);
      }
    }
    return some;
  }
  void order() {
    const auto made = make_final(height_ + 1, not_ordered());
    ++height_;
    desk_->on_final(made.stored, made.receipts);
    // The chain of this test may hold a payload again after a while, or it would soon be over.
    if (chain_.size() > kPayloads - 5) {
      chain_.clear();
      desk_->detach();
      desk_ = restart();
    }
  }
  // A desk that knows nothing, on the same replica.
  std::unique_ptr<ClientDesk> restart() {
    (void)replica_.take_queries();
    (void)replica_.take_reads();
    (void)replica_.take_lookers();
    (void)replica_.take_checks();
    auto next = std::make_unique<ClientDesk>(desk_->settings());
    next->attach(replica_, Checkpoint{});
    return next;
  }
  void refuse() {
    const auto proposed = replica_.proposed();
    if (proposed.empty()) return;
    const auto reason = static_cast<RefusalReason>(random_.below(6));
    desk_->on_refused(proposed[random_.below(proposed.size())], reason);
  }
  void overtake() {
    if (!random_.chance(4)) return;
    (void)not_ordered();
    desk_->on_overtaken(Height(++height_));
  }
  void read() {
    ++reads_asked_;
    const auto consistency =
        random_.chance(2) ? ReadConsistency::kLocal : ReadConsistency::kLinearizable;
    desk_->read(
        consistency, wait(), [this](const Application&, Height) { ++reads_answered_; },
        [this](ReadFailure) { ++reads_answered_; });
  }

  void check_bounds() {
    const ClientDesk::View view = desk_->view();
    const DeskSettings bounds = small_settings();
    EXPECT_LE(view.pending, bounds.max_pending);
    EXPECT_LE(view.pending_bytes, bounds.max_pending_bytes);
    EXPECT_LE(view.checking, bounds.max_checking);
    EXPECT_LE(view.waiters, bounds.max_waiters);
    EXPECT_LE(view.reads, bounds.max_reads);
    // The newest block stays, however large it is.
    EXPECT_LE(view.remembered_bytes, bounds.remembered.blocks + bounds.remembered.answers);
    EXPECT_LE(answered_, asked_);
  }

  RandomSource random_;
  TimePoint now_;
  FakeReplica replica_;
  std::map<Digest, Height> chain_;
  uint64_t height_ = 0;
  uint64_t asked_ = 0;
  uint64_t answered_ = 0;
  uint64_t reads_asked_ = 0;
  uint64_t reads_answered_ = 0;
  std::set<uint64_t> told_;
  std::unique_ptr<ClientDesk> desk_;
};

TEST(DeskProperty, AnswersEverybodyOnceAndTrulyWithinItsBounds) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomDesk(seed).run(300);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace govchain::consensus::node
