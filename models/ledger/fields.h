#pragma once
// One description of a record's fields serves its encoding and its decoding, so that the two cannot
// drift apart. A record has
//   template <typename Visitor> void fields(Visitor& visit) { visit(first, second, …); }
// and is laid out in that order by the canonical codec (consensus/codec.h). Enumerations say their
// last value through last_value(E), found by argument-dependent lookup, so that decoding refuses
// what was never declared: decode(bytes) succeeds only for bytes that encode() would produce.

#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "consensus/codec.h"
#include "consensus/types.h"

namespace govchain::models {

// Longest run of bytes in a field, and most elements of a list.
inline constexpr uint32_t kMaxFieldBytes = 64U << 10U;
inline constexpr uint32_t kMaxFieldElements = 4'096;

class FieldWriter {
 public:
  explicit FieldWriter(std::vector<uint8_t>& out) : writer_(out) {}
  template <typename... Fields>
  void operator()(Fields&... fields) {
    (put(fields), ...);
  }

 private:
  template <typename Tag>
  void put(consensus::Ordinal<Tag> value) {
    writer_.ordinal(value);
  }
  void put(consensus::ReplicaId value) { writer_.replica(value); }
  void put(bool value) { writer_.u8(value ? 1 : 0); }
  void put(uint8_t value) { writer_.u8(value); }
  void put(uint16_t value) { writer_.u16(value); }
  void put(uint32_t value) { writer_.u32(value); }
  void put(uint64_t value) { writer_.u64(value); }
  void put(int64_t value) { writer_.i64(value); }
  void put(const consensus::Digest& value) { writer_.digest(value); }
  void put(const consensus::PublicKey& value) { writer_.raw(value.bytes); }
  void put(const consensus::Signature& value) { writer_.signature(value); }
  void put(const std::vector<uint8_t>& value) { writer_.blob(value); }
  template <typename T>
  void put(const std::vector<T>& values) {
    writer_.u32(static_cast<uint32_t>(values.size()));
    for (const T& value : values) put(value);
  }
  template <typename T>
  requires std::is_enum_v<T>
  void put(T value) { writer_.u8(static_cast<uint8_t>(value)); }
  template <typename T>
  requires std::is_class_v<T>
  void put(const T& value) {
    // fields() is written once for both directions; the writer only reads through it.
    const_cast<T&>(value).fields(*this);
  }

  consensus::Writer writer_;
};

class FieldReader {
 public:
  explicit FieldReader(consensus::Reader& reader) : reader_(reader) {}
  template <typename... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }

 private:
  template <typename Tag>
  void get(consensus::Ordinal<Tag>& value) {
    value = reader_.ordinal<consensus::Ordinal<Tag>>();
  }
  void get(consensus::ReplicaId& value) { value = reader_.replica(); }
  void get(bool& value) {
    const uint8_t byte = reader_.u8();
    if (byte > 1) reader_.fail();
    value = byte == 1;
  }
  void get(uint8_t& value) { value = reader_.u8(); }
  void get(uint16_t& value) { value = reader_.u16(); }
  void get(uint32_t& value) { value = reader_.u32(); }
  void get(uint64_t& value) { value = reader_.u64(); }
  void get(int64_t& value) { value = reader_.i64(); }
  void get(consensus::Digest& value) { value = reader_.digest(); }
  void get(consensus::Signature& value) { value = reader_.signature(); }
  void get(consensus::PublicKey& value) {
    const std::span<const uint8_t> bytes = reader_.raw(value.bytes.size());
    for (size_t i = 0; i < bytes.size(); ++i) value.bytes[i] = bytes[i];
  }
  void get(std::vector<uint8_t>& value) {
    const std::span<const uint8_t> bytes = reader_.blob(kMaxFieldBytes);
    value.assign(bytes.begin(), bytes.end());
  }
  template <typename T>
  void get(std::vector<T>& values) {
    const uint32_t count = reader_.count(kMaxFieldElements, 1);
    values.clear();
    for (uint32_t i = 0; i < count && reader_.ok(); ++i) get(values.emplace_back());
  }
  template <typename T>
  requires std::is_enum_v<T>
  void get(T& value) {
    const uint8_t byte = reader_.u8();
    if (byte > static_cast<uint8_t>(last_value(T{}))) reader_.fail();
    value = static_cast<T>(byte);
  }
  template <typename T>
  requires std::is_class_v<T>
  void get(T& value) { value.fields(*this); }

  consensus::Reader& reader_;
};

template <typename Record>
void encode_fields(const Record& record, std::vector<uint8_t>& out) {
  FieldWriter writer(out);
  const_cast<Record&>(record).fields(writer);
}
template <typename Record>
[[nodiscard]] std::vector<uint8_t> encode_fields(const Record& record) {
  std::vector<uint8_t> out;
  encode_fields(record, out);
  return out;
}
// Reads one record and leaves what follows; check in.ok().
template <typename Record>
[[nodiscard]] Record read_fields(consensus::Reader& in) {
  Record record;
  FieldReader reader(in);
  record.fields(reader);
  return record;
}
// The whole of `bytes` is one record, or nothing.
template <typename Record>
[[nodiscard]] std::optional<Record> decode_fields(std::span<const uint8_t> bytes) {
  consensus::Reader in(bytes);
  auto record = read_fields<Record>(in);
  if (!in.finished()) return std::nullopt;
  return record;
}

}  // namespace govchain::models
