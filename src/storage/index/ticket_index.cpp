#include "storage/index/ticket_index.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace anlan::storage {
namespace {

constexpr std::int64_t no_due = std::numeric_limits<std::int64_t>::max();

bool has(const std::vector<FacetCode>& codes, FacetCode wanted) {
  return std::binary_search(codes.begin(), codes.end(), wanted);
}
bool has_any(const std::vector<FacetCode>& codes, const std::vector<FacetCode>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](FacetCode code) { return has(codes, code); });
}

}  // namespace

std::string encode_codes(const std::vector<FacetCode>& codes) {
  std::string out;
  FacetCode before = 0;
  for (FacetCode code : codes) {
    FacetCode step = code - before;
    before = code;
    for (; step >= 0x80; step >>= 7) out += static_cast<char>(step | 0x80);
    out += static_cast<char>(step);
  }
  return out;
}

std::vector<FacetCode> decode_codes(std::string_view bytes) {
  std::vector<FacetCode> out;
  decode_codes(bytes, out);
  return out;
}

void decode_codes(std::string_view bytes, std::vector<FacetCode>& out) {
  out.clear();
  FacetCode code = 0, step = 0;
  int shift = 0;
  for (char c : bytes) {
    step |= static_cast<FacetCode>(c & 0x7F) << shift;
    if (c & 0x80) {
      if ((shift += 7) > 28) break;
      continue;
    }
    out.push_back(code += step);
    step = 0;
    shift = 0;
  }
}

bool matches(const Plan& plan, const Facets& facets) {
  for (const auto& alternatives : plan.all) {
    if (!has_any(facets.codes, alternatives)) return false;
  }
  if (plan.scoped && !has_any(facets.codes, plan.own) &&
      !(has_any(facets.codes, plan.area) && has_any(facets.codes, plan.sensitivity))) {
    return false;
  }
  return (!plan.opened_from || facets.opened_at >= *plan.opened_from) &&
         (!plan.opened_to || facets.opened_at < *plan.opened_to);
}

std::string TicketIndex::code_key(Facet facet, std::string_view value) {
  std::string key(1, static_cast<char>(facet));
  key += value;
  return key;
}

FacetCode TicketIndex::code(Facet facet, std::string_view value) const {
  auto at = codes_.find(code_key(facet, value));
  return at == codes_.end() ? 0 : at->second;
}

void TicketIndex::load_code(Facet facet, std::string_view value, FacetCode code) {
  codes_.emplace(code_key(facet, value), code);
}

Posting& TicketIndex::posting(FacetCode code) {
  if (code >= postings_.size()) postings_.resize(code + 1);
  return postings_[code];
}

void TicketIndex::append_id(std::uint32_t id, Instant opened_at) {
  std::size_t block = id / 64;
  std::int64_t reached = reached_.empty() ? std::numeric_limits<std::int64_t>::min() : reached_.back();
  while (reached_.size() <= block) reached_.push_back(reached);
  if (opened_at.ms < reached) {
    if (late_.size() <= id >> chunk_bits) late_.resize((id >> chunk_bits) + 1);
    Late& late = late_[id >> chunk_bits];
    late.low.push_back(static_cast<std::uint16_t>(id & (chunk_ids - 1)));
    late.opened_at.push_back(opened_at.ms);
  } else {
    reached_[block] = opened_at.ms;
  }
  every_.add(id);
  last_id_ = id;
}

void TicketIndex::load(std::uint32_t id, Instant opened_at, const std::vector<FacetCode>& codes) {
  append_id(id, opened_at);
  for (FacetCode code : codes) posting(code).add(id);
}

void TicketIndex::load_open(std::uint32_t id, Instant updated_at, std::optional<Instant> next_due) {
  set_open(id, updated_at, next_due);
}

void TicketIndex::set_open(std::uint32_t id, Instant updated_at, std::optional<Instant> next_due) {
  std::size_t block = id / 64;
  if (block >= open_.size()) open_.resize(block + 1);
  if (!open_[block]) open_[block] = std::make_unique<KeyBlock>();
  open_[block]->present |= std::uint64_t{1} << (id % 64);
  open_[block]->keys[id % 64] = Keys{updated_at.ms, next_due ? next_due->ms : no_due};
}

void TicketIndex::set_closed(std::uint32_t id) {
  std::size_t block = id / 64;
  if (block >= open_.size() || !open_[block]) return;
  open_[block]->present &= ~(std::uint64_t{1} << (id % 64));
  if (open_[block]->present == 0) open_[block].reset();
}

void TicketIndex::announce(const Overlay& overlay, std::int64_t generation) {
  std::unique_lock lock(mutex_);
  pending_ = &overlay;
  pending_generation_ = generation;
}

