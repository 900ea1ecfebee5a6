#include "consensus/node/config/members_file.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "consensus/codec.h"
#include "consensus/node/config/endpoint.h"
#include "consensus/node/files/hexadecimal.h"
#include "consensus/protocols.h"

namespace govchain::consensus::node {

namespace {

constexpr uint64_t kFormat = 1;

void read_member(FieldReader in, ListedMembers& listed) {
  Member member;
  member.id = ReplicaId(static_cast<uint32_t>(in.number("replica", 0, UINT32_MAX - 1)));
  in.number("weight", 0, kMaxTotalWeight, member.weight);
  in.word<MemberRole>("role", {{"full", MemberRole::kFull}, {"witness", MemberRole::kWitness}},
                      member.role);
  if (!read_hex(in.text("key"), member.key.bytes)) {
    in.fail("key", "expected 128 hexadecimal digits in small letters");
  }
  const Result<Endpoint> address = parse_endpoint(in.text("address"));
  if (!address) in.fail("address", address.error().message);
  in.finish();
  listed.members.push_back(member);
  if (address) listed.addresses.push_back({member.id, address->host, address->port, {}});
}

// What no single field shows.
void check(FieldReader& in, Protocol protocol, const std::vector<Member>& members) {
  std::set<std::array<uint8_t, 64>> keys;
  uint64_t weight = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    const std::string place = "members/" + std::to_string(i);
    if (i > 0 && members[i].id <= members[i - 1].id) {
      in.fail(place + "/replica", "members stand in ascending order, each once");
    }
    if (!keys.insert(members[i].key.bytes).second) {
      in.fail(place + "/key", "another member has the same key");
    }
    if (members[i].is_witness() && protocol != Protocol::kRaft) {
      in.fail(place + "/role", "only raft has witnesses");
    }
    weight += std::min(members[i].weight, kMaxTotalWeight + 1);
  }
  if (weight == 0) in.fail("members", "somebody must carry weight");
  if (weight > kMaxTotalWeight) {
    in.fail("members", "together they weigh more than " + std::to_string(kMaxTotalWeight));
  }
}

}  // namespace

ListedMembers read_members(FieldReader& in, Protocol protocol) {
  ListedMembers listed;
  for (const FieldReader& member : in.objects("members", kMaxMembers)) read_member(member, listed);
  check(in, protocol, listed.members);
  return listed;
}

nlohmann::ordered_json encode_members(const ListedMembers& listed) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Member& member : listed.members) {
    nlohmann::ordered_json one;
    one["replica"] = member.id.value();
    one["weight"] = member.weight;
    one["role"] = member.is_witness() ? "witness" : "full";
    one["key"] = to_hex(member.key.bytes);
    const auto address =
        std::find_if(listed.addresses.begin(), listed.addresses.end(),
                     [&](const PeerAddress& peer) { return peer.id == member.id; });
    GOVCHAIN_ASSERT(address != listed.addresses.end());
    one["address"] = to_text(Endpoint{address->host, address->port});
    list.push_back(std::move(one));
  }
  return list;
}

Result<MembersFile> read_members_file(const std::string& path, Protocol protocol) {
  const Result<std::unique_ptr<ConfigFile>> file = ConfigFile::read(path);
  if (!file) return file.error();
  MembersFile wanted;
  FieldReader in(**file, (*file)->root(), "");
  (void)in.number("govchain_members", kFormat, kFormat);
  in.number("version", static_cast<uint64_t>(kOldestProtocolVersion),
            static_cast<uint64_t>(kNewestProtocolVersion), wanted.version);
  wanted.listed = read_members(in, protocol);
  in.finish();
  if ((*file)->error()) return *(*file)->error();
  return wanted;
}

std::string encode_members_file(const MembersFile& file) {
  nlohmann::ordered_json root;
  root["govchain_members"] = kFormat;
  root["version"] = static_cast<uint64_t>(file.version);
  root["members"] = encode_members(file.listed);
  return root.dump(2) + "\n";
}

}  // namespace govchain::consensus::node
