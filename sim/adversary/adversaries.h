#pragma once
// One class for each AdversarySpec::Kind. All run the production engine and falsify what leaves.

#include <array>
#include <memory>

#include "consensus/fault_model.h"
#include "sim/adversary/interceptor.h"

namespace govchain::sim {

// Proposes nothing. Where only crashes are tolerated, it says nothing at all.
[[nodiscard]] std::unique_ptr<Interceptor> make_silent_leader(consensus::FaultModel faults);
// Proposes one block to some and another to the rest, votes for each where it was proposed, and in
// PBFT starts new views on fewer view changes than a quorum.
[[nodiscard]] std::unique_ptr<Interceptor> make_equivocating_leader();
// Votes for every block that it sees, in both phases and at once, and for forged ones.
[[nodiscard]] std::unique_ptr<Interceptor> make_double_voter();
// Speaks in others' names, with signatures that do not verify, and damages the proofs that it
// passes on under its own genuine signature.
[[nodiscard]] std::unique_ptr<Interceptor> make_forger();
// Sends bytes that are damaged, cut short, too long or random. Where messages carry no
// signature because only crashes are tolerated, only such as cannot be taken for another valid
// message.
[[nodiscard]] std::unique_ptr<Interceptor> make_malformed_sender(consensus::FaultModel faults);
// In PBFT only: says that it commits to the primary alone, tells nothing of what it prepared when
// it asks for a new view, and starts new views on few, absent or empty view changes, with other
// blocks in them.
[[nodiscard]] std::unique_ptr<Interceptor> make_hiding_primary();
// The same in QBFT: commits for the leader alone, tells nothing or something false of what it
// prepared when it asks for a round, and proposes other blocks on few, false or no round changes.
[[nodiscard]] std::unique_ptr<Interceptor> make_qbft_hiding_leader();
// The like in HotStuff: shows the newest certificate to one replica alone, denies it when it gives
// up a view, and proposes on older or made-up ones.
[[nodiscard]] std::unique_ptr<Interceptor> make_forking_leader();
// The same in Tendermint: prevotes and precommits for one replica alone, and where it leads a later
// round proposes another block, with the claim of a polka that never was.
[[nodiscard]] std::unique_ptr<Interceptor> make_tendermint_hiding_proposer();
// Where batches are certified: makes up payloads whose bytes it sends to nobody, with a forged
// certificate or its own acknowledgement alone, or to as many as make a genuine one; acknowledges
// what it throws away; answers nobody who asks for bytes.
[[nodiscard]] std::unique_ptr<Interceptor> make_withholding_origin();
// Shows its proposals, and the proofs that it may lead, to some replicas only, others each time.
[[nodiscard]] std::unique_ptr<Interceptor> make_selective_leader();
// Neither takes nor passes on half of the clients' payloads.
[[nodiscard]] std::unique_ptr<Interceptor> make_censor();
// Sends far more than it has to say: repetitions, messages of views and heights far ahead under its
// own good signature, and large ones that do not decode.
[[nodiscard]] std::unique_ptr<Interceptor> make_flooder();
// Two engines under one key, each of which hears and speaks to some of the other replicas.
[[nodiscard]] std::unique_ptr<Interceptor> make_twin();

}  // namespace govchain::sim