void TicketIndex::withdraw() {
  std::unique_lock lock(mutex_);
  pending_ = nullptr;
}

void TicketIndex::publish(const std::unordered_map<std::string, FacetCode>& new_codes) {
  std::unique_lock lock(mutex_);
  for (const auto& [id, change] : *pending_) {
    const auto& after = change.after;
    if (id > last_id_) append_id(id, after.opened_at);
    for (FacetCode code : change.before) {
      if (!has(after.codes, code)) posting(code).remove(id);
    }
    for (FacetCode code : after.codes) {
      if (!has(change.before, code)) posting(code).add(id);
    }
    if (after.open) {
      set_open(id, after.updated_at, after.next_due);
    } else {
      set_closed(id);
    }
  }
  codes_.insert(new_codes.begin(), new_codes.end());
  pending_ = nullptr;
  generation_ = pending_generation_;
}

std::uint32_t TicketIndex::block_reaching(Instant t) const {
  return static_cast<std::uint32_t>(std::lower_bound(reached_.begin(), reached_.end(), t.ms) - reached_.begin());
}

bool TicketIndex::any_touches(const std::vector<FacetCode>& codes, std::uint32_t chunk) const {
  return std::any_of(codes.begin(), codes.end(),
                     [&](FacetCode code) { return code < postings_.size() && postings_[code].touches(chunk); });
}

void TicketIndex::unite(const std::vector<FacetCode>& codes, std::uint32_t chunk, Words& words) const {
  for (FacetCode code : codes) {
    if (code < postings_.size()) postings_[code].or_into(chunk, words.data());
  }
}

bool TicketIndex::evaluate(const Plan& plan, std::uint32_t chunk, Words& words) const {
  if (!every_.touches(chunk)) return false;
  for (const auto& alternatives : plan.all) {
    if (!any_touches(alternatives, chunk)) return false;
  }
  std::uint32_t first = chunk << chunk_bits, last = first + (chunk_ids - 1);
  bool ranged = plan.opened_from || plan.opened_to;
  static const Late none;
  const Late& late = chunk < late_.size() ? late_[chunk] : none;
  if (ranged && late.low.empty() && (plan.id_to <= first || plan.id_from > last)) return false;

  words.fill(0);
  every_.or_into(chunk, words.data());
  Words other;
  for (const auto& alternatives : plan.all) {
    if (alternatives.size() == 1) {
      postings_[alternatives[0]].and_into(chunk, words.data());
      continue;
    }
    other.fill(0);
    unite(alternatives, chunk, other);
    for (std::uint32_t i = 0; i < chunk_words; ++i) words[i] &= other[i];
  }
  if (plan.scoped) {
    Words seen;
    seen.fill(0);
    unite(plan.area, chunk, seen);
    other.fill(0);
    unite(plan.sensitivity, chunk, other);
    for (std::uint32_t i = 0; i < chunk_words; ++i) seen[i] &= other[i];
    unite(plan.own, chunk, seen);
    for (std::uint32_t i = 0; i < chunk_words; ++i) words[i] &= seen[i];
  }
  if (ranged) {
    std::vector<std::uint32_t> lawful;  // late ones within the range that match all else
    auto judge = [&](std::size_t at) {
      const std::uint32_t low = late.low[at];
      if (!(words[low >> 6] >> (low & 63) & 1)) return;
      if ((!plan.opened_from || late.opened_at[at] >= plan.opened_from->ms) &&
          (!plan.opened_to || late.opened_at[at] < plan.opened_to->ms)) {
        lawful.push_back(low);
      }
      words[low >> 6] &= ~(std::uint64_t{1} << (low & 63));
    };
    std::size_t left = 0;
    for (std::uint64_t word : words) left += static_cast<std::size_t>(std::popcount(word));
    if (left * 16 < late.low.size()) {  // sooner found by what is left than by all that are late
      for (std::uint32_t i = 0; i < chunk_words; ++i) {
        for (std::uint64_t word = words[i]; word != 0; word &= word - 1) {
          const auto low = static_cast<std::uint16_t>(i * 64 + static_cast<std::uint32_t>(std::countr_zero(word)));
          auto it = std::lower_bound(late.low.begin(), late.low.end(), low);
          if (it != late.low.end() && *it == low) judge(static_cast<std::size_t>(it - late.low.begin()));
        }
      }
    } else {
      for (std::size_t i = 0; i < late.low.size(); ++i) judge(i);
    }
    std::uint32_t from = plan.id_from <= first ? 0 : std::min(plan.id_from - first, chunk_ids);
    std::uint32_t to = plan.id_to <= first ? 0 : std::min(plan.id_to - first, chunk_ids);
    std::fill(words.begin(), words.begin() + (from >> 6), 0);
    if (from & 63) words[from >> 6] &= ~std::uint64_t{0} << (from & 63);
    if (to < chunk_ids) {
      words[to >> 6] &= (std::uint64_t{1} << (to & 63)) - 1;
      std::fill(words.begin() + (to >> 6) + 1, words.end(), 0);
    }
    for (std::uint32_t low : lawful) words[low >> 6] |= std::uint64_t{1} << (low & 63);
  }
  return std::any_of(words.begin(), words.end(), [](std::uint64_t word) { return word != 0; });
}

