#pragma once
// One QBFT replica on the base of chains (consensus/chain/chain_engine.h). Its parts:
// normal_case.cpp (Algorithm 2), proposal.cpp (what is proposed and which proposals are valid),
// justification.cpp (Algorithm 4), round_change.cpp (Algorithm 3), catch_up.cpp, recovery.cpp,
// inspection.cpp.

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/chain/chain_engine.h"
#include "consensus/qbft/messages.h"
#include "consensus/qbft/mutant.h"
#include "consensus/qbft/records.h"
#include "consensus/vote_table.h"

namespace govchain::consensus::qbft {

class QbftEngine final : public chain::ChainEngine {
 public:
  QbftEngine(const EngineConfig& config, const chain::ChainSettings& settings,
             RecoveredState recovered);
  QbftEngine(const QbftEngine&) = default;
  QbftEngine& operator=(const QbftEngine&) = delete;
  [[nodiscard]] std::unique_ptr<Engine> clone() const override;

 private:
  static constexpr uint32_t kRoundTimer = kFirstProtocolTimer;  // timer_i of the paper

  // The last ROUND-CHANGE of a member at this height, with its body decoded.
  struct RoundChange {
    MessageRef message;
    RoundChangeBody body;
  };
  // (pr_i, pv_i) with proof and block.
  struct PreparedBlock {
    View round;
    BlockRef block;
    CertificateRef prepares;
    Ticket ticket;
  };
  struct LoggedBody {
    BlockRef block;
    Ticket ticket;
  };
  static constexpr size_t kKeptBodies = 8;  // of this height; older ones are asked for if need be

  // ChainEngine: life
  void begin_protocol() override;
  void advance() override;
  void on_timer(uint32_t timer) override;
  [[nodiscard]] View view() const override { return round_; }
  [[nodiscard]] uint32_t leader() const override { return leader_of(height_, round_); }
  [[nodiscard]] bool in_view_change() const override { return round_ > View(0) && !proposal_; }
  // Messages
  [[nodiscard]] bool wants(uint32_t sender, const MessageRef& message) override;
  void accept(uint32_t sender, const MessageRef& message) override;
  void append_claims(const Message& message, ClaimList& claims) const override;
  [[nodiscard]] bool is_current(const Message& own) const override;
  void on_payloads_verified(const BlockRef& block, bool valid) override;
  // Chain
  [[nodiscard]] bool proves_commit(const Certificate& certificate, const Block& block,
                                   const Membership& members) const override;
  void on_epoch_changed() override { begin_height(); }
  void on_committed(const BlockRef& block, const CertificateRef& certificate) override;
  void on_state_installed() override;
  [[nodiscard]] Height may_be_committed() const override;
  [[nodiscard]] bool agreement_waits() const override;
  [[nodiscard]] Duration patience_limit() const override { return timeout(); }
  // Catch-up
  void encode_standing(std::vector<uint8_t>& out) const override;
  void answer_standing(uint32_t peer, const Message& status, std::span<const uint8_t> standing,
                       bool responder) override;
  // Log
  [[nodiscard]] bool read_record(const LogRecordRef& record, Ticket ticket) override;
  [[nodiscard]] Ticket logged_at(const Block& block) const override;
  void rewrite_log() override {}  // all that binds is of this height, and stays
  [[nodiscard]] Ticket needed_from() const override;
  // Inspection
  void describe(EngineStatus& status) const override;
  void encode_protocol_state(Writer& out) const override;
  [[nodiscard]] Bytes protocol_memory() const override;
  [[nodiscard]] bool is_sent_before_durable() const override;
  [[nodiscard]] bool is_checkpoint_unproven() const override;
  [[nodiscard]] bool is_duplicate_ordered() const override;
  [[nodiscard]] bool is_availability_weak() const override;
  [[nodiscard]] bool is_version_active_at_once() const override;

  // --- normal_case.cpp (Algorithms 1 and 2)
  void begin_height();
  [[nodiscard]] uint32_t leader_of(Height height, View round) const;
  [[nodiscard]] bool has_vote() const { return is_member() && weight_of(self()) > 0; }
  [[nodiscard]] bool wants_vote(uint32_t sender, const MessageRef& message);
  void accept_vote(uint32_t sender, const MessageRef& message);
  [[nodiscard]] VoteTable& votes_of(const Message& message) {
    return message.type == static_cast<uint8_t>(MessageType::kPrepare) ? prepares_ : commits_;
  }
  [[nodiscard]] bool counts(const Message& vote) const {
    return bound_ && vote.view == round_ && vote.digest == bound_->digest;
  }
  void weigh(VoteTable& votes) const;
  [[nodiscard]] uint64_t weight_of_votes(const VoteTable& votes, View round,
                                         const Digest& digest) const;
  [[nodiscard]] CertificateRef make_certificate(const VoteTable& votes, MessageType type,
                                                View round, const Digest& digest) const;
  void vote(MessageType type, Ticket after);
  [[nodiscard]] uint64_t prepare_quorum() const;
  void check_prepared();
  void check_committed(View round, const Digest& digest);
  void check_all_commits();
  void commit_what_was_left(const Message& prepare);

