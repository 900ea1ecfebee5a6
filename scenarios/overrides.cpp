#include "scenarios/overrides.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "scenarios/diagnostic.h"
#include "scenarios/nearest_name.h"

namespace govchain::scenarios {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

constexpr size_t kMaxExtends = 8;

void merge(JsonNode& base, JsonNode&& over) {
  if (!base.is_object() || !over.is_object()) {
    base = std::move(over);
    return;
  }
  base.at = over.at;
  for (Member& member : over.members) {
    const auto known = std::find_if(base.members.begin(), base.members.end(),
                                    [&](const Member& one) { return one.key == member.key; });
    if (known == base.members.end()) {
      base.members.push_back(std::move(member));
    } else {
      known->key_at = member.key_at;
      merge(known->value, std::move(member.value));
    }
  }
}

std::optional<Member> take(JsonNode& object, std::string_view key) {
  for (auto member = object.members.begin(); member != object.members.end(); ++member) {
    if (member->key != key) continue;
    Member taken = std::move(*member);
    object.members.erase(member);
    return taken;
  }
  return std::nullopt;
}

Error nowhere(const Position& at, const std::string& pointer, std::string message) {
  return to_error({at, pointer, std::move(message), {}, {}});
}

// Puts `value` where the pointer leads.
Status put(JsonNode& root, const Position& at, const std::string& pointer, JsonNode value) {
  const Result<std::vector<std::string>> tokens = pointer_tokens(pointer);
  if (!tokens) return nowhere(at, pointer, tokens.error().message);
  JsonNode* node = &root;
  for (const std::string& token : *tokens) {
    if (node->is_array()) {
      const size_t count = node->elements.size();
      if (token == "-") {
        node->elements.emplace_back().at = at;
        node = &node->elements.back();
        continue;
      }
      const bool digits = !token.empty() && token.size() < 10 &&
                          token.find_first_not_of("0123456789") == std::string::npos;
      if (!digits || std::stoul(token) >= count) {
        return nowhere(at, pointer,
                       fmt::format("no element {}; this list has {}", printable(token), count));
      }
      node = &node->elements[std::stoul(token)];
    } else if (node->is_object()) {
      JsonNode* inner = node->find(token);
      if (inner == nullptr) {
        node->members.push_back({token, at, {}});
        inner = &node->members.back().value;
        inner->type = JsonNode::Type::kObject;
        inner->at = at;
      }
      node = inner;
    } else {
      return nowhere(at, pointer,
                     fmt::format("leads into {}, which has nothing inside", name_of(node->type)));
    }
  }
  *node = std::move(value);
  return consensus::success();
}

Status apply_set(JsonNode& root, Member& set) {
  if (!set.value.is_object()) {
    return nowhere(set.value.at, "/set", "expected an object of JSON pointer to value");
  }
  for (Member& change : set.value.members) {
    Status done = put(root, change.key_at, change.key, std::move(change.value));
    if (!done) return done;
  }
  return consensus::success();
}

class Extender {
 public:
  explicit Extender(std::vector<std::unique_ptr<SourceText>>& sources) : sources_(sources) {}

  Result<JsonNode> read(const std::string& path) {
    Result<std::unique_ptr<SourceText>> source = read_source(path);
    if (!source) return source.error();
    sources_.push_back(*std::move(source));
    open_.push_back(canonical(path));
    Result<JsonNode> parsed = parse_json(*sources_.back());
    if (!parsed) return parsed;
    if (!parsed->is_object()) {
      return nowhere(parsed->at, {},
                     fmt::format("a scenario is an object, not {}", name_of(parsed->type)));
    }
    Result<JsonNode> whole = extend(path, *std::move(parsed));
    open_.pop_back();
    return whole;
  }

 private:
  static std::string canonical(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(path, ignored).string();
  }

  Result<JsonNode> extend(const std::string& path, JsonNode document) {
    std::optional<Member> set = take(document, "set");
    const std::optional<Member> extends = take(document, "extends");
    if (extends) {
      Result<JsonNode> base = base_of(path, extends->value);
      if (!base) return base;
      merge(*base, std::move(document));
      document = *std::move(base);
    }
    if (set) {
      const Status done = apply_set(document, *set);
      if (!done) return done.error();
    }
    return document;
  }

  Result<JsonNode> base_of(const std::string& path, const JsonNode& extends) {
    if (!extends.is_string() || extends.text.empty() ||
        extends.text.find('\0') != std::string::npos) {
      return nowhere(extends.at, "/extends", "expected the name of a scenario file");
    }
    const std::filesystem::path base =
        std::filesystem::path(path).parent_path() / std::filesystem::path(extends.text);
    const std::string name = base.lexically_normal().string();
    if (std::find(open_.begin(), open_.end(), canonical(name)) != open_.end()) {
      return nowhere(extends.at, "/extends",
                     "a cycle: " + printable(name) + " is built on this file itself");
    }
    if (open_.size() >= kMaxExtends) {
      return nowhere(extends.at, "/extends",
                     fmt::format("more than {} files built on each other", kMaxExtends));
    }
    std::error_code ignored;
    if (!std::filesystem::exists(name, ignored)) {
      std::vector<std::string> known;
      for (const auto& entry :
           std::filesystem::directory_iterator(base.lexically_normal().parent_path(), ignored)) {
        known.push_back(entry.path().filename().string());
      }
      std::sort(known.begin(), known.end());
      const auto nearest = nearest_name(base.filename().string(), known);
      return to_error({extends.at,
                       "/extends",
                       "no file " + printable(name),
                       nearest ? "did you mean \"" + printable(*nearest) + "\"?" : "",
                       {}});
    }
    return read(name);
  }

  std::vector<std::unique_ptr<SourceText>>& sources_;
  std::vector<std::string> open_;
};

}  // namespace

Result<Document> read_document(const std::string& path) {
  Document document;
  Result<JsonNode> root = Extender(document.sources).read(path);
  if (!root) return root.error();
  document.root = *std::move(root);
  return document;
}

Status apply_override(Document& document, const std::string& option, const std::string& change) {
  const size_t equals = change.find('=');
  const std::string name = option == "--set" ? option + " " + change : option;
  if (equals == std::string::npos) {
    return Error{ErrorCode::kInvalid, "expected POINTER=VALUE, like /chains/0/replicas=7",
                 printable(name)};
  }
  const std::string pointer = change.substr(0, equals);
  auto source = std::make_unique<SourceText>();
  source->name = name;
  source->text = change.substr(equals + 1);
  source->is_option = true;
  const Position at{source.get(), 1, 1, 1};
  Result<JsonNode> parsed = parse_json(*source);
  JsonNode value;
  if (parsed) {
    value = *std::move(parsed);
  } else {
    const char first = source->text.empty() ? '\0' : source->text[0];
    if (first == '{' || first == '[' || first == '"') return parsed.error();
    value.type = JsonNode::Type::kString;
    value.text = source->text;
    // A word that is no JSON is a string; it must still be text.
    if (printable(value.text) != value.text) {
      return to_error({at, pointer, "the value is not UTF-8 text", {}, {}});
    }
  }
  value.at = at;
  document.sources.push_back(std::move(source));
  if (pointer.empty()) {
    return to_error({at, {}, "expected a JSON pointer before '=', like /seed=7", {}, {}});
  }
  return put(document.root, at, pointer, std::move(value));
}

}  // namespace govchain::scenarios
