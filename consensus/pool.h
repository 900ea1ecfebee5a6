#pragma once
// Reference-counted objects that are recycled instead of freed: messages, blocks, certificates and
// log records live in these, so that a replica in steady state allocates nothing per message.
//
// An object is filled by its maker through a Ref<T>, then shared as Ref<const T> and never written
// again. The count is atomic because a node hands messages to its verification pool. Uncontended
// that costs some five nanoseconds, and a vote is counted six times on its way through a simulated
// replica, so the count is plain while the C library knows of one thread only (which ends before a
// second one begins). Each thread keeps its own free list; an object may be released on another
// thread than the one that made it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

#include "consensus/assert.h"

namespace govchain::consensus {

[[nodiscard]] inline bool is_single_threaded() {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

template <typename T>
class Pool;

// Base of pooled objects. The derived class has recycle(): it drops what the object refers to and
// keeps its capacity.
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  template <typename T>
  friend class Ref;
  void count_up() const {
    if (is_single_threaded()) {
      references_.store(references_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    } else {
      references_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  // True for the last one.
  [[nodiscard]] bool count_down() const {
    if (is_single_threaded()) {
      const uint32_t left = references_.load(std::memory_order_relaxed) - 1;
      references_.store(left, std::memory_order_relaxed);
      return left == 0;
    }
    return references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  mutable std::atomic<uint32_t> references_{0};

 protected:
  ~Counted() = default;
};

template <typename T>
class Ref {
 public:
  Ref() = default;
  Ref(const Ref& other) : object_(other.object_) { acquire(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  // A writable reference becomes a read-only one, never the other way round.
  template <typename U>
  requires(std::is_same_v<const U, T> && !std::is_same_v<U, T>) Ref(Ref<U> other)
      : object_(other.release_ownership()) {}  // NOLINT(google-explicit-constructor)
  ~Ref() { drop(); }
  // Copy and swap: safe for itself.
  Ref& operator=(const Ref& other) {  // NOLINT(bugprone-unhandled-self-assignment)
    Ref copy(other);
    std::swap(object_, copy.object_);
    return *this;
  }
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  explicit operator bool() const { return object_ != nullptr; }
  T& operator*() const {
    GOVCHAIN_ASSERT(object_ != nullptr);
    return *object_;
  }
  T* operator->() const {
    GOVCHAIN_ASSERT(object_ != nullptr);
    return object_;
  }
  [[nodiscard]] T* get() const { return object_; }
  void reset() { *this = Ref(); }
  friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

  // Takes a fresh or recycled object from this thread's pool.
  static Ref make() {
    Ref ref;
    ref.object_ = Pool<std::remove_const_t<T>>::local().take();
    ref.acquire();
    return ref;
  }

 private:
  template <typename U>
  friend class Ref;
  T* release_ownership() { return std::exchange(object_, nullptr); }
  void acquire() {
    if (object_ != nullptr) object_->count_up();
  }
  void drop() {
    if (object_ != nullptr && object_->count_down()) {
      Pool<std::remove_const_t<T>>::local().give(const_cast<std::remove_const_t<T>*>(object_));
    }
  }

  T* object_ = nullptr;
};

// One free list per thread and type. What exceeds kKept is freed, so that a burst does not stay in
// memory for ever.
template <typename T>
class Pool {
 public:
  static constexpr size_t kKept = 16'384;

  static Pool& local() {
    thread_local Pool pool;
    return pool;
  }
  T* take() {
    if (free_.empty()) return new T();
    T* object = free_.back();
    free_.pop_back();
    return object;
  }
  void give(T* object) {
    object->recycle();
    if (closed_ || free_.size() >= kKept) {
      delete object;
    } else {
      free_.push_back(object);
    }
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

 private:
  Pool() = default;
  ~Pool() {
    // Objects that outlive the thread's pool (in other thread-local storage) are freed as they
    // come.
    closed_ = true;
    for (T* object : free_) delete object;
    free_.clear();
  }
  std::vector<T*> free_;
  bool closed_ = false;
};

}  // namespace govchain::consensus
