#include "crypto/merkle.h"

#include "crypto/crypto.h"

namespace anlan::crypto {
namespace {

std::string leaf_hash(std::string_view leaf) {
  std::string bytes;
  bytes.reserve(leaf.size() + 1);
  bytes += '\0';
  bytes += leaf;
  return sha256(bytes);
}

std::string node_hash(const std::string& left, const std::string& right) { return sha256('\1' + left + right); }

}  // namespace

void MerkleTree::add(std::string_view leaf) {
  std::string hash = leaf_hash(leaf);
  for (std::uint64_t full = size_; full & 1; full >>= 1) {
    hash = node_hash(frontier_.back(), hash);
    frontier_.pop_back();
  }
  frontier_.push_back(std::move(hash));
  ++size_;
}

std::string MerkleTree::root() const {
  if (frontier_.empty()) return sha256({});
  std::string hash = frontier_.back();
  for (auto left = frontier_.rbegin() + 1; left != frontier_.rend(); ++left) hash = node_hash(*left, hash);
  return hash;
}

}  // namespace anlan::crypto