  // --- proposal.cpp
  void propose_if_due();
  void propose(const BlockRef& block, const Justification* justification);
  [[nodiscard]] bool wants_proposal(uint32_t sender, const MessageRef& message);
  [[nodiscard]] bool wants_shown(const MessageRef& message);
  [[nodiscard]] bool is_valid(const Message& message);
  void accept_proposal(uint32_t sender, const MessageRef& message);
  void bind(const MessageRef& message);
  void hold_to(const BlockRef& block, Ticket ticket);
  void keep_body(const BlockRef& block, Ticket ticket);
  void show_proposal();
  void receive_body(const Message& message);
  [[nodiscard]] BlockRef find_body(const Digest& digest) const;
  void want_body(const Digest& digest);
  Ticket persist_here(Ref<LogRecord> record);

  // --- justification.cpp (Algorithm 4)
  [[nodiscard]] uint64_t round_change_quorum() const;
  [[nodiscard]] bool justifies(const Justification& justification, const Message& proposal) const;
  [[nodiscard]] bool is_prepared_proof(const Certificate& prepares, const Prepared& claimed) const;
  [[nodiscard]] Justification justify() const;
  [[nodiscard]] std::optional<Prepared> choose(const Justification& justification) const;
  void append_prepares(const Certificate& prepares, ClaimList& claims) const;
  void append_round_change(const RoundChangeClaim& claim, const Message& proposal,
                           ClaimList& claims) const;

  // --- round_change.cpp (Algorithm 3)
  [[nodiscard]] Duration timeout() const;
  [[nodiscard]] bool something_waits() const;
  void arm_timer();
  void enter_round(View round);
  void change_round(View round);
  void send_round_change();
  [[nodiscard]] bool wants_round_change(uint32_t sender, const MessageRef& message);
  void accept_round_change(uint32_t sender, const MessageRef& message);
  void follow_round_changes();
  [[nodiscard]] uint64_t round_change_weight(View round) const;
  [[nodiscard]] bool quorum_is_here() const;

  // --- catch_up.cpp
  void resend_round(uint32_t peer, const Message& status, const Standing& standing);
  void resend_votes(uint32_t peer, const Message& status, const Standing& standing);

  // --- recovery.cpp
  [[nodiscard]] bool read_proposal_record(const LogRecordRef& record, Ticket ticket);
  [[nodiscard]] bool read_prepared_record(const LogRecordRef& record, Ticket ticket);
  [[nodiscard]] bool read_round_change_record(const LogRecordRef& record, Ticket ticket);
  void say_again();

  Height height_;  // λ_i: the one after committed()
  View round_;     // r_i
  std::optional<PreparedBlock> prepared_;

  // Of this round.
  BlockRef bound_;  // the only block that this replica votes for in it
  Ticket bound_ticket_;
  MessageRef proposal_;           // the leader's, signed
  MessageRef awaiting_payloads_;  // a proposal whose clients' signatures are being verified
  bool shown_ = false;            // everybody has been shown the proposal that was contradicted
  Ticket round_change_ticket_;    // of the ROUND-CHANGE that asked for this round
  bool asked_ = false;            // it entered this round by asking for it
  std::optional<TimePoint> waits_since_;

  // Of this height: the last vote of each kind and the last ROUND-CHANGE of each member, verified.
  VoteTable prepares_;
  VoteTable commits_;
  std::vector<RoundChange> round_changes_;
  std::optional<Digest> wanted_body_;
  BlockRef fetched_body_;
  std::vector<LoggedBody> bodies_;  // accepted in any round, and in the log; ascending by round
  Ticket first_record_;             // of this height; 0: none
  // Read back from the log, until begin_protocol() says it again.
  ProposalRecord recovered_proposal_;

  // Only with Mutant::kCommitAfterRoundChange: what the round before was about.
  View left_round_;
  BlockRef left_;
};

}  // namespace govchain::consensus::qbft
