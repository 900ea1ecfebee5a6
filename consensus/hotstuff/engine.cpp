// Life of an epoch, and what happens to a message once its signatures are good.

#include "consensus/hotstuff/engine.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

namespace {

// A stable leader's views end some day, so that view numbers alone say who leads. A prime, so that
// tables by view modulo a power of two have places of their own for neighbouring leaders.
constexpr uint64_t kStableViews = 1'000'003;

// A leader that stays needs payloads alone; where proposals only name them, everybody needs their
// bytes.
chain::ChainSettings chain_settings(const EngineConfig& config, const HotstuffConfig& settings) {
  chain::ChainSettings chain;
  chain.status_interval = settings.status_interval;
  chain.idle_status_interval = settings.idle_status_interval;
  chain.blocks_per_answer = settings.blocks_per_answer;
  const bool leader_alone = settings.leader == LeaderPolicy::kStable &&
                            config.proposal_bodies == ProposalBodies::kCarried;
  chain.dissemination = leader_alone ? chain::Dissemination::kLeader : chain::Dissemination::kAll;
  return chain;
}

// Members of little weight may be many, and all of them faulty: then an honest leader must have
// enough views to make its own block final.
uint64_t views_per_leader(const HotstuffConfig& settings, const Membership& membership) {
  if (settings.views_per_leader > 0) return settings.views_per_leader;
  if (settings.leader == LeaderPolicy::kStable) return kStableViews;
  uint64_t weight = 0;
  bool equal = true;
  for (const Member& member : membership.members) {
    if (member.weight == 0) continue;
    equal = equal && (weight == 0 || weight == member.weight);
    weight = member.weight;
  }
  if (!equal) return static_cast<uint64_t>(settings.commit_rule) + 1;
  return settings.commit_rule == CommitRule::kTwoChain ? 1 : 2;
}

}  // namespace

std::unique_ptr<Engine> make_hotstuff(const EngineConfig& config, const HotstuffConfig& settings,
                                      RecoveredState recovered) {
  return std::make_unique<HotstuffEngine>(config, settings, std::move(recovered));
}

HotstuffEngine::HotstuffEngine(const EngineConfig& config, const HotstuffConfig& settings,
                               RecoveredState recovered)
    : ChainEngine(Protocol::kHotstuff, config, chain_settings(config, settings),
                  std::move(recovered)),
      hotstuff_(settings),
      ancestors_(config.seed) {
  incoming_.resize(kMaxIncoming);
  begin_epoch();
}

std::unique_ptr<Engine> HotstuffEngine::clone() const {
  return std::make_unique<HotstuffEngine>(*this);
}

// Views start anew with every epoch: whoever takes over the state of the checkpoint at its begin
// knows nothing of the views before.
void HotstuffEngine::begin_epoch() {
  span_ = views_per_leader(hotstuff_, membership());
  epoch_root_ = Height(epoch_since().value() - 1);
  Root root{committed(), View(0), {}, committed() == epoch_root_};
  if (root.known) root.digest = root_digest(config().hash, epoch(), epoch_root_);
  tree_.reset(root);
  view_ = View(1);
  failed_.reset();
  attempts_ = 0;
  promise_ = {};
  promise_.epoch = epoch();
  promise_ticket_ = {};
  highest_.reset();
  carrier_ = {};
  announced_ = {};
  aim_ = {};
  wanted_.clear();
  for (VoteTable* table : {&votes_, &timeouts_}) {
    *table = {};
    table->resize(members());
  }
  counted_view_ = {};
  counted_ = {};
  own_vote_ = {};
  own_timeout_ = {};
  helped_at_.assign(members(), std::nullopt);
  for (Incoming& incoming : incoming_) incoming = {};
}

void HotstuffEngine::on_epoch_changed() {
  begin_epoch();
  cancel_timer(kViewTimer);
  release_in_flight(Height(1));
  replay_due_ = true;
  touch();
}

void HotstuffEngine::on_state_installed() {
  Root root{committed(), View(0), {}, committed() == epoch_root_};
  if (root.known) root.digest = root_digest(config().hash, epoch(), epoch_root_);
  if (tree_.root().height != root.height) tree_.set_root(root);
  aim_at(highest_node());
  std::erase_if(wanted_, [&](const Wanted& wanted) { return wanted.height <= committed(); });
  touch();
}

void HotstuffEngine::advance() {
  if (std::exchange(replay_due_, false)) replay_future(Height(UINT64_MAX));
  commit();
  vote();
  propose();
  announce();
  arm_timer();
}

uint32_t HotstuffEngine::leader_of(View view) const {
  const std::vector<uint32_t>& from = voters();
  return from[static_cast<size_t>(view.value() / span_ % from.size())];
}

// The last view of the leader of `view`: who gives up a view gives up its leader.
View HotstuffEngine::window_end(View view) const {
  return View((view.value() / span_ + 1) * span_ - 1);
}

uint64_t HotstuffEngine::quorum_weight() const {
  return planted(Mutant::kQuorumTooSmall) ? 2 * quorum().faulty() : quorum().quorum();
}

Statement HotstuffEngine::vote_statement(const Node& node) const {
  return Statement{
      config().chain,   epoch(),     Protocol::kHotstuff, static_cast<uint8_t>(MessageType::kVote),
      node.header.view, node.height, node.digest,         version()};
}

