#include "sim/trace/chrome_trace.h"

#include "consensus/protocols.h"

namespace govchain::sim {

namespace {

// JSON text of a name that a user chose.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out + "\"";
}

// The format counts microseconds; the fraction keeps the nanoseconds.
std::string microseconds(TimePoint now) {
  const int64_t nanoseconds = now.nanoseconds();
  std::string fraction = std::to_string(nanoseconds % 1'000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(nanoseconds / 1'000) + "." + fraction;
}

std::string track(ReplicaAddress who) {
  return "\"pid\":" + std::to_string(who.chain) + ",\"tid\":" + std::to_string(who.replica);
}

}  // namespace

ChromeTrace::ChromeTrace(const std::string& path) : file_(std::fopen(path.c_str(), "w")) {}

ChromeTrace::~ChromeTrace() = default;

void ChromeTrace::line(const std::string& text) {
  if (!file_ || events_ >= kMaxEvents) return;
  std::fputs(events_ == 0 ? "[\n" : ",\n", file_.get());
  std::fputs(text.c_str(), file_.get());
  ++events_;
}

void ChromeTrace::on_begin(const WorldSpec& spec,
                           std::span<const consensus::Membership> /*genesis*/) {
  spec_ = &spec;
  for (ChainIndex chain = 0; chain < spec.chains.size(); ++chain) {
    line("{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":" + std::to_string(chain) +
         ",\"args\":{\"name\":" + quoted(spec.chains[chain].name) + "}}");
    for (ReplicaIndex replica = 0; replica < spec.chains[chain].replicas.size(); ++replica) {
      const HostSpec& host = spec.hosts[spec.chains[chain].replicas[replica].host];
      line("{\"ph\":\"M\",\"name\":\"thread_name\"," + track({chain, replica}) +
           ",\"args\":{\"name\":" +
           quoted("replica " + std::to_string(replica) + " on " + host.name) + "}}");
    }
  }
}

void ChromeTrace::instant(ReplicaAddress who, TimePoint now, const std::string& name,
                          uint64_t height) {
  line("{\"ph\":\"i\",\"s\":\"t\",\"name\":" + quoted(name) + "," + track(who) +
       ",\"ts\":" + microseconds(now) + ",\"args\":{\"height\":" + std::to_string(height) + "}}");
}

void ChromeTrace::on_send(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
                          const consensus::Message& message) {
  std::string name("send ");
  name += consensus::traits_of(spec_->chains[who.chain].protocol).message_name(message.type);
  if (to != nullptr) name += " to " + std::to_string(to->value());
  instant(who, now, name, message.height.value());
}

void ChromeTrace::on_commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                            const consensus::Certificate* /*certificate*/) {
  instant(who, now, "commit", block.height.value());
}

void ChromeTrace::on_answered(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  instant(who, now, "answer", block.height.value());
}

void ChromeTrace::on_checkpoint(ReplicaAddress who, TimePoint now,
                                const consensus::Checkpoint& checkpoint) {
  instant(who, now, "checkpoint", checkpoint.height.value());
}

void ChromeTrace::on_crash(ReplicaAddress who, TimePoint now) { instant(who, now, "crash", 0); }

void ChromeTrace::on_restart(ReplicaAddress who, TimePoint now,
                             const consensus::RecoveredState& state) {
  instant(who, now, "restart", state.executed_height.value());
}

void ChromeTrace::on_pulse(const ChainPulse& pulse) {
  line("{\"ph\":\"C\",\"name\":\"waiting\",\"pid\":" + std::to_string(pulse.chain) +
       ",\"ts\":" + microseconds(pulse.now) +
       ",\"args\":{\"transactions\":" + std::to_string(pulse.waiting) + "}}");
}

void ChromeTrace::on_end(TimePoint /*now*/) {
  if (!file_) return;
  std::fputs(events_ == 0 ? "[]\n" : "\n]\n", file_.get());
  std::fflush(file_.get());
}

}  // namespace govchain::sim
