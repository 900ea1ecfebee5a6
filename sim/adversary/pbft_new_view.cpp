#include "sim/adversary/pbft_new_view.h"

#include <cstddef>

#include "consensus/pbft/messages.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {

consensus::MessageRef new_view_on_few(const consensus::Message& message, Outbox& out) {
  const bool own = message.sender == out.self();
  if (!own || message.protocol != consensus::Protocol::kPbft ||
      message.type != static_cast<uint8_t>(consensus::pbft::MessageType::kNewView)) {
    return {};
  }
  auto body = consensus::pbft::decode_new_view(message.body);
  const size_t few = (out.members().size() - 1) / 3 + 1;
  if (!body || body->view_changes.size() <= few) return {};
  while (body->view_changes.size() > few) {
    const auto unwanted = static_cast<std::ptrdiff_t>(out.random() % body->view_changes.size());
    body->view_changes.erase(body->view_changes.begin() + unwanted);
  }
  auto copy = copy_of(message);
  copy->body.clear();
  consensus::pbft::encode_body(*body, copy->body);
  copy->digest = consensus::hash(out.hash_algorithm(), copy->body);
  return sign_and_seal(std::move(copy), out);
}

}  // namespace govchain::sim
