// The Merkle tree of RFC 6962 (SHA-256, leaves and nodes told apart by a first byte), grown leaf by leaf. Only the
// frontier is held: at most one digest for each bit of the size. Not thread-safe; fails never.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace anlan::crypto {

class MerkleTree {
 public:
  void add(std::string_view leaf);
  std::uint64_t size() const { return size_; }
  // The Merkle Tree Hash over all leaves, 32 raw bytes; of the empty tree: the digest of nothing.
  std::string root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<std::string> frontier_;  // roots of the full subtrees, greatest first
};

}  // namespace anlan::crypto
