#pragma once
// What a script calls the blocks of its replicas: by their payloads, "{a,b}". Votes name a block by
// its digest only (HotStuff: by that of the node around it), so whoever prints them asks here.

#include <map>
#include <string>
#include <string_view>

#include "consensus/message.h"

namespace govchain::consensus::testing {

class BlockNames {
 public:
  // Learns the block that a message carries; `payloads` is how its payloads are called, "a,b".
  void note(const Message& message, const std::string& payloads);
  // " {a}", with " of view 0" behind it where the block is older than `said_in`; "nil" for the zero
  // digest and "?" for a block that nobody has sent yet.
  [[nodiscard]] std::string of(const Digest& digest, View said_in) const;
  // The statement that a message of this type makes about the newest block called so: its digest,
  // and the block. Null if nobody has sent such a block.
  struct Known {
    std::string payloads;
    View view;
    BlockRef block;
    Digest statement;  // what votes name: the digest of the message that carried the block
  };
  [[nodiscard]] const Known* find(std::string_view payloads) const;

 private:
  std::map<Digest, Known> known_;  // by the digest of the block, and by the statement's
  std::map<std::string, Digest> newest_;
};

}  // namespace govchain::consensus::testing
