#include "consensus/node/client/proofs.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "consensus/codec.h"
#include "consensus/node/client/bytes_text.h"
#include "consensus/node/client/client_json.h"
#include "consensus/node/client/responses.h"

namespace govchain::consensus::node {

namespace {

using nlohmann::json;

HttpResponse not_covered() {
  HttpResponse response =
      error_response(503, "no checkpoint covers it yet", "a later time: the next checkpoint");
  response.retry_after = 1;
  return response;
}

json new_proof() { return {{"govchain_proof", kProofFormat}}; }

json block_json(const StoredBlock& stored) {
  std::vector<uint8_t> header;
  std::vector<uint8_t> certificate;
  Writer header_writer(header);
  Writer certificate_writer(certificate);
  encode_block_by_digest(*stored.block, header_writer);
  encode_certificate(*stored.certificate, certificate_writer);
  return {{"encoded", to_hex(header)}, {"certificate", to_hex(certificate)}};
}

}  // namespace

void Proofs::of_transaction(const Digest& payload, uint32_t transaction,
                            HttpHandler::Respond respond) {
  Answer known;
  desk_.look_up(payload, Duration::zero(), [&](const Answer& answer) { known = answer; });
  if (known.outcome != Outcome::kFinal) {
    return respond(error_response(404, "no final payload of this id here",
                                  "the id of one that is final and remembered"));
  }
  const std::optional<FinalBlocks::Whole> whole = desk_.block(*known.height);
  if (!whole) {
    return respond(error_response(404, "its block is not whole here any more",
                                  "another replica, or an earlier time"));
  }
  ProofWanted wanted;
  wanted.payload = whole->stored.block->payloads.at(known.index);
  wanted.transaction = transaction;
  const Checkpoint checkpoint = desk_.view().checkpoint;
  if (checkpoint.certificate && checkpoint.height >= whole->stored.block->height) {
    wanted.checkpoint = checkpoint;
  }
  json proof = new_proof();
  if (whole->stored.certificate) {
    proof["block"] = block_json(whole->stored);
    proof["payload"] = {{"index", known.index},
                        {"payload_base64", to_base64(wanted.payload->bytes)}};
  }
  const Epoch last = std::max(whole->stored.block->epoch, wanted.checkpoint.epoch);
  lead_from_genesis(last, std::move(wanted), std::move(proof), std::move(respond));
}

void Proofs::of_record(std::vector<uint8_t> key, HttpHandler::Respond respond) {
  ProofWanted wanted;
  wanted.checkpoint = desk_.view().checkpoint;
  wanted.key = std::move(key);
  if (!wanted.checkpoint.certificate) return respond(not_covered());
  const Epoch last = wanted.checkpoint.epoch;
  lead_from_genesis(last, std::move(wanted), new_proof(), std::move(respond));
}

// With the changes that ended the epochs before the last one in which anything of it was signed.
void Proofs::lead_from_genesis(Epoch last, ProofWanted wanted, json proof,
                               HttpHandler::Respond respond) {
  if (last == Epoch()) return ask(std::move(wanted), std::move(proof), std::move(respond));
  desk_.membership_changes([this, last, wanted = std::move(wanted), proof = std::move(proof),
                            respond](const std::vector<StoredBlock>& changes) {
    json whole = proof;
    for (const StoredBlock& change : changes) {
      if (change.block->epoch < last) whole["memberships"].push_back(block_json(change));
    }
    ask(wanted, std::move(whole), respond);
  });
}

void Proofs::ask(ProofWanted wanted, json proof, HttpHandler::Respond respond) {
  auto run = [this, respond, wanted = std::move(wanted), proof = std::move(proof)](
                 const Application& state, Height /*height*/) {
    // What the service forgot to check must not end the replica.
    try {
      const Result<json> made = queries_.prove(state, wanted);
      if (!made && made.error().code == ErrorCode::kExhausted) return respond(not_covered());
      if (!made) return respond(query_error_response(made.error()));
      json whole = proof;
      whole.update(*made);
      const bool is_covered = whole.contains("receipt") || whole.contains("record");
      if (is_covered) whole["checkpoint"] = to_json(wanted.checkpoint);
      if (!is_covered && !whole.contains("block")) return respond(not_covered());
      respond(json_response(200, whole));
    } catch (const std::exception& failure) {
      respond(error_response(500, std::string("the proof failed: ") + failure.what(),
                             "a final payload, or a record"));
    }
  };
  desk_.read(ReadConsistency::kLocal, timeout_, std::move(run),
             [respond](ReadFailure failure) { respond(read_failure_response(failure)); });
}

}  // namespace govchain::consensus::node
