# Writes a source file that says which archive of engines a program is linked with.
file(SHA256 "${ARCHIVE}" hash)
file(WRITE "${OUT}" "#include \"analysis/engines.h\"

namespace govchain::analysis {
std::string_view engines_hash() { return \"${hash}\"; }
}  // namespace govchain::analysis
")
