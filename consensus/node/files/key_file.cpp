#include "consensus/node/files/key_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <sodium.h>

#include "consensus/assert.h"
#include "consensus/node/files/descriptor.h"
#include "consensus/node/files/hexadecimal.h"

namespace govchain::consensus::node {

namespace {

constexpr std::string_view kTitle = "govchain replica key 1";
constexpr std::string_view kScheme = "scheme ";
constexpr std::string_view kSeed = "seed ";
constexpr size_t kLargestFile = 1'024;

Error refusal(const std::string& path, const std::string& message) {
  return Error{ErrorCode::kInvalid, message, path};
}

// The next line without its end; the rest stays in `text`.
std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

Result<ReplicaKey> parse(const std::string& path, std::string_view text) {
  if (take_line(text) != kTitle) {
    return refusal(path + ":1", "expected the line \"" + std::string(kTitle) + "\"");
  }
  ReplicaKey key;
  const std::string_view scheme_line = take_line(text);
  const std::optional<SignatureScheme> scheme =
      scheme_line.starts_with(kScheme) ? parse_scheme(scheme_line.substr(kScheme.size()))
                                       : std::nullopt;
  if (!scheme) return refusal(path + ":2", "expected \"scheme ed25519\" or \"scheme sm2\"");
  key.scheme = *scheme;
  const std::string_view seed_line = take_line(text);
  if (!seed_line.starts_with(kSeed) || !read_hex(seed_line.substr(kSeed.size()), key.seed)) {
    return refusal(path + ":3", "expected \"seed \" and 64 hexadecimal digits in small letters");
  }
  if (!text.empty()) return refusal(path + ":4", "expected the end of the file");
  return key;
}

}  // namespace

std::optional<SignatureScheme> parse_scheme(std::string_view name) {
  for (const SignatureScheme scheme : {SignatureScheme::kEd25519, SignatureScheme::kSm2}) {
    if (name == name_of(scheme)) return scheme;
  }
  return std::nullopt;
}

std::string_view name_of(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kModelled:
      return "modelled";
    case SignatureScheme::kEd25519:
      return "ed25519";
    case SignatureScheme::kSm2:
      return "sm2";
  }
  GOVCHAIN_ASSERT(false);
}

ReplicaKey generate_key(SignatureScheme scheme) {
  const bool ready = sodium_init() >= 0;
  GOVCHAIN_ASSERT(ready);
  ReplicaKey key;
  key.scheme = scheme;
  randombytes_buf(key.seed.data(), key.seed.size());
  return key;
}

Status write_key_file(const std::string& path, const ReplicaKey& key) {
  std::string text(kTitle);
  text += '\n';
  text += kScheme;
  text += name_of(key.scheme);
  text += '\n';
  text += kSeed;
  text += to_hex(key.seed);
  text += '\n';
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file && errno == EEXIST)
    return refusal(path, "there is a key already, which is not replaced");
  if (!file) return system_error("creating the key file", path);
  const Status written = write_all(file, text, path);
  sodium_memzero(text.data(), text.size());
  return written;
}

Result<ReplicaKey> read_key_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("opening the key file", path);
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return system_error("looking at the key file", path);
  if (!S_ISREG(about.st_mode)) return refusal(path, "a key must be in a plain file");
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refusal(path,
                   "others than its owner can use this key: chmod 600 and consider a new one");
  }
  if (about.st_uid != ::geteuid()) {
    return refusal(path, "this key is another user's: run as its owner");
  }
  Result<std::string> text = read_all(file, kLargestFile, path);
  if (!text) return text.error();
  Result<ReplicaKey> key = parse(path, *text);
  sodium_memzero(text->data(), text->size());
  return key;
}

}  // namespace govchain::consensus::node
