#include "storage/search/words.h"

#include <algorithm>

namespace anlan::storage::search {
namespace {

enum class Script { none, han, word };

struct Letter {
  char32_t code = 0;       // folded
  std::size_t begin = 0, length = 0;
  Script script = Script::none;
};

char32_t folded(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;  // full width
  if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) c += 0x20;
  return c;
}
Script script_of(char32_t c) {
  if ((c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF) ||
      (c >= 0x3041 && c <= 0x30FF) || (c >= 0xAC00 && c <= 0xD7AF))
    return Script::han;
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) return Script::word;
  if (c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x2BFF) || (c >= 0x2E00 && c <= 0x303F) ||
      (c >= 0xFE00 && c <= 0xFFFF) || (c >= 0xE000 && c <= 0xF8FF) || c >= 0x1F000)
    return Script::none;
  return Script::word;
}

// The next letter at `at`, which moves behind it; false at the end or at malformed bytes.
bool next(std::string_view text, std::size_t& at, Letter& out) {
  if (at >= text.size()) return false;
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || at + length > text.size()) return false;
  char32_t c = length == 1 ? lead : lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto more = static_cast<unsigned char>(text[at + i]);
    if ((more & 0xC0) != 0x80) return false;
    c = (c << 6) | (more & 0x3F);
  }
  c = folded(c);
  out = {c, at, length, script_of(c)};
  at += length;
  return true;
}

void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// What stands together: a run of Chinese, or words in other letters with nothing but marks between them.
struct Run {
  Script script = Script::none;
  std::vector<Letter> letters;          // of a run of Chinese
  std::vector<std::string> words;       // of others
  std::size_t begin = 0, end = 0;
};
constexpr std::size_t word_most = 60;   // bytes; a longer one is cut, at both ends alike

std::vector<Run> runs_of(std::string_view text) {
  std::vector<Run> out;
  bool inside = false;  // of a word
  Letter letter;
  for (std::size_t at = 0; next(text, at, letter);) {
    if (letter.script == Script::none) {
      inside = false;
      if (letter.code == ' ' || letter.code == '\n' || letter.code == '\t' || letter.code == 0x3000)
        out.emplace_back();  // a space ends what stands together
      continue;
    }
    if (out.empty() || out.back().script != letter.script) {
      if (out.empty() || out.back().script != Script::none) out.emplace_back();
      out.back().script = letter.script;
      out.back().begin = letter.begin;
      inside = false;
    }
    Run& run = out.back();
    run.end = letter.begin + letter.length;
    if (letter.script == Script::han) {
      // A mark between two characters keeps them apart.
      if (!run.letters.empty() && run.letters.back().begin + run.letters.back().length != letter.begin) {
        out.emplace_back();
        out.back().script = Script::han;
        out.back().begin = letter.begin;
        out.back().end = letter.begin + letter.length;
        out.back().letters.push_back(letter);
        continue;
      }
      run.letters.push_back(letter);
    } else {
      if (!inside) run.words.emplace_back();
      inside = true;
      if (run.words.back().size() < word_most) append(run.words.back(), letter.code);
    }
  }
  std::erase_if(out, [](const Run& run) { return run.script == Script::none; });
  return out;
}

}  // namespace

std::string index_words(std::string_view text) {
  std::string out;
  for (const Run& run : runs_of(text)) {
    if (run.script == Script::han) {
      for (std::size_t i = 0; i < run.letters.size(); ++i) {
        append(out, run.letters[i].code);
        if (i + 1 < run.letters.size()) append(out, run.letters[i + 1].code);
        out += ' ';
      }
    } else {
      for (const std::string& word : run.words) out += word + ' ';
    }
  }
  return out;
}

std::string match_of(std::string_view asked) {
  std::string out;
  for (const Run& run : runs_of(asked.substr(0, 1000))) {
    std::string phrase;
    bool begins = true;  // the last word of the index may go on
    if (run.script == Script::han) {
      for (std::size_t i = 0; i + 1 < run.letters.size(); ++i) {
        append(phrase, run.letters[i].code);
        append(phrase, run.letters[i + 1].code);
        phrase += ' ';
      }
      begins = run.letters.size() == 1;
      if (begins) append(phrase, run.letters[0].code);
    } else {
      for (const std::string& word : run.words) phrase += (phrase.empty() ? "" : " ") + word;
    }
    if (!out.empty()) out += " AND ";
    out += '"' + phrase + '"' + (begins ? " *" : "");
  }
  return out;
}

Place find_part(std::string_view text, std::string_view asked) {
  std::vector<Letter> letters;
  Letter letter;
  for (std::size_t at = 0; next(text, at, letter);) letters.push_back(letter);
  Place found;
  for (const Run& run : runs_of(asked.substr(0, 1000))) {
    std::vector<char32_t> part;
    for (std::size_t at = run.begin; at < run.end && next(asked, at, letter);) part.push_back(letter.code);
    auto it = std::search(letters.begin(), letters.end(), part.begin(), part.end(),
                          [](const Letter& a, char32_t b) { return a.code == b; });
    if (it == letters.end() || part.empty()) continue;
    if (found.length > 0 && it->begin >= found.begin) continue;
    const Letter& last = *(it + static_cast<std::ptrdiff_t>(part.size()) - 1);
    found = {it->begin, last.begin + last.length - it->begin};
  }
  return found;
}

}  // namespace anlan::storage::search
