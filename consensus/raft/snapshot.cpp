// Followers that are behind everything that is kept get the state instead (paper §7, dissertation
// §5.3). The leader does not ship it: it names a checkpoint with its proof, and the host obtains
// the snapshot from any peer. With it travel the configuration at that height and the digests of
// payloads ordered lately, so that the follower orders nothing twice if it leads later.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {
namespace {

struct SnapshotBody {
  View term;
  Height window_from;
  Height leader_commit;
  CertificateRef certificate;
  Membership signers;
  ConfigurationEntry configuration;
  std::vector<Digest> committed;
};

void encode_body(const SnapshotBody& body, Message& message) {
  message.body.clear();
  Writer out(message.body);
  out.ordinal(body.term);
  out.ordinal(body.window_from);
  out.ordinal(body.leader_commit);
  encode_certificate(*body.certificate, out);
  encode_membership(body.signers, out);
  encode_entry(body.configuration, out);
  encode_digests(body.committed, out);
}

bool decode_body(const Message& message, SnapshotBody& body) {
  Reader in(message.body);
  body.term = in.ordinal<View>();
  body.window_from = in.ordinal<Height>();
  body.leader_commit = in.ordinal<Height>();
  body.certificate = decode_certificate(in);
  if (!body.certificate) return false;
  body.signers = decode_membership(in);
  body.configuration = decode_entry(in);
  body.committed = decode_digests(in);
  return in.finished();
}

}  // namespace

Ref<Message> RaftEngine::snapshot_message() const {
  const std::optional<View> term = log_.term_at(stable_.height);
  // Nothing to offer yet, or not all that goes with it.
  if (!stable_.certificate || !term || window_load_ != Token()) return {};
  Ref<Message> message = new_message(MessageType::kInstallSnapshot, Lane::kBody, stable_.height);
  message->version = kUniversalVersion;
  message->digest = stable_.state_root;
  const SnapshotBody body{*term,
                          window_from_,
                          commit_,
                          stable_.certificate,
                          configurations_.members_for(stable_.height),
                          configurations_.at(stable_.height),
                          committed_window()};
  encode_body(body, *message);
  return message;
}

void RaftEngine::send_snapshot(NodeId node, Progress& progress) {
  if (progress.witness) {
    send_witness_base(node, progress);
    return;
  }
  Ref<Message> message = snapshot_message();
  if (!message) {
    progress.paused = true;  // the next heartbeats try again
    return;
  }
  progress.become_snapshot(stable_.height.value());
  send(replica_id(node), std::move(message), hard_state_ticket_);
}

MessageRef snapshot_message(const Engine& engine) {
  const auto* raft = dynamic_cast<const RaftEngine*>(&engine);
  GOVCHAIN_ASSERT(raft != nullptr);
  Ref<Message> message = raft->snapshot_message();
  if (!message) return {};
  seal_message(*message);
  return MessageRef(std::move(message));
}

void RaftEngine::on_install_snapshot(ReplicaId from, const Message& message) {
  SnapshotBody body;
  if (witness_ || !decode_body(message, body) || body.term > message.view ||
      body.configuration.height > message.height) {
    ++counters_.malformed;
    return;
  }
  if (message.height <= commit_) {
    ++counters_.stale;
    answer_append(from, commit_);
    return;
  }
  if (transfer_) {
    ++counters_.duplicate;
    return;
  }
  const Checkpoint checkpoint{message.height, message.digest, body.signers.epoch, body.certificate};
  // Members that we know ourselves are not for the leader to say. Those of a later epoch are: a
  // leader only crashes, and we may have been away for any number of changes. Only what is
  // committed is known: an epoch that our log merely announces may have been given to others since.
  const Membership& known = configurations_.at(commit_).members;
  const bool contradicts = body.signers.epoch < known.epoch ||
                           (body.signers.epoch == known.epoch && !(body.signers == known));
  if (contradicts || !is_proof(checkpoint, body.signers)) {
    ++counters_.malformed;
    return;
  }
  ++counters_.accepted;
  if (body.signers.epoch > known.epoch) announce_membership(body.signers, message.height);
  SnapshotTransfer transfer;
  transfer.checkpoint = checkpoint;
  transfer.term = body.term;
  transfer.configuration = std::move(body.configuration);
  transfer.committed = std::move(body.committed);
  transfer.window_from = body.window_from;
  transfer.leader_commit = body.leader_commit;
  transfer_ = std::move(transfer);
  const PendingVerification pending{new_token(), PendingVerification::Kind::kSnapshot,
                                    message.height, from};
  verifications_.push_back(pending);
  sink_->emit(effect::VerifyClaims{pending.token, claims_of(*checkpoint.certificate)});
}

void RaftEngine::on_snapshot_verified(bool valid) {
  if (!transfer_ || transfer_->stage != SnapshotTransfer::Stage::kVerifying) return;
  if (!valid || transfer_->checkpoint.height <= commit_) {
    abandon_transfer();
    return;
  }
  const ConfigurationEntry& configuration = transfer_->configuration;
  if (!knows(configuration.members.version)) {
    return stop_outdated(configuration.height.next(), configuration.members.version);
  }
  transfer_->stage = SnapshotTransfer::Stage::kFetching;
  sink_->emit(effect::FetchState{transfer_->checkpoint});
}