void HotstuffEngine::accept(uint32_t sender, const MessageRef& message) {
  touch();
  switch (static_cast<MessageType>(message->type)) {
    case MessageType::kProposal:
      return accept_proposal(sender, message);
    case MessageType::kVote:
      return count_vote(sender, message);
    case MessageType::kTimeout: {
      const std::optional<TimeoutBody> body = decode_timeout_body(message->body);
      GOVCHAIN_ASSERT(body.has_value());
      // One's own holds nothing new, and must not be passed on before its record is durable.
      if (body->highest && sender != self()) learn(body->highest, message);
      if (body->failed) enter_view(body->failed->view.next(), &*body->failed);
      return count_timeout(sender, message);
    }
    case MessageType::kAdvance: {
      const std::optional<CertificateRef> body = decode_certificate_body(message->body);
      GOVCHAIN_ASSERT(body.has_value() && *body);
      return learn(*body, message);
    }
  }
}

// What it carries counts in any case; then the node waits in the tree for its vote.
void HotstuffEngine::accept_proposal(uint32_t sender, const MessageRef& message) {
  std::optional<ProposalBody> taken = take_incoming(message);
  if (!taken) {
    ++counters().stale;
    return;
  }
  ProposalBody& body = *taken;
  Node node;
  node.digest = message->digest;
  node.header = {message->block->digest, body.parent, message->view, body.parent_view()};
  node.height = message->height;
  node.block = message->block;
  node.proposal = message;
  if (body.justify && known(*body.justify)) {
    // Of equal certificates only the first was verified, so only that one is passed on.
    body.justify = known(*body.justify);
    node.proposal = rebuild_proposal(node, message->signature, body);
  }
  if (body.justify) learn(body.justify, node.proposal);
  if (body.timeout) enter_view(message->view, &*body.timeout);
  if (message->height <= committed() || tree_.find(message->digest) != nullptr) return;
  node.justify = std::move(body.justify);
  node.timeout = std::move(body.timeout);
  const Digest parent = node.header.parent;
  forget_wanted(node.digest);
  const Node* const held = tree_.insert(std::move(node));
  if (held == nullptr) {
    ++counters().oversize;
    return;
  }
  update_lock();
  if (held->attached || tree_.find(parent) != nullptr) return;
  if (held->height == tree_.root().height.next()) return;  // of another branch than what is final
  const bool asked = is_wanted(parent);
  want(parent, Height(held->height.value() - 1));
  if (!asked && sender != self()) send_status(sender);
}

bool HotstuffEngine::is_current(const Message& own) const {
  switch (static_cast<MessageType>(own.type)) {
    case MessageType::kProposal:
      if (const Node* const node = tree_.find(own.digest); node != nullptr && node->said_again) {
        return true;
      }
      [[fallthrough]];
    case MessageType::kVote:
      return own.view == view_ &&
             (promise_.given_up < own.view || planted(Mutant::kVoteAfterTimeout));
    case MessageType::kTimeout:
      return own.view == promise_.given_up && own.view >= view_;
    case MessageType::kAdvance:
      return own.view >= highest_view();
  }
  return false;
}

// Votes go to the leader of the next view only, who makes the certificate (PODC'19, section 5,
// Algorithm 4, line 13): that is what makes a view linear.
void HotstuffEngine::send_own(const MessageRef& message, Ticket after) {
  switch (static_cast<MessageType>(message->type)) {
    case MessageType::kVote: {
      own_vote_ = {message, after};
      const uint32_t collector = leader_of(message->view.next());
      if (collector == self()) return accept(self(), message);
      return forward(collector, message, after);
    }
    case MessageType::kProposal:
      if (Node* const node = tree_.find(message->digest)) node->proposal = message;
      if (!carrier_.message && highest_view().next() == message->view) {
        carrier_ = {message, after};
      }
      return forward_to_all(message, after);
    case MessageType::kTimeout:
      own_timeout_ = {message, after};
      forward_to_all(message, after);
      return accept(self(), message);
    case MessageType::kAdvance:
      if (highest_view() == message->view) carrier_ = {message, after};
      return forward_to_all(message, after);
  }
}

void HotstuffEngine::on_payloads_verified(const BlockRef& block, bool valid) {
  for (Node& node : tree_.nodes()) {
    if (node.block != block) continue;
    node.payloads_good = valid;
    node.refused = node.refused || !valid;
  }
  touch();
}

const Node* HotstuffEngine::highest_node() const {
  return highest_ ? tree_.find(highest_->statement.digest) : nullptr;
}

// Payloads of the blocks down from `tip` are on their way; all others wait to be proposed, also
// those of a block at a height that another one took.
void HotstuffEngine::aim_at(const Node* tip) {
  const Digest wanted = tip == nullptr || !tip->attached ? Digest{} : tip->digest;
  if (wanted == aim_) return;
  const bool extends =
      tip != nullptr && tip->attached &&
      (aim_.is_zero() ? tree_.parent_of(*tip) == nullptr : tip->header.parent == aim_);
  aim_ = wanted;
  if (extends) return mark_in_flight(*tip->block);
  release_in_flight(Height(1));
  if (wanted.is_zero()) return;
  tree_.path(*tip, path_);
  for (const Node* const node : path_) mark_in_flight(*node->block);
}

HotstuffEngine::Branch HotstuffEngine::branch_of(const Node* tip) const {
  Branch branch;
  branch.epoch_end = epoch_end();
  branch.work = a_batch_came_too_late(height_above(tip));
  if (tip == nullptr) return branch;
  const uint64_t interval = config().checkpoint_interval;
  tree_.path(*tip, path_);
  for (const Node* const node : path_) {
    if (!node->block->payloads.empty()) ++branch.with_payloads;
    if (node->block->control.empty()) continue;
    branch.control = true;
    branch.epoch_end = Height((node->height.value() + interval - 1) / interval * interval);
  }
  branch.work = branch.work || branch.with_payloads > 0 || branch.control;
  return branch;
}

}  // namespace govchain::consensus::hotstuff
