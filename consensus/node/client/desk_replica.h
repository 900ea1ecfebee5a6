#pragma once
// What a desk asks of its replica, so that it can be tested without one. No function waits, or
// calls the desk before it returns: the desk holds its lock.

#include <functional>
#include <utility>
#include <vector>

#include "consensus/node/host/replica.h"

namespace govchain::consensus::node {

class DeskReplica {
 public:
  virtual ~DeskReplica() = default;
  virtual void propose(PayloadRef payload) = 0;
  virtual void read(Token token) = 0;
  virtual void query(ExecutionThread::Query query) = 0;
  virtual void check(PayloadRef payload, std::function<void(bool good)> taker) = 0;
  virtual void look(std::function<void(const Replica::Look&)> taker) = 0;
  virtual void membership_changes(std::function<void(std::vector<StoredBlock>)> taker) = 0;
  [[nodiscard]] virtual Bytes credit() const = 0;

 protected:
  DeskReplica() = default;
  DeskReplica(const DeskReplica&) = default;
  DeskReplica& operator=(const DeskReplica&) = default;
};

class RunningDeskReplica final : public DeskReplica {
 public:
  explicit RunningDeskReplica(Replica& replica) : replica_(replica) {}
  void propose(PayloadRef payload) override { replica_.propose(std::move(payload)); }
  void read(Token token) override { replica_.read(token); }
  void query(ExecutionThread::Query query) override { replica_.query(std::move(query)); }
  void check(PayloadRef payload, std::function<void(bool good)> taker) override {
    replica_.check(std::move(payload), std::move(taker));
  }
  void look(std::function<void(const Replica::Look&)> taker) override {
    replica_.look(std::move(taker));
  }
  void membership_changes(std::function<void(std::vector<StoredBlock>)> taker) override {
    replica_.membership_changes(std::move(taker));
  }
  [[nodiscard]] Bytes credit() const override { return replica_.credit(); }

 private:
  Replica& replica_;
};

}  // namespace govchain::consensus::node