void RaftEngine::abandon_transfer() {
  transfer_.reset();
  const ConfigurationEntry& entry = configurations_.latest();
  announce_membership(entry.height <= commit_ ? entry.members : entry.reachable,
                      entry.height.next());
}

void RaftEngine::on(const input::SnapshotFetched& input) {
  if (!transfer_ || transfer_->stage != SnapshotTransfer::Stage::kFetching ||
      transfer_->checkpoint.height != input.height) {
    return;
  }
  // Meanwhile the log may have caught up by itself. Who leads has no use for it either.
  if (!input.available && leader_ && role_ == Role::kFollower) {
    refuse_append(*leader_, input.height, View());
  }
  if (!input.available || input.height <= commit_ || role_ != Role::kFollower) {
    abandon_transfer();
    return;
  }
  announce_installation();
}

// The record says what the log is after the installation, and is durable before it: after a crash
// the state's height tells whether the installation happened.
void RaftEngine::announce_installation() {
  transfer_->stage = SnapshotTransfer::Stage::kPersisting;
  BaseRecord base{
      transfer_->checkpoint.height, transfer_->term,          transfer_->checkpoint.height.next(),
      transfer_->window_from,       transfer_->configuration, transfer_->committed};
  transfer_->ticket = persist(make_base_record(RecordType::kInstallation, base));
}

void RaftEngine::install_announced_snapshot() {
  if (!transfer_ || transfer_->stage != SnapshotTransfer::Stage::kPersisting ||
      durable_ticket_ < transfer_->ticket) {
    return;
  }
  transfer_->stage = SnapshotTransfer::Stage::kInstalling;
  sink_->emit(effect::InstallSnapshot{transfer_->checkpoint});
}

void RaftEngine::on(const input::SnapshotInstalled& input) {
  if (!transfer_ || transfer_->stage != SnapshotTransfer::Stage::kInstalling ||
      transfer_->checkpoint.height != input.height) {
    return;
  }
  if (input.state_root != transfer_->checkpoint.state_root) {
    stop(true);
    return;
  }
  finish_installation(input.state_root);
}

void RaftEngine::finish_installation(const Digest& root) {
  const SnapshotTransfer transfer = std::move(*transfer_);
  transfer_.reset();
  const Height height = transfer.checkpoint.height;
  std::vector<BlockRef> kept;
  const bool agrees = log_.term_at(height) == transfer.term && log_.last() >= height;
  for (Height at = log_.base().next(); at <= log_.last(); ++at) {
    const BlockRef block = log_.block_at(at);
    if (!block) continue;
    if (at <= height || !agrees) unindex(*block);
    if (at > height && agrees) kept.push_back(block);
  }
  if (agrees) {
    log_.compact(height);
  } else {
    mempool_.release(Height(1));
    log_.reset(height, transfer.term);
  }
  configurations_.reset(planted(Mutant::kSnapshotWithoutConfiguration) ? configurations_.at(commit_)
                                                                       : transfer.configuration);
  for (const BlockRef& block : kept) {
    if (!block->control.empty()) {
      const bool understood = configurations_.append(block->height, block->control);
      GOVCHAIN_ASSERT(understood);
    }
  }
  const Height known = commit_;
  commit_ = emitted_ = execute_sent_ = executed_ = height;
  executed_root_ = root;
  durable_height_ = std::min(std::max(durable_height_, height), log_.last());
  verified_ = std::min(std::max(verified_, height), log_.last());
  stable_ = proven_ = transfer.checkpoint;
  checkpoint_votes_.drop_to(height);
  own_roots_.clear();
  base_ticket_ = transfer.ticket;
  store_from_ = height.next();
  window_load_ = Token();
  window_from_ = transfer.window_from;
  mempool_.restore_committed(transfer.committed);
  settle_refusals_ = transfer.leader_commit;
  if (known.next() < window_from_) refuse_uncertain();
  ++counters_.state_transfers;
  sink_->emit(effect::Metric{MetricId::kStateTransfer, height.value()});
  on_configuration_appended();
  settle_pending();
  if (leader_ && !is_leader()) answer_append(*leader_, height);
}

// Between what we knew and where the window begins nobody can say what was ordered. A payload that
// waited here during that time may have been, and ordering it twice is worse than not at all.
void RaftEngine::refuse_uncertain() {
  mempool_.for_each_pending([&](ReplicaId origin, const PayloadRef& payload, Height) {
    if (origin == config_.self) {
      sink_->emit(effect::Refused{payload, RefusalReason::kDuplicate});
    }
  });
  mempool_.clear_pending();
}

// Clients of this replica whose payloads were ordered in blocks that it will never see are told
// that they were.
void RaftEngine::settle_pending() {
  if (settle_refusals_ == Height() || commit_ < settle_refusals_) return;
  settle_refusals_ = Height();
  std::vector<std::pair<ReplicaId, PayloadRef>> ordered;
  mempool_.for_each_pending([&](ReplicaId origin, const PayloadRef& payload, Height) {
    if (mempool_.is_committed(payload->digest)) ordered.emplace_back(origin, payload);
  });
  for (const auto& [origin, payload] : ordered) {
    mempool_.remove(payload->digest);
    if (origin == config_.self) {
      sink_->emit(effect::Refused{payload, RefusalReason::kDuplicate});
    }
  }
}

}  // namespace govchain::consensus::raft
