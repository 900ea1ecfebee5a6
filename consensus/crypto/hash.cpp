#include "consensus/crypto/hash.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <botan/sha2_32.h>
#include <botan/sm3.h>

namespace govchain::consensus {

namespace {

Digest sm3(std::span<const uint8_t> first, std::span<const uint8_t> second) {
  // Botan's hash object allocates its block buffer when made and is ready again after final(), so
  // one per thread serves every call.
  thread_local Botan::SM3 state;
  state.update(first.data(), first.size());
  state.update(second.data(), second.size());
  Digest digest;
  state.final(digest.bytes.data());
  return digest;
}

// Botan's compression uses the processor's own instructions where it has them, and libsodium's does
// not: hashing was two fifths of the work of a simulated HotStuff replica. What is hashed is mostly
// a block or two long, and Botan's own way from there to a digest (buffering, virtual calls,
// wiping) costs as much as the compression; nothing here is secret.
class Sha256 {
 public:
  Sha256() : state_(kInitial.begin(), kInitial.end()) {}
  void update(std::span<const uint8_t> bytes) {
    length_ += bytes.size();
    if (buffered_ > 0) {
      const size_t taken = std::min(kBlock - buffered_, bytes.size());
      buffer(bytes.first(taken));
      bytes = bytes.subspan(taken);
      if (buffered_ < kBlock) return;
      compress(buffer_.data(), 1);
      buffered_ = 0;
    }
    if (const size_t blocks = bytes.size() / kBlock; blocks > 0) {
      compress(bytes.data(), blocks);
      bytes = bytes.subspan(blocks * kBlock);
    }
    buffer(bytes);
  }
  // FIPS 180-4, section 5.1.1: a one bit, zeros, and the length in bits at the end of a block.
  // Ready for the next one afterwards.
  Digest final() {
    buffer_[buffered_++] = 0x80U;
    if (buffered_ > kBlock - sizeof length_) {
      std::memset(buffer_.data() + buffered_, 0, kBlock - buffered_);
      compress(buffer_.data(), 1);
      buffered_ = 0;
    }
    std::memset(buffer_.data() + buffered_, 0, kBlock - buffered_);
    store_big_endian(length_ * 8, &buffer_[kBlock - sizeof length_]);
    compress(buffer_.data(), 1);
    Digest digest;
    for (size_t i = 0; i < kInitial.size(); i += 2) {
      store_big_endian(static_cast<uint64_t>(state_[i]) << 32U | state_[i + 1],
                       &digest.bytes[4 * i]);
    }
    std::copy(kInitial.begin(), kInitial.end(), state_.begin());
    buffered_ = 0;
    length_ = 0;
    return digest;
  }

 private:
  static constexpr size_t kBlock = 64;
  static constexpr std::array<uint32_t, 8> kInitial = {0x6A09E667U, 0xBB67AE85U, 0x3C6EF372U,
                                                       0xA54FF53AU, 0x510E527FU, 0x9B05688CU,
                                                       0x1F83D9ABU, 0x5BE0CD19U};

  static void store_big_endian(uint64_t value, uint8_t* out) {
    for (unsigned i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(value >> (56U - 8U * i));
  }
  void buffer(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    std::memcpy(buffer_.data() + buffered_, bytes.data(), bytes.size());
    buffered_ += bytes.size();
  }
  void compress(const uint8_t* blocks, size_t count) {
    Botan::SHA_256::compress_digest(state_, blocks, count);
  }

  Botan::secure_vector<uint32_t> state_;
  std::array<uint8_t, kBlock> buffer_{};
  size_t buffered_ = 0;
  uint64_t length_ = 0;
};

Digest sha256(std::span<const uint8_t> first, std::span<const uint8_t> second) {
  thread_local Sha256 state;
  state.update(first);
  state.update(second);
  return state.final();
}

}  // namespace

Digest hash(HashAlgorithm algorithm, std::span<const uint8_t> bytes) {
  return hash(algorithm, bytes, {});
}

Digest hash(HashAlgorithm algorithm, std::span<const uint8_t> first,
            std::span<const uint8_t> second) {
  return algorithm == HashAlgorithm::kSm3 ? sm3(first, second) : sha256(first, second);
}

Digest hash_pair(HashAlgorithm algorithm, const Digest& left, const Digest& right) {
  return hash(algorithm, left.bytes, right.bytes);
}

}  // namespace govchain::consensus
