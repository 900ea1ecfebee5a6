#pragma once
// A file of the operating system, closed when it goes out of scope, and the few things done to
// small files.

#include <string>
#include <string_view>
#include <utility>

#include "consensus/result.h"

namespace govchain::consensus::node {

class Descriptor {
 public:
  Descriptor() = default;
  // Takes over; a negative number is none.
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  explicit operator bool() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_ = -1;
};

// What errno says: kNotFound, kExhausted or kIo.
[[nodiscard]] Error system_error(const std::string& action, const std::string& path);
// From the present position, and durable.
[[nodiscard]] Status write_all(const Descriptor& file, std::string_view text,
                               const std::string& path);
// To the end; kInvalid if that is more than `limit` bytes.
[[nodiscard]] Result<std::string> read_all(const Descriptor& file, size_t limit,
                                           const std::string& path);
// Another name's content replaced in one step, durable when it returns.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view text);
[[nodiscard]] Result<std::string> read_file(const std::string& path, size_t limit);

}  // namespace govchain::consensus::node
