#pragma once
// What other threads have for a replica's loop: inputs for its engine, and work that only the loop
// may do because it owns what is touched. In the order in which it came.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "consensus/input.h"

namespace govchain::consensus::node {

class Mailbox {
 public:
  using Task = std::function<void()>;
  using Item = std::variant<Input, Task>;
  using Clock = std::chrono::steady_clock;

  // Messages of peers that wait at most; whoever brings more drops them, as a full socket would.
  explicit Mailbox(size_t message_limit) : message_limit_(message_limit) {}

  void put(Item item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
  }
  void put(std::vector<Input>&& inputs) {
    {
      const std::lock_guard lock(mutex_);
      for (Input& input : inputs) items_.emplace_back(std::move(input));
    }
    inputs.clear();
    filled_.notify_one();
  }
  // False if too many messages wait.
  [[nodiscard]] bool put_message(input::MessageReceived message) {
    {
      const std::lock_guard lock(mutex_);
      if (messages_ >= message_limit_) {
        ++dropped_;
        return false;
      }
      ++messages_;
      items_.emplace_back(Input(std::move(message)));
    }
    filled_.notify_one();
    return true;
  }
  // From now on take() returns at once, and false when nothing is left.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
  }

  // Waits until there is something, or until `deadline` (null: for ever), and appends at most
  // `most` items. False once it is closed and empty.
  [[nodiscard]] bool take(std::optional<Clock::time_point> deadline, size_t most,
                          std::vector<Item>& out) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return closed_ || !items_.empty(); };
    if (deadline) {
      filled_.wait_until(lock, *deadline, ready);
    } else {
      filled_.wait(lock, ready);
    }
    for (; most > 0 && !items_.empty(); --most) {
      if (is_message(items_.front())) --messages_;
      out.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return !closed_ || !items_.empty() || !out.empty();
  }

  [[nodiscard]] size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }
  // Messages that found no room, so far.
  [[nodiscard]] uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  [[nodiscard]] static bool is_message(const Item& item) {
    const Input* const input = std::get_if<Input>(&item);
    return input != nullptr && std::holds_alternative<input::MessageReceived>(*input);
  }

  const size_t message_limit_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Item> items_;
  size_t messages_ = 0;
  uint64_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace govchain::consensus::node
