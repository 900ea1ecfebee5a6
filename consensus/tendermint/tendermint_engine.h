#pragma once
// The engine behind make_tendermint: drives the pure parts (driver.h) with what arrives, and
// carries out what they say. engine.cpp has rounds and timers, proposals.cpp and votes.cpp the
// messages, catch_up.cpp what is said again, recovery.cpp the log.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "consensus/chain/chain_engine.h"
#include "consensus/tendermint/driver.h"
#include "consensus/tendermint/engine.h"
#include "consensus/tendermint/messages.h"
#include "consensus/tendermint/mutant.h"
#include "consensus/tendermint/proposer_schedule.h"
#include "consensus/tendermint/records.h"

namespace govchain::consensus::tendermint {

class TendermintEngine final : public chain::ChainEngine {
 public:
  TendermintEngine(const EngineConfig& config, const chain::ChainSettings& settings,
                   RecoveredState recovered);
  [[nodiscard]] std::unique_ptr<Engine> clone() const override;

 private:
  static constexpr uint32_t kProposeTimer = kFirstProtocolTimer;
  static constexpr uint32_t kPrevoteTimer = kFirstProtocolTimer + 1;
  static constexpr uint32_t kPrecommitTimer = kFirstProtocolTimer + 2;
  // Proposals of later rounds that are kept: whoever is further behind is sent them again.
  static constexpr Round kFutureProposals = 4;

  // A proposal that is here, its signature good.
  struct HeldProposal {
    Round round = 0;
    Round valid_round = kNoRound;
    MessageRef message;
    BlockRef block;
    Ticket after;        // one's own: durable with it
    bool shown = false;  // to somebody who voted for another block
  };
  // A record of this height that holds a block.
  struct LoggedBody {
    BlockRef block;
    Ticket ticket;
  };
  // What this replica said at this height, as its log has it.
  struct OwnVote {
    VoteType type = VoteType::kPrevote;
    Round round = 0;
    ValueId value;
    Ticket ticket;
  };
  struct OwnProposal {
    Round round = 0;
    Round valid_round = kNoRound;
    BlockRef block;
    Ticket ticket;
  };

  // --- engine.cpp
  void begin_protocol() override;
  void advance() override;
  void on_timer(uint32_t timer) override;
  [[nodiscard]] View view() const override { return view_of(driver_.state().round); }
  [[nodiscard]] uint32_t leader() const override;
  [[nodiscard]] bool in_view_change() const override { return false; }
  void on_epoch_changed() override;
  void on_committed(const BlockRef& block, const CertificateRef& certificate) override;
  void on_state_installed() override;
  [[nodiscard]] bool proves_commit(const Certificate& certificate, const Block& block,
                                   const Membership& members) const override;
  [[nodiscard]] Height may_be_committed() const override;
  [[nodiscard]] bool agreement_waits() const override;
  [[nodiscard]] Duration patience_limit() const override;
  [[nodiscard]] Height height() const { return committed().next(); }
  [[nodiscard]] bool is_open() const { return !epoch_end() || height() <= *epoch_end(); }
  [[nodiscard]] Duration timeout_of(Timeout timeout, Round round) const;
  void size_tables();
  void begin_height();
  void run_actions();
  void perform(const Action& action);
  void start_round(Round round);
  void schedule(Timeout timeout, Round round);
  void decide(const Action& action);
  [[nodiscard]] bool others_ahead() const;
  [[nodiscard]] bool has_reason_to_go_on() const;

  // --- proposals.cpp
  [[nodiscard]] bool wants(uint32_t sender, const MessageRef& message) override;
  void accept(uint32_t sender, const MessageRef& message) override;
  void append_claims(const Message& message, ClaimList& claims) const override;
  [[nodiscard]] bool is_current(const Message& own) const override;
  void send_own(const MessageRef& message, Ticket after) override;
  void on_payloads_verified(const BlockRef& block, bool valid) override;
  struct KnownPolka {
    Round round = kNoRound;
    BlockRef block;  // null: none is known
  };
  [[nodiscard]] KnownPolka latest_polka() const;
  void propose_if_due();
  void propose(const Action& action);
  void sign_proposal(const OwnProposal& proposal, Ticket after);
  [[nodiscard]] bool wants_proposal(uint32_t sender, const MessageRef& message);
  void accept_proposal(const MessageRef& message);
  [[nodiscard]] Validity judge(const Block& block) const;
  [[nodiscard]] bool payloads_are_verified(const Block& block) const;
  [[nodiscard]] HeldProposal* held(Round round);
  [[nodiscard]] const HeldProposal* held(Round round) const;
  [[nodiscard]] BlockRef find_block(const ValueId& value) const;

