#include "tests/sim/register_history.h"

#include <algorithm>
#include <map>

namespace govchain::sim::test {
namespace {

using Kind = RegisterOperation::Kind;

bool is_read(const RegisterOperation& one) { return one.kind == Kind::kRead; }

// `a` had been answered when `b` was called.
bool before(const RegisterOperation& a, const RegisterOperation& b) {
  return a.returned && *a.returned < b.called;
}

// Times become their ranks, so that no two are equal.
void make_distinct(History& history, RandomStream& random) {
  struct Mark {
    uint64_t time = 0;
    uint64_t tie = 0;
    uint64_t* place = nullptr;
  };
  std::vector<Mark> marks;
  for (RegisterOperation& one : history) {
    // Of equal times a call comes first: what was concurrent stays so.
    marks.push_back({one.called * 2, random.next(), &one.called});
    if (one.returned) marks.push_back({*one.returned * 2 + 1, random.next(), &*one.returned});
  }
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
    return std::pair(a.time, a.tie) < std::pair(b.time, b.tie);
  });
  for (size_t rank = 0; rank < marks.size(); ++rank) *marks[rank].place = rank + 1;
}

}  // namespace

History draw_history(RandomStream& random, uint64_t operations) {
  constexpr uint64_t kMoment = 100;  // between two moments
  const uint64_t overlap = random.below(6) * kMoment / 2;
  const auto reach = [&] { return random.below(overlap + 1); };
  History history;
  uint64_t held = 0;
  for (uint64_t i = 1; i <= operations; ++i) {
    const uint64_t moment = (i + 6) * kMoment;
    RegisterOperation one{Kind::kRead, held, moment - reach(), moment + reach()};
    if (random.chance(0.4)) {
      one.kind = Kind::kWrite;
      one.value = i;
      if (random.chance(0.15)) one.returned.reset();
      // Of those that are not answered half have no effect.
      if (one.returned || random.chance(0.5)) held = i;
    }
    history.push_back(one);
  }
  make_distinct(history, random);
  return history;
}

bool is_linearizable_by_zones(const History& history) {
  struct Zone {
    uint64_t first_return = UINT64_MAX;
    uint64_t last_call = 0;
    uint64_t written = UINT64_MAX;  // when its write was called
    bool read = false;
  };
  std::map<uint64_t, Zone> zones;
  zones[0] = {0, 0, 0, false};  // what a register holds at first
  for (const RegisterOperation& one : history) {
    Zone& zone = zones[one.value];
    if (one.returned) zone.first_return = std::min(zone.first_return, *one.returned);
    zone.last_call = std::max(zone.last_call, one.called);
    if (is_read(one)) {
      zone.read = true;
    } else {
      zone.written = one.called;
    }
  }
  for (const RegisterOperation& one : history) {
    if (is_read(one) && *one.returned < zones[one.value].written) return false;
  }
  // Neither answered nor read.
  std::erase_if(zones, [](const auto& one) { return one.second.first_return == UINT64_MAX; });
  for (const auto& [value, zone] : zones) {
    if (zone.first_return >= zone.last_call) continue;
    // The register holds `value` from the first return to the last call at least.
    for (const auto& [other_value, other] : zones) {
      if (other_value == value) continue;
      if (other.first_return < other.last_call) {
        if (other.first_return < zone.last_call && zone.first_return < other.last_call) {
          return false;
        }
      } else if (zone.first_return < other.last_call && other.first_return < zone.last_call) {
        return false;  // all of its operations are called and answered inside
      }
    }
  }
  return true;
}

History change_anything(History history, RandomStream& random) {
  RegisterOperation& one = history[random.below(history.size())];
  const uint64_t what = random.below(is_read(one) ? 5 : 3);
  const uint64_t end = 2 * history.size() + 1;
  if (what == 0) {
    one.called = 1 + random.below(one.returned.value_or(end));
  } else if (what == 1) {
    one.returned = one.called + random.below(end);
  } else if (what == 2 && !is_read(one)) {
    one.returned.reset();
  } else {
    one.value = history[random.below(history.size())].value;
    if (!is_read(one)) return history;
    if (random.chance(0.1)) one.value = 0;
  }
  make_distinct(history, random);
  return history;
}

namespace {

// Finds every place in a history that suits a kind of spoiling, and spoils some of them.
class Spoiler {
 public:
  Spoiler(const History& history, size_t most, RandomStream& random)
      : history_(history), most_(most), random_(random) {
    // What was there before anything was written counts as written and answered before all.
    writes_.push_back({Kind::kWrite, 0, 0, 0});
    for (const RegisterOperation& one : history) {
      (is_read(one) ? reads_ : writes_).push_back(one);
    }
  }

