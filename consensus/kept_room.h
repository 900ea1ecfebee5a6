#pragma once
// What a pooled object's vectors keep for its next use.

#include <cstddef>
#include <vector>

namespace govchain::consensus {

// Enough for a proposal that carries a certificate of 128 signatures. One that was large once, a
// new view's proof or a state's chunk, must not stay so in the pool for ever.
inline constexpr size_t kKeptRoom = size_t{16} << 10U;

// Empties it; its room stays for the next use if that is at most `kept` bytes.
template <typename T>
void clear_for_reuse(std::vector<T>& vector, size_t kept = kKeptRoom) {
  if (vector.capacity() * sizeof(T) > kept) {
    std::vector<T>().swap(vector);
  } else {
    vector.clear();
  }
}

}  // namespace govchain::consensus
