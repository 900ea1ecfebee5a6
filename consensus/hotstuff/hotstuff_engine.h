#pragma once
// The engine behind make_hotstuff. Each part stands in a file of its own: proposing.cpp,
// voting.cpp, certificates.cpp (certificates, and what they make final), pacemaker.cpp,
// reception.cpp (what is well-formed), catch_up.cpp, recovery.cpp, inspection.cpp.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "consensus/chain/chain_engine.h"
#include "consensus/digest_index.h"
#include "consensus/hotstuff/engine.h"
#include "consensus/hotstuff/messages.h"
#include "consensus/hotstuff/mutant.h"
#include "consensus/hotstuff/records.h"
#include "consensus/hotstuff/tree.h"
#include "consensus/vote_table.h"

namespace govchain::consensus::hotstuff {

inline constexpr size_t kMaxWanted = 16;    // nodes asked for at a time
inline constexpr size_t kMaxIncoming = 64;  // proposals decoded, whose signatures are under way

class HotstuffEngine final : public chain::ChainEngine {
 public:
  HotstuffEngine(const EngineConfig& config, const HotstuffConfig& settings,
                 RecoveredState recovered);
  [[nodiscard]] std::unique_ptr<Engine> clone() const override;

 protected:
  // --- engine.cpp
  void begin_protocol() override;
  void advance() override;
  [[nodiscard]] View view() const override { return view_; }
  [[nodiscard]] uint32_t leader() const override { return leader_of(view_); }
  [[nodiscard]] bool in_view_change() const override { return promise_.given_up >= view_; }
  void append_claims(const Message& message, ClaimList& claims) const override;
  void accept(uint32_t sender, const MessageRef& message) override;
  [[nodiscard]] bool is_current(const Message& own) const override;
  void send_own(const MessageRef& message, Ticket after) override;
  void on_payloads_verified(const BlockRef& block, bool valid) override;
  void on_epoch_changed() override;
  void on_state_installed() override;

  // --- reception.cpp
  [[nodiscard]] bool wants(uint32_t sender, const MessageRef& message) override;

  // --- certificates.cpp
  [[nodiscard]] bool proves_commit(const Certificate& certificate, const Block& block,
                                   const Membership& members) const override;
  [[nodiscard]] Height proven_height(const Certificate& certificate) const override;
  void on_committed(const BlockRef& block, const CertificateRef& certificate) override;
  [[nodiscard]] Height may_be_committed() const override;

  // --- pacemaker.cpp
  void on_timer(uint32_t timer) override;
  [[nodiscard]] Duration patience_limit() const override { return backed_off(attempts_); }

  // --- catch_up.cpp
  [[nodiscard]] bool agreement_waits() const override;
  void encode_standing(std::vector<uint8_t>& out) const override;
  void answer_standing(uint32_t peer, const Message& status, std::span<const uint8_t> standing,
                       bool responder) override;

  // --- recovery.cpp
  [[nodiscard]] bool read_record(const LogRecordRef& record, Ticket ticket) override;
  [[nodiscard]] Ticket logged_at(const Block& block) const override;
  void rewrite_log() override;
  [[nodiscard]] Ticket needed_from() const override;

  // --- inspection.cpp
  void describe(EngineStatus& status) const override;
  void encode_protocol_state(Writer& out) const override;
  [[nodiscard]] Bytes protocol_memory() const override;
  [[nodiscard]] bool is_sent_before_durable() const override {
    return planted(Mutant::kSentBeforeDurable);
  }
  [[nodiscard]] bool is_availability_unverified() const override {
    return planted(Mutant::kAvailabilityUnverified);
  }
  [[nodiscard]] bool is_unknown_version_approved() const override {
    return planted(Mutant::kUnknownVersionApproved);
  }

 private:
  static constexpr uint32_t kViewTimer = kFirstProtocolTimer;

  // A signed message that may be sent again, once `ticket` is durable: 0 if it is another's.
  struct Own {
    MessageRef message;
    Ticket ticket;
  };
  // A proposal whose signatures are being verified.
  struct Incoming {
    MessageRef message;
    ProposalBody body;
    bool verifies = false;  // the certificate's signatures are among them
  };
  struct Wanted {
    Digest digest;
    Height height;
  };
  // What a chain of unfinal nodes means for the next block on it.
  struct Branch {
    uint32_t with_payloads = 0;
    bool work = false;     // payloads or a change of membership that are not final yet, or that
                           // have to wait until what is below them is
    bool control = false;  // a change of membership
    std::optional<Height> epoch_end;
  };

  // --- engine.cpp
  void begin_epoch();
  [[nodiscard]] uint32_t leader_of(View view) const;
  [[nodiscard]] View window_end(View view) const;
  [[nodiscard]] View highest_view() const { return highest_ ? highest_->statement.view : View(0); }
  [[nodiscard]] Statement vote_statement(const Node& node) const;
  [[nodiscard]] uint64_t quorum_weight() const;
  void accept_proposal(uint32_t sender, const MessageRef& message);
  void aim_at(const Node* tip);
  [[nodiscard]] Branch branch_of(const Node* tip) const;
  [[nodiscard]] const Node* highest_node() const;

