#include "sim/host/run_queue.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "consensus/assert.h"
#include "sim/event_kind.h"

namespace govchain::sim {

Duration RunQueue::slice(uint32_t cores) {
  constexpr uint32_t kMostCount = 8;
  const auto doublings = static_cast<int64_t>(std::bit_width(std::min(cores, kMostCount)) - 1);
  return Duration::microseconds(700) * (1 + doublings);
}

RunQueue::RunQueue(Kernel& kernel, Cpu& cpu, uint32_t first_event, WakeCosts wake)
    : kernel_(kernel),
      cpu_(cpu),
      first_event_(first_event),
      wake_(wake),
      slice_(slice(cpu.cores())),
      cores_(cpu.cores()) {
  GOVCHAIN_ASSERT(cpu.cores() <= kMostCores);
}

Duration WakeCosts::far_after(Duration asleep) const {
  Rested before{Duration::zero(), far};
  for (const Rested& next : rested) {
    if (asleep <= next.asleep) {
      const int64_t width = (next.asleep - before.asleep).nanoseconds();
      const int64_t more = (next.far - before.far).nanoseconds();
      return before.far +
             Duration::nanoseconds(more * (asleep - before.asleep).nanoseconds() / width);
    }
    before = next;
  }
  return before.far;
}

ThreadIndex RunQueue::add(Runnable& work, std::string role, ProcessIndex process, Duration turn) {
  GOVCHAIN_ASSERT(process <= last_process_);
  Thread& thread = threads_.emplace_back();
  thread.work = &work;
  thread.process = process;
  thread.role = std::move(role);
  thread.turn = turn;
  return static_cast<ThreadIndex>(threads_.size() - 1);
}

std::map<std::string, double> RunQueue::shares_by_role() const {
  std::map<std::string, double> shares;
  for (const Thread& thread : threads_) shares[thread.role] += cpu_.share_of(thread.used);
  return shares;
}

// As it is when the work begins: a thread's turn is short.
Duration RunQueue::beside_others(Duration alone) const {
  if (wake_.beside_others == kAlone || cores_.size() < 2) return alone;
  const auto busy = std::count_if(cores_.begin(), cores_.end(),
                                  [](const Core& core) { return core.thread != kNobody; });
  const auto others = static_cast<int64_t>(cores_.size()) - 1;
  const int64_t more = (wake_.beside_others - kAlone) * (busy - 1) / others;
  return alone * (kAlone + more) / kAlone;
}

uint32_t RunQueue::idle_core() const {
  for (uint32_t core = 0; core < cores_.size(); ++core) {
    if (cores_[core].thread == kNobody) return core;
  }
  return UINT32_MAX;
}

void RunQueue::wake(ThreadIndex index) {
  Thread& thread = threads_[index];
  if (thread.state != State::kAsleep || thread.held) return;
  thread.sleepy = true;
  const uint32_t core = idle_core();
  if (core < cores_.size()) return run(core, index, true);
  thread.state = State::kReady;
  ready_.push_back(index);
}

void RunQueue::hold(ThreadIndex index, bool held) {
  Thread& thread = threads_[index];
  thread.held = held;
  if (!held && (thread.begun || thread.work->has_work())) wake(index);
}

void RunQueue::run(uint32_t core, ThreadIndex index, bool is_far) {
  Thread& thread = threads_[index];
  thread.state = State::kRunning;
  cores_[core].thread = index;
  const ProcessIndex before = std::exchange(cores_[core].process, thread.process);
  Duration awakening;
  if (thread.sleepy) {
    awakening = is_far ? wake_.far_after(kernel_.now() - cores_[core].asleep_since) : wake_.near;
  }
  if (before != kNobody && before != thread.process) awakening += wake_.other_process;
  thread.sleepy = false;
  if (!thread.begun) {
    thread.begun = true;
    thread.left = beside_others(thread.work->begin());
  }
  thread.left += awakening;
  if (std::exchange(cores_[core].last, index) != index) thread.left += thread.turn;
  go_on(core, kernel_.now() + (is_far ? wake_.delay : Duration::zero()));
}

void RunQueue::go_on(uint32_t core, TimePoint from) {
  Core& here = cores_[core];
  here.since = from;
  here.until = from + std::min(threads_[here.thread].left, slice_);
  kernel_.schedule(here.until, static_cast<uint32_t>(EventKind::kCore), first_event_ + core);
}

void RunQueue::on_event(uint32_t core) {
  Core& here = cores_[core];
  const ThreadIndex index = here.thread;
  GOVCHAIN_ASSERT(index != kNobody && here.until == kernel_.now());
  threads_[index].used += cpu_.account(here.since, here.until);
  threads_[index].left = threads_[index].left - (here.until - here.since);
  if (threads_[index].left > Duration::zero()) {
    if (ready_.empty() && !threads_[index].held) return go_on(core, here.until);
  } else {
    // Whom it wakes finds this core busy; it may also add threads, so references end here.
    threads_[index].work->end();
    threads_[index].begun = false;
  }
  Thread& thread = threads_[index];
  thread.state = State::kAsleep;
  if (!thread.held && (thread.begun || thread.work->has_work())) {
    thread.state = State::kReady;
    ready_.push_back(index);
  }
  next(core);
}

void RunQueue::next(uint32_t core) {
  while (!ready_.empty()) {
    const ThreadIndex index = ready_.front();
    ready_.pop_front();
    Thread& thread = threads_[index];
    if (thread.held) {
      thread.state = State::kAsleep;
      continue;
    }
    return run(core, index, false);
  }
  cores_[core].thread = kNobody;
  cores_[core].asleep_since = kernel_.now();
}

}  // namespace govchain::sim