  [[nodiscard]] std::vector<History> spoil(Spoiling how) {
    find(how);
    return std::move(spoilt_);
  }

 private:
  void find(Spoiling how) {
    switch (how) {
      case Spoiling::kOverwritten:
        return overwritten();
      case Spoiling::kNeverWritten:
        return never_written();
      case Spoiling::kLostWrite:
        return lost_write();
      case Spoiling::kBackInTime:
        return back_in_time();
      case Spoiling::kBackAndForth:
        return back_and_forth();
      case Spoiling::kBeforeCalled:
        return before_called();
    }
  }

  // Every place is drawn with the same probability, without knowing how many there will be.
  template <typename Make>
  void found(Make&& make) {
    ++places_;
    if (spoilt_.size() < most_) {
      spoilt_.push_back(make());
    } else if (const uint64_t slot = random_.below(places_); slot < most_) {
      spoilt_[slot] = make();
    }
  }

  // The old write, then the new one, then the read: one after the other in every order.
  void overwritten() {
    for_writes_in_sequence([&](const RegisterOperation& old, const RegisterOperation& fresh) {
      if (!fresh.returned) return;
      for (const RegisterOperation& read : reads_) {
        if (before(fresh, read)) found([&] { return with_read(history_, read, old.value); });
      }
    });
  }
  void never_written() {
    for (const RegisterOperation& read : reads_) {
      found([&] { return with_read(history_, read, UINT64_MAX - 1); });
    }
  }
  // One of those readers at least called after the answer, and before the write was called there
  // was the old value: nothing but a second write of it could bring it back.
  void lost_write() {
    for_writes_in_sequence([&](const RegisterOperation& old, const RegisterOperation& lost) {
      const bool missed =
          std::any_of(reads_.begin(), reads_.end(), [&](const RegisterOperation& read) {
            return read.value == lost.value && before(lost, read);
          });
      if (!missed) return;
      found([&] {
        History history = history_;
        for (RegisterOperation& one : history) {
          if (is_read(one) && one.value == lost.value) one.value = old.value;
        }
        return history;
      });
    });
  }
  // The first read says that the new write has happened, and that one came after the old one. No
  // answer of a write says anything: only the reads contradict each other.
  void back_in_time() {
    for_writes_in_sequence([&](const RegisterOperation& old, const RegisterOperation& fresh) {
      for (const RegisterOperation& first : reads_) {
        if (first.value != fresh.value) continue;
        for (const RegisterOperation& second : reads_) {
          if (!before(first, second)) continue;
          found(
              [&] { return without_answer(with_read(history_, second, old.value), fresh.value); });
        }
      }
    });
  }
  // What the second read returns came after the one write of what the first returned, and before
  // that same write for the third.
  void back_and_forth() {
    for (const RegisterOperation& first : reads_) {
      for (const RegisterOperation& second : reads_) {
        if (!before(first, second) || first.value == second.value) continue;
        for (const RegisterOperation& third : reads_) {
          if (!before(second, third)) continue;
          found([&] {
            History history = with_read(history_, third, first.value);
            history = without_answer(std::move(history), first.value);
            return without_answer(std::move(history), second.value);
          });
        }
      }
    }
  }
  void before_called() {
    for (const RegisterOperation& write : writes_) {
      for (const RegisterOperation& read : reads_) {
        if (before(read, write)) found([&] { return with_read(history_, read, write.value); });
      }
    }
  }

  template <typename Call>
  void for_writes_in_sequence(Call&& call) {
    for (const RegisterOperation& old : writes_) {
      for (const RegisterOperation& fresh : writes_) {
        if (before(old, fresh)) call(old, fresh);
      }
    }
  }
  static History with_read(History history, const RegisterOperation& read, uint64_t value) {
    for (RegisterOperation& one : history) {
      if (is_read(one) && one.called == read.called) one.value = value;
    }
    return history;
  }
  static History without_answer(History history, uint64_t value) {
    for (RegisterOperation& one : history) {
      if (!is_read(one) && one.value == value) one.returned.reset();
    }
    return history;
  }

  const History& history_;
  size_t most_;
  RandomStream& random_;
  uint64_t places_ = 0;
  std::vector<History> spoilt_;
  std::vector<RegisterOperation> reads_;
  std::vector<RegisterOperation> writes_;
};

}  // namespace

std::vector<History> spoil(const History& history, Spoiling how, size_t most,
                           RandomStream& random) {
  return Spoiler(history, most, random).spoil(how);
}

}  // namespace govchain::sim::test
