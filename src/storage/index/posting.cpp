#include "storage/index/posting.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace anlan::storage {
namespace {
// Past 4096 an array of offsets is larger than the bits; the way back lies lower, so that a set at the edge does not
// swing to and fro.
constexpr std::uint32_t array_max = 4096;
constexpr std::uint32_t array_again = 2048;

constexpr auto before = [](const auto& slot, std::uint32_t chunk) { return slot.chunk < chunk; };
}  // namespace

const Posting::Slot* Posting::find(std::uint32_t chunk) const {
  if (!slots_) return nullptr;
  auto at = std::lower_bound(slots_->begin(), slots_->end(), chunk, before);
  return at != slots_->end() && at->chunk == chunk ? &*at : nullptr;
}

Posting::Slot& Posting::slot(std::uint32_t chunk) {
  auto at = slots_->end();
  if (!slots_->empty() && slots_->back().chunk >= chunk) at = std::lower_bound(slots_->begin(), at, chunk, before);
  if (at == slots_->end() || at->chunk != chunk) {
    at = slots_->emplace(at);
    at->chunk = chunk;
  }
  return *at;
}

bool Posting::touches(std::uint32_t chunk) const {
  return slots_ ? find(chunk) != nullptr : single_ != 0 && single_ >> chunk_bits == chunk;
}

void Posting::add(std::uint32_t id) {
  if (!slots_) {
    if (single_ == 0) single_ = id;
    if (single_ == id) return;
    slots_ = std::make_unique<std::vector<Slot>>();
    add(std::exchange(single_, 0));
  }
  Slot& s = slot(id >> chunk_bits);
  auto low = static_cast<std::uint16_t>(id);
  if (s.bits) {
    std::uint64_t mask = std::uint64_t{1} << (low & 63);
    if (!(s.bits[low >> 6] & mask)) ++s.count;
    s.bits[low >> 6] |= mask;
    return;
  }
  if (s.sorted.empty() || s.sorted.back() < low) {
    s.sorted.push_back(low);
  } else {
    auto at = std::lower_bound(s.sorted.begin(), s.sorted.end(), low);
    if (*at == low) return;
    s.sorted.insert(at, low);
  }
  if (++s.count > array_max) {
    s.bits = std::make_unique<std::uint64_t[]>(chunk_words);
    for (std::uint16_t member : s.sorted) s.bits[member >> 6] |= std::uint64_t{1} << (member & 63);
    std::vector<std::uint16_t>().swap(s.sorted);
  }
}

void Posting::remove(std::uint32_t id) {
  if (!slots_) {
    if (single_ == id) single_ = 0;
    return;
  }
  std::uint32_t chunk = id >> chunk_bits;
  auto low = static_cast<std::uint16_t>(id);
  auto at = std::lower_bound(slots_->begin(), slots_->end(), chunk, before);
  if (at == slots_->end() || at->chunk != chunk) return;
  if (at->bits) {
    std::uint64_t mask = std::uint64_t{1} << (low & 63);
    if (!(at->bits[low >> 6] & mask)) return;
    at->bits[low >> 6] &= ~mask;
    if (--at->count == array_again) {
      at->sorted.reserve(at->count);
      for (std::uint32_t word = 0; word < chunk_words; ++word) {
        for (std::uint64_t left = at->bits[word]; left; left &= left - 1) {
          auto bit = static_cast<std::uint32_t>(std::countr_zero(left));
          at->sorted.push_back(static_cast<std::uint16_t>(word * 64 + bit));
        }
      }
      at->bits.reset();
    }
    return;
  }
  auto member = std::lower_bound(at->sorted.begin(), at->sorted.end(), low);
  if (member == at->sorted.end() || *member != low) return;
  at->sorted.erase(member);
  if (--at->count > 0) return;
  slots_->erase(at);
  if (slots_->empty()) slots_.reset();
}

bool Posting::contains(std::uint32_t id) const {
  if (!slots_) return id != 0 && single_ == id;
  const Slot* s = find(id >> chunk_bits);
  if (!s) return false;
  auto low = static_cast<std::uint16_t>(id);
  if (s->bits) return (s->bits[low >> 6] >> (low & 63)) & 1;
  return std::binary_search(s->sorted.begin(), s->sorted.end(), low);
}

std::int64_t Posting::count() const {
  std::int64_t total = 0;
  if (!slots_) return single_ != 0;
  for (const Slot& s : *slots_) total += s.count;
  return total;
}

void Posting::or_into(std::uint32_t chunk, std::uint64_t* words) const {
  if (!touches(chunk)) return;
  if (!slots_) {
    words[(single_ & (chunk_ids - 1)) >> 6] |= std::uint64_t{1} << (single_ & 63);
    return;
  }
  const Slot* s = find(chunk);
  if (s->bits) {
    for (std::uint32_t i = 0; i < chunk_words; ++i) words[i] |= s->bits[i];
  } else {
    for (std::uint16_t member : s->sorted) words[member >> 6] |= std::uint64_t{1} << (member & 63);
  }
}

void Posting::and_into(std::uint32_t chunk, std::uint64_t* words) const {
  const Slot* s = find(chunk);
  if (s && s->bits) {
    for (std::uint32_t i = 0; i < chunk_words; ++i) words[i] &= s->bits[i];
    return;
  }
  std::uint32_t word = 0;
  std::uint64_t kept = 0;
  if (!slots_ && touches(chunk)) {
    word = (single_ & (chunk_ids - 1)) >> 6;
    kept = std::uint64_t{1} << (single_ & 63);
    std::fill(words, words + word, 0);
  } else if (s) {
    for (std::uint16_t member : s->sorted) {
      std::uint32_t at = member >> 6;
      if (at != word) {
        words[word] &= kept;
        std::fill(words + word + 1, words + at, 0);
        word = at;
        kept = 0;
      }
      kept |= std::uint64_t{1} << (member & 63);
    }
  }
  words[word] &= kept;
  std::fill(words + word + 1, words + chunk_words, 0);
}

std::int64_t Posting::count_in(std::uint32_t chunk, const std::uint64_t* words) const {
  if (!touches(chunk)) return 0;
  if (!slots_) return (words[(single_ & (chunk_ids - 1)) >> 6] >> (single_ & 63)) & 1;
  const Slot* s = find(chunk);
  std::int64_t total = 0;
  if (s->bits) {
    for (std::uint32_t i = 0; i < chunk_words; ++i) total += std::popcount(words[i] & s->bits[i]);
  } else {
    for (std::uint16_t member : s->sorted) total += (words[member >> 6] >> (member & 63)) & 1;
  }
  return total;
}

}  // namespace anlan::storage
