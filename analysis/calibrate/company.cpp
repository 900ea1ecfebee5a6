#include "analysis/calibrate/company.h"

#include <sched.h>
#include <unistd.h>

namespace govchain::analysis {

namespace {

// Where the system does not say.
constexpr size_t kUsualCache = 1U << 20U;
constexpr size_t kLine = 64;

size_t second_level() {
  const long size = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
  return size > 0 ? static_cast<size_t>(size) : kUsualCache;
}

}  // namespace

std::vector<int> usable_cores() {
  std::vector<int> cores;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  }
  return cores;
}

void pin_this_thread(int core) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  // The core is one that is allowed, so it is not refused.
  (void)sched_setaffinity(0, sizeof one, &one);
}

Company::Company() : own_(2 * second_level()) {
  for (const int core : usable_cores()) threads_.emplace_back([this, core] { serve(core); });
}

Company::~Company() {
  {
    const std::lock_guard guard(mutex_);
    ends_ = true;
  }
  asked_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Company::walk(Memory& memory) {
  for (size_t at = 0; at < memory.size(); at += kLine) ++memory[at];
}

void Company::sweep_everywhere() {
  std::unique_lock lock(mutex_);
  ++asked_for_;
  busy_ = threads_.size();
  asked_.notify_all();
  done_.wait(lock, [this] { return busy_ == 0; });
}

void Company::serve(int core) {
  pin_this_thread(core);
  Memory memory(2 * second_level());
  uint64_t served = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    asked_.wait(lock, [&] { return ends_ || asked_for_ != served; });
    if (ends_) return;
    served = asked_for_;
    lock.unlock();
    walk(memory);
    lock.lock();
    if (--busy_ == 0) done_.notify_one();
  }
}

}  // namespace govchain::analysis
