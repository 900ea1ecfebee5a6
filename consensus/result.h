#pragma once
// Result<T>: the value, or what went wrong and where. Everything that a caller can meet is returned
// by value; exceptions are left to the edge of the program, assertions to what must never be.

#include <string>
#include <utility>
#include <variant>

#include "consensus/assert.h"

namespace govchain::consensus {

enum class ErrorCode {
  kInvalid,      // the input breaks a rule that its author can look up
  kMalformed,    // bytes that do not decode
  kNotFound,     // the named thing does not exist
  kUnsupported,  // valid, but not something this build or this protocol does
  kExhausted,    // a named limit was reached
  kIo,           // the operating system said no
  kCorrupt,      // stored data contradicts its own checksum or its own history
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;  // what was found and what was expected
  std::string
      where;  // file:line:column, JSON pointer, record number: whatever leads back to the cause
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::move(value)) {}  // NOLINT(google-explicit-constructor): return value;
  Result(Error error)
      : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor): return error;

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] const T& value() const& {
    GOVCHAIN_ASSERT(ok());
    return std::get<T>(state_);
  }
  [[nodiscard]] T& value() & {
    GOVCHAIN_ASSERT(ok());
    return std::get<T>(state_);
  }
  [[nodiscard]] T&& value() && {
    GOVCHAIN_ASSERT(ok());
    return std::get<T>(std::move(state_));
  }
  [[nodiscard]] const Error& error() const {
    GOVCHAIN_ASSERT(!ok());
    return std::get<Error>(state_);
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};
// For functions that either succeed or explain themselves.
using Status = Result<Nothing>;
inline Status success() { return Status(Nothing{}); }

}  // namespace govchain::consensus
