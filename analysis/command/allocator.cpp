// How jemalloc begins, which the program is linked with.
//
// A ledger's state is hundreds of megabytes of small nodes that are found by hashes, so what a walk
// waits for is the translation of addresses as much as the memory. On huge pages a transaction in a
// state of 750,000 records takes 13 to 17 µs instead of 20 to 23 (glibc, small pages). No threads
// of its own: a simulation counts references plainly while it has one.

extern "C" {
// jemalloc looks for this name; MALLOC_CONF of the environment goes before it.
const char* malloc_conf = "thp:always,metadata_thp:auto";  // NOLINT
}