std::uint32_t TicketIndex::last_chunk(const Overlay* overlay) const {
  std::uint32_t last = last_id_;
  if (overlay && !overlay->empty()) last = std::max(last, overlay->rbegin()->first);
  return last >> chunk_bits;
}

void TicketIndex::walk(const Plan& plan, const Overlay* overlay, std::uint32_t from, bool descending,
                       const std::function<bool(std::uint32_t)>& visit) const {
  if (descending && from == 0) return;
  std::uint32_t end = last_chunk(overlay);
  std::uint32_t chunk = std::min((descending ? from - 1 : from) >> chunk_bits, descending ? end : UINT32_MAX);
  Words words;
  for (; chunk <= end; descending ? --chunk : ++chunk) {  // below chunk 0 the counter wraps and ends the loop
    std::uint32_t first = chunk << chunk_bits;
    bool any = evaluate(plan, chunk, words);
    if (!any) words.fill(0);
    if (overlay) {
      for (auto it = overlay->lower_bound(first); it != overlay->end() && it->first >> chunk_bits == chunk; ++it) {
        std::uint32_t low = it->first - first;
        std::uint64_t mask = std::uint64_t{1} << (low & 63);
        words[low >> 6] &= ~mask;
        if (matches(plan, it->second.after)) {
          words[low >> 6] |= mask;
          any = true;
        }
      }
    }
    if (!any) continue;
    if (descending) {
      for (std::uint32_t word = chunk_words; word-- > 0;) {
        for (std::uint64_t left = words[word]; left;) {
          auto bit = 63 - static_cast<std::uint32_t>(std::countl_zero(left));
          left &= ~(std::uint64_t{1} << bit);
          std::uint32_t id = first + word * 64 + bit;
          if (id < from && !visit(id)) return;
        }
      }
    } else {
      for (std::uint32_t word = 0; word < chunk_words; ++word) {
        for (std::uint64_t left = words[word]; left; left &= left - 1) {
          std::uint32_t id = first + word * 64 + static_cast<std::uint32_t>(std::countr_zero(left));
          if (id > from && !visit(id)) return;
        }
      }
    }
  }
}

std::optional<std::pair<Instant, std::optional<Instant>>> TicketIndex::open_keys(std::uint32_t id,
                                                                               const Overlay* overlay) const {
  if (overlay) {
    if (auto at = overlay->find(id); at != overlay->end()) {
      if (!at->second.after.open) return std::nullopt;
      return std::pair(at->second.after.updated_at, at->second.after.next_due);
    }
  }
  std::size_t block = id / 64;
  if (block >= open_.size() || !open_[block] || !(open_[block]->present >> (id % 64) & 1)) return std::nullopt;
  const Keys& keys = open_[block]->keys[id % 64];
  return std::pair(Instant{keys.updated_at},
                   keys.next_due == no_due ? std::nullopt : std::optional(Instant{keys.next_due}));
}

std::vector<std::int64_t> TicketIndex::count(const Plan& plan, const Overlay* overlay,
                                             const std::vector<FacetCode>& codes) const {
  std::vector<std::int64_t> counts(codes.size());
  Words words;
  for (std::uint32_t chunk = 0; chunk <= last_chunk(nullptr); ++chunk) {
    if (!evaluate(plan, chunk, words)) continue;
    if (overlay) {
      std::uint32_t first = chunk << chunk_bits;
      for (auto it = overlay->lower_bound(first); it != overlay->end() && it->first >> chunk_bits == chunk; ++it) {
        std::uint32_t low = it->first - first;
        words[low >> 6] &= ~(std::uint64_t{1} << (low & 63));
      }
    }
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (codes[i] < postings_.size()) counts[i] += postings_[codes[i]].count_in(chunk, words.data());
    }
  }
  if (overlay) {
    for (const auto& [id, change] : *overlay) {
      if (!matches(plan, change.after)) continue;
      for (std::size_t i = 0; i < codes.size(); ++i) counts[i] += has(change.after.codes, codes[i]);
    }
  }
  return counts;
}

}  // namespace anlan::storage
