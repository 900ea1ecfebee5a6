#include "tests/consensus/script/chain_view.h"

#include <vector>

#include "consensus/chain/messages.h"
#include "consensus/hotstuff/messages.h"
#include "consensus/hotstuff/records.h"
#include "consensus/qbft/messages.h"
#include "consensus/qbft/records.h"
#include "consensus/tendermint/messages.h"
#include "consensus/tendermint/records.h"

namespace govchain::consensus::testing {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

std::string round_name(tendermint::Round round) { return number(static_cast<uint64_t>(round)); }

Error invalid(const Case& command, const std::string& what) {
  return Error{ErrorCode::kInvalid, what, command.where()};
}

// --- messages

std::string describe_tendermint(const Message& message, const BlockNames& names) {
  using tendermint::MessageType;
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kPrevote:
    case MessageType::kPrecommit:
      return " for " + names.of(message.digest, message.view);
    case MessageType::kProposal: {
      const auto valid_round = tendermint::decode_valid_round(message.body);
      if (!valid_round || !message.block) return " malformed";
      std::string text = " " + names.of(message.block->digest, message.view);
      if (*valid_round != tendermint::kNoRound) text += " valid-round " + round_name(*valid_round);
      return text;
    }
  }
  return "";
}

std::string prepared_of(const std::optional<qbft::Prepared>& prepared, const BlockNames& names) {
  if (!prepared) return "nothing prepared";
  return "prepared " + names.of(prepared->digest, prepared->round) + " in " +
         number(prepared->round.value());
}

std::string describe_qbft(const Message& message, const BlockNames& names) {
  using qbft::MessageType;
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kPrepare:
    case MessageType::kCommit:
      return " for " + names.of(message.digest, message.view);
    case MessageType::kBody:
      return " " + names.of(message.digest, View(0));
    case MessageType::kRoundChange: {
      const auto body = qbft::decode_round_change(message.body);
      return body ? " " + prepared_of(body->prepared, names) : " malformed";
    }
    case MessageType::kPrePrepare: {
      if (!message.block) return " of which it shows no block";
      std::string text = " " + names.of(message.block->digest, message.view);
      if (message.body.empty()) return text;
      const auto justification = qbft::decode_justification(message.body);
      if (!justification) return " malformed";
      return text + " by " + number(justification->round_changes.size()) + " round-changes, " +
             prepared_of(qbft::highest_prepared(*justification), names);
    }
    default:
      return "";
  }
}

std::string view_of(const CertificateRef& certificate) {
  return certificate ? "view " + number(certificate->statement.view.value()) : "the root";
}

std::string describe_hotstuff(const Message& message, const BlockNames& names) {
  using hotstuff::MessageType;
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kVote:
    case MessageType::kAdvance:
      return " for " + names.of(message.digest, message.view);
    case MessageType::kTimeout: {
      const auto highest = hotstuff::highest_of(message.digest);
      return highest ? " highest " + number(highest->value()) : " malformed";
    }
    case MessageType::kProposal: {
      const auto body = hotstuff::decode_proposal(message.body);
      if (!body || !message.block) return " malformed";
      std::string text = " " + names.of(message.digest, message.view);
      text += " on " + view_of(body->justify);
      if (body->timeout) {
        text += " after timeouts of view " + number(body->timeout->view.value()) + ", highest " +
                number(body->timeout->highest().value());
      }
      return text;
    }
  }
  return "";
}

// --- records. Empty: about a height that is over, or of no interest here.

std::string describe_tendermint(const LogRecord& record, Height height, const BlockNames& names) {
  using tendermint::RecordType;
  const std::string at = " height " + number(height.value()) + " ";
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::kProposal: {
      const auto proposal = tendermint::read_proposal(record);
      if (!proposal || proposal->height != height) return "";
      const View round = tendermint::view_of(proposal->round);
      std::string text =
          "proposal view " + number(round.value()) + at + names.of(record.block->digest, round);
      if (proposal->valid_round != tendermint::kNoRound) {
        text += " valid-round " + round_name(proposal->valid_round);
      }
      return text;
    }
    case RecordType::kVote: {
      const auto vote = tendermint::read_vote(record);
      if (!vote || vote->height != height) return "";
      const View round = tendermint::view_of(vote->round);
      return std::string(vote->type == tendermint::VoteType::kPrevote ? "prevote" : "precommit") +
             " view " + number(round.value()) + at + "for " + names.of(vote->value, round);
    }
    case RecordType::kLock:
    case RecordType::kPolka: {
      if (!tendermint::is_polka(record)) return "";
      const Statement& polka = record.certificate->statement;
      if (polka.height != height) return "";
      const bool lock = record.type == static_cast<uint8_t>(RecordType::kLock);
      return std::string(lock ? "locked" : "valid") + " view " + number(polka.view.value()) + at +
             names.of(polka.digest, polka.view);
    }
  }
  return "";
}