  // --- reception.cpp
  [[nodiscard]] bool wants_proposal(uint32_t sender, const MessageRef& message);
  [[nodiscard]] bool wants_vote(uint32_t sender, const MessageRef& message);
  [[nodiscard]] bool wants_timeout(uint32_t sender, const MessageRef& message);
  [[nodiscard]] bool wants_advance(const MessageRef& message);
  [[nodiscard]] bool is_needed(const MessageRef& message);
  [[nodiscard]] bool is_well_formed_proposal(const Message& message,
                                             const ProposalBody& body) const;
  [[nodiscard]] bool is_certificate(const Certificate& certificate) const;
  [[nodiscard]] bool is_timeout_certificate(const TimeoutCertificate& timeout) const;
  [[nodiscard]] bool malformed();
  [[nodiscard]] Incoming* find_incoming(const Message& message);
  void remember_incoming(const MessageRef& message, ProposalBody body);
  [[nodiscard]] std::optional<ProposalBody> take_incoming(const MessageRef& message);
  [[nodiscard]] CertificateRef known(const Certificate& certificate) const;
  void append_certificate(const TimeoutCertificate& timeout, ClaimList& claims) const;
  void append_certificate(const CertificateRef& certificate, ClaimList& claims) const;

  // --- proposing.cpp
  void propose();
  [[nodiscard]] bool may_propose() const;
  [[nodiscard]] BlockRef next_block(const Node* parent, Height height, const Branch& branch);
  [[nodiscard]] Height height_above(const Node* parent) const;
  void mark_branch(const Node* parent);
  void propose_block(const BlockRef& block, const Digest& parent);
  void announce();

  // --- voting.cpp
  void vote();
  [[nodiscard]] bool is_votable(Node& node);
  [[nodiscard]] bool is_safe(const Node& node) const;
  [[nodiscard]] bool extends_lock(const Node& node) const;
  [[nodiscard]] bool fits_branch(const Node& node) const;
  [[nodiscard]] bool repeats_ancestor(const Node& node) const;
  void promise_vote(Node& node);
  void request_vote(const Node& node);
  void count_vote(uint32_t sender, const MessageRef& message);
  void show_conflict(uint32_t voter, const Message& vote);

  // --- certificates.cpp
  void form_certificate(const Message& vote);
  void learn(const CertificateRef& certificate, const MessageRef& carrier);
  void update_lock();
  void commit();
  [[nodiscard]] bool is_final_under(size_t head) const;
  void commit_path(size_t highest_head);

  // --- pacemaker.cpp
  void enter_view(View view, const TimeoutCertificate* timeout);
  void give_up(View view);
  void request_timeout();
  void count_timeout(uint32_t sender, const MessageRef& message);
  void join_timeouts();
  void arm_timer();
  [[nodiscard]] bool something_waits() const;

  // --- catch_up.cpp
  void want(const Digest& digest, Height height);
  void forget_wanted(const Digest& digest);
  [[nodiscard]] bool is_wanted(const Digest& digest) const;
  [[nodiscard]] bool others_help(uint32_t peer) const;
  void help(uint32_t peer);
  void send_nodes(uint32_t peer, Height above, const Standing& standing);
  [[nodiscard]] Ref<LogRecord> promise_record() const;
  void send_timeouts(uint32_t peer, View from, const Standing& standing);
  void forward_carrier(uint32_t peer);
  [[nodiscard]] bool is_lost_here(const Message& own) const override;
  void forward_node(uint32_t peer, Node& node);

  // --- recovery.cpp
  void sync_root();
  void request_proposal(const Node& node);
  [[nodiscard]] MessageRef rebuild_proposal(const Node& node, const Signature& signature,
                                            const ProposalBody& body) const;

  HotstuffConfig hotstuff_;
  uint64_t span_ = 1;  // views that one member leads in turn

  View view_{1};
  std::optional<TimeoutCertificate> failed_;  // of the view before view_, if that was given up
  uint32_t attempts_ = 0;                     // views given up since the last commit
  Height epoch_root_;                         // last height before this epoch

  Promise promise_;
  Ticket promise_ticket_;
  CertificateRef highest_;  // qc_high; null: the epoch's root
  Own carrier_;             // a message that holds it; none while only this replica has it
  View announced_;          // of the certificate that this replica told to all
  BlockTree tree_;
  Digest aim_;  // node whose branch's payloads are marked in flight; zero: the root
  std::vector<Wanted> wanted_;
  std::vector<Incoming> incoming_;  // ring
  size_t incoming_next_ = 0;
  size_t newest_incoming_ = 0;

  VoteTable votes_;     // each member's newest for which this replica forms the certificate
  View counted_view_;   // whose votes votes_.weight counts,
  Digest counted_;      // and for which node
  VoteTable timeouts_;  // each member's newest
  Own own_vote_;
  Own own_timeout_;
  std::vector<std::optional<TimePoint>> helped_at_;  // by position
  bool replay_due_ = false;

  mutable std::vector<const Node*> path_;  // scratch
  mutable DigestIndex ancestors_;          // scratch of repeats_ancestor()
};

}  // namespace govchain::consensus::hotstuff
