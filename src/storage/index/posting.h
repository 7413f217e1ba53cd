// A set of ticket ids (from 1), small in memory whether it holds one id or millions: a single id in place; else, per
// 65,536 ids, either a sorted array of 16-bit offsets or a bit for each. Not thread-safe.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace anlan::storage {

constexpr std::uint32_t chunk_bits = 16;
constexpr std::uint32_t chunk_ids = 1u << chunk_bits;
constexpr std::uint32_t chunk_words = chunk_ids / 64;

class Posting {
 public:
  void add(std::uint32_t id);     // adding twice is one
  void remove(std::uint32_t id);  // absent: nothing happens
  bool contains(std::uint32_t id) const;
  std::int64_t count() const;

  bool touches(std::uint32_t chunk) const;
  // words |= the members in this chunk; `words` has chunk_words elements.
  void or_into(std::uint32_t chunk, std::uint64_t* words) const;
  // words &= the members in this chunk.
  void and_into(std::uint32_t chunk, std::uint64_t* words) const;
  // How many members of this chunk are set in `words`.
  std::int64_t count_in(std::uint32_t chunk, const std::uint64_t* words) const;

 private:
  struct Slot {
    std::uint32_t chunk = 0;
    std::uint32_t count = 0;
    std::vector<std::uint16_t> sorted;      // while few
    std::unique_ptr<std::uint64_t[]> bits;  // when many
  };
  const Slot* find(std::uint32_t chunk) const;
  Slot& slot(std::uint32_t chunk);

  // Many an indexed field has a value of its own for nearly every ticket; such a set must cost no allocation.
  std::uint32_t single_ = 0;  // the only member, while there is but one; 0 none
  std::unique_ptr<std::vector<Slot>> slots_;  // by chunk; null while a single id is enough
};

}  // namespace anlan::storage