std::string describe_qbft(const LogRecord& record, Height height, const BlockNames& names) {
  using qbft::RecordType;
  const std::string at = " height " + number(height.value());
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::kProposal: {
      const auto proposal = qbft::read_proposal(record);
      if (!proposal || record.block->height != height) return "";
      return "proposal view " + number(proposal->round.value()) + at + " " +
             names.of(record.block->digest, proposal->round);
    }
    case RecordType::kPrepared: {
      if (!record.certificate || record.certificate->statement.height != height) return "";
      const Statement& statement = record.certificate->statement;
      return "prepared view " + number(statement.view.value()) + at + " " +
             names.of(statement.digest, statement.view);
    }
    case RecordType::kRoundChange: {
      const auto round_change = qbft::read_round_change(record);
      if (!round_change || round_change->height != height) return "";
      return "round-change view " + number(round_change->round.value()) + at;
    }
  }
  return "";
}

std::string describe(const hotstuff::Promise& promise, const BlockNames& names) {
  std::string text = "voted in " + number(promise.voted.value());
  if (promise.given_up != View(0)) {
    text += ", given up " + number(promise.given_up.value()) + " with highest " +
            number(promise.given_up_highest.value());
  }
  if (promise.locked_view != View(0)) {
    text += ", locked on " + names.of(promise.locked, promise.locked_view) + " of view " +
            number(promise.locked_view.value());
  }
  return text;
}

std::string describe_hotstuff(const LogRecord& record, Height height, const BlockNames& names) {
  using hotstuff::RecordType;
  if (record.type == static_cast<uint8_t>(RecordType::kNode)) {
    const auto node = hotstuff::read_node(record);
    if (!node || record.block->height < height) return "";
    return "node view " + number(node->view.value()) + " height " +
           number(record.block->height.value()) + " " + names.of(record.block->digest, node->view) +
           " on " + view_of(record.certificate) + "; " + describe(node->promise, names);
  }
  if (record.type == static_cast<uint8_t>(RecordType::kPromise)) {
    const auto promise = hotstuff::read_promise(record);
    return promise ? "promise; " + describe(promise->promise, names) : "";
  }
  return "";
}

}  // namespace

bool is_chain_protocol(Protocol protocol) {
  return protocol == Protocol::kTendermint || protocol == Protocol::kQbft ||
         protocol == Protocol::kHotstuff;
}

std::set<std::string> chain_arguments(Protocol protocol) {
  if (protocol == Protocol::kHotstuff) return {"commit-rule", "leader", "views-per-leader"};
  if (protocol == Protocol::kQbft) return {"dissemination"};
  return {};
}

Status read_chain_arguments(const Case& command, Protocol protocol, ProtocolSettings& settings) {
  if (protocol == Protocol::kQbft && command.has("dissemination")) {
    const std::string to = command.value("dissemination").value_or("");
    if (to != "all" && to != "leader") {
      return invalid(command, "dissemination must be all or leader");
    }
    settings.qbft.dissemination =
        to == "all" ? chain::Dissemination::kAll : chain::Dissemination::kLeader;
  }
  if (protocol != Protocol::kHotstuff) return success();
  hotstuff::HotstuffConfig& config = settings.hotstuff;
  if (command.has("commit-rule")) {
    const std::string rule = command.value("commit-rule").value_or("");
    if (rule != "two-chain" && rule != "three-chain") {
      return invalid(command, "commit-rule must be two-chain or three-chain");
    }
    config.commit_rule =
        rule == "two-chain" ? hotstuff::CommitRule::kTwoChain : hotstuff::CommitRule::kThreeChain;
  }
  if (command.has("leader")) {
    const std::string policy = command.value("leader").value_or("");
    if (policy != "rotating" && policy != "stable") {
      return invalid(command, "leader must be rotating or stable");
    }
    config.leader =
        policy == "rotating" ? hotstuff::LeaderPolicy::kRotating : hotstuff::LeaderPolicy::kStable;
  }
  if (command.has("views-per-leader")) {
    const auto text = command.value("views-per-leader");
    const auto views = text ? parse_number(*text) : std::nullopt;
    if (!views) return invalid(command, "views-per-leader must be a whole number");
    config.views_per_leader = *views;
  }
  return success();
}

std::string describe_chain_body(const Message& message, const BlockNames& names) {
  if (message.type >= chain::kFirstCommonType) return "";
  switch (message.protocol) {
    case Protocol::kTendermint:
      return describe_tendermint(message, names);
    case Protocol::kQbft:
      return describe_qbft(message, names);
    case Protocol::kHotstuff:
      return describe_hotstuff(message, names);
    default:
      return "";
  }
}

std::string describe_chain_log(const Node& node, const BlockNames& names) {
  const auto durable = node.log().read_durable();
  if (!durable) return "unreadable\n";
  const std::vector<LogRecordRef> written = node.written();
  const Height height =
      node.running() ? node.engine().status().committed.next() : node.store().newest().next();
  std::string text;
  for (size_t i = 0; i < written.size(); ++i) {
    const LogRecord& record = *written[i];
    std::string line;
    if (node.protocol() == Protocol::kTendermint) line = describe_tendermint(record, height, names);
    if (node.protocol() == Protocol::kQbft) line = describe_qbft(record, height, names);
    if (node.protocol() == Protocol::kHotstuff) line = describe_hotstuff(record, height, names);
    if (line.empty()) continue;
    text += line + (i >= durable->size() ? ", not durable\n" : "\n");
  }
  return text.empty() ? "nothing at height " + number(height.value()) + "\n" : text;
}

}  // namespace govchain::consensus::testing