  // --- votes.cpp
  [[nodiscard]] bool wants_vote(uint32_t sender, const MessageRef& message);
  void accept_vote(uint32_t sender, const MessageRef& message);
  void accept_second_vote(const VoteCount& count, const Vote& vote);
  void cast_vote(VoteType type, const Action& action);
  void cast_owed_votes();
  void sign_vote(const OwnVote& vote, Ticket after);
  [[nodiscard]] CertificateRef certificate_of(VoteType type, Round round,
                                              const ValueId& value) const;
  void note_valid_value();
  Ticket persist_polka(RecordType type, Round round, const ValueId& value);
  void show_proposal(uint32_t peer, const Vote& vote);
  void blame_for_earlier_round(const Vote& vote);
  [[nodiscard]] bool is_round_in_reach(VoteType type, Round round) const;

  // --- catch_up.cpp
  void encode_standing(std::vector<uint8_t>& out) const override;
  void answer_standing(uint32_t peer, const Message& status, std::span<const uint8_t> standing,
                       bool responder) override;
  [[nodiscard]] bool is_urgent(uint32_t peer, std::span<const uint8_t> standing) const override;
  void ask_for_polka();
  [[nodiscard]] Round wanted_proposal() const;
  [[nodiscard]] Round wanted_polka() const;
  void resend_own_votes(uint32_t peer, Round from);
  void resend_votes(uint32_t peer, const Standing& theirs);
  void resend_proposal(uint32_t peer, Round round, bool responder);
  void resend_polka(uint32_t peer, Round round);
  void forward_vote(uint32_t peer, VoteType type, Round round, uint32_t sender);
  [[nodiscard]] Ticket own_ticket(VoteType type, Round round) const;

  // --- recovery.cpp
  [[nodiscard]] bool read_record(const LogRecordRef& record, Ticket ticket) override;
  [[nodiscard]] bool read_own_vote(const OwnVote& vote);
  [[nodiscard]] bool read_polka(const LogRecord& record, Ticket ticket);
  [[nodiscard]] Ticket logged_at(const Block& block) const override;
  void rewrite_log() override {}  // all that binds is in records of this height
  [[nodiscard]] Ticket needed_from() const override;
  void note_record(Ticket ticket, const BlockRef& block);
  void restore_round();
  void say_again();
  void load_polka(const Certificate& polka);

  // --- inspection.cpp
  void describe(EngineStatus& status) const override;
  void encode_protocol_state(Writer& out) const override;
  [[nodiscard]] Bytes protocol_memory() const override;
  [[nodiscard]] bool is_sent_before_durable() const override {
    return planted(Mutant::kSentBeforeDurable);
  }
  [[nodiscard]] bool is_duplicate_ordered() const override {
    return planted(Mutant::kDuplicateNotSuppressed);
  }
  [[nodiscard]] bool is_acknowledged_early() const override {
    return planted(Mutant::kAcknowledgedBeforeDurable);
  }
  [[nodiscard]] bool is_unknown_version_followed() const override {
    return planted(Mutant::kUnknownVersionFollowed);
  }

  ProposerSchedule schedule_;  // of the epoch
  Driver driver_;
  std::vector<Action> actions_;  // of the input under way
  bool running_ = false;

  // Of the height under way.
  std::vector<HeldProposal> held_;  // ascending by round
  BlockRef valid_block_;            // of the valid value (lines 42-43)
  BlockRef new_block_;              // line 18's answer, in the present round
  bool value_wanted_ = false;       // line 18 waits for something to propose
  bool parked_ = false;             // the round is over, and nothing asks for another
  std::vector<Action> owed_;        // votes of this round that a full disk holds back
  std::vector<Digest> verified_;    // blocks whose payloads have good signatures
  Ticket first_ticket_;             // of the height's records; 0 if there are none
  std::vector<LoggedBody> bodies_;
  std::vector<OwnVote> own_votes_;
  std::vector<OwnProposal> own_proposals_;
  Round polka_logged_ = kNoRound;
  Round polka_asked_ = kNoRound;    // the round whose proposer was asked what its valid round is
  std::vector<Round> polka_shown_;  // for each peer, the round in which it was shown one
  CertificateRef recovered_polka_;  // of the valid value, until restore_round()
  Round recovered_lock_ = kNoRound;
  ValueId recovered_locked_value_;
};

}  // namespace govchain::consensus::tendermint
