#include "catalog/spelling.h"

#include <algorithm>
#include <array>

#include <utf8proc.h>

#include "catalog/ordinary_words.h"
#include "catalog/protected_words.h"

namespace tallystone {
namespace {

constexpr size_t kLettersMax = 24;

bool IsLetter(utf8proc_int32_t rune) {
  switch (utf8proc_category(rune)) {
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
      return true;
    default:
      return false;
  }
}

// Same stem, and what follows it on both sides is short and may be an ending.
bool MayBeInflections(std::string_view written, std::string_view word) {
  const auto [left, right] =
      std::mismatch(written.begin(), written.end(), word.begin(), word.end());
  const auto rest_of = [](auto at, std::string_view text) {
    return text.substr(static_cast<size_t>(at - text.begin()));
  };
  const std::string_view one = rest_of(left, written);
  const std::string_view other = rest_of(right, word);
  constexpr size_t kEndingMax = 2;
  constexpr std::string_view kLettersOfEndings = "aeiouyäöüåøæéèàáíóúńnmrsdtlxgkjwch";
  const auto is_ending = [&](std::string_view rest) {
    return rest.size() <= kEndingMax &&
           rest.find_first_not_of(kLettersOfEndings) == std::string_view::npos;
  };
  return is_ending(one) && is_ending(other);
}

// Names of substances: benzoate and benzoic, ...ine and ...ide.
bool MayBeASubstance(std::string_view word) {
  constexpr std::string_view kEndings[] = {
      "ate",  "ite",  "ide",  "ine",  "ol",   "yl",   "one",  "ane",  "ene", "yne", "ose",
      "ase",  "ium",  "ic",   "oin",  "azole", "mycin", "cillin", "pril", "sartan", "statin", "olol",
      "pam",  "lam",  "at",   "it",   "id",   "in",   "on",   "an",   "en",
  };
  constexpr size_t kLettersMin = 7;
  return word.size() >= kLettersMin && !IsListedWord(word) &&
         std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) { return word.ends_with(ending); });
}

}  // namespace

void LettersOf(std::string_view token, Letters* letters) {
  letters->clear();
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(token.data());
  for (size_t at = 0; at < token.size();) {
    utf8proc_int32_t rune = static_cast<unsigned char>(token[at]);
    utf8proc_ssize_t size = 1;
    if (rune >= 0x80) {
      size = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(token.size() - at), &rune);
    }
    const bool letter = rune < 0x80 ? rune >= 'a' && rune <= 'z' : size > 0 && IsLetter(rune);
    if (!letter || letters->size() == kLettersMax) {
      letters->clear();
      return;
    }
    letters->push_back(static_cast<char32_t>(rune));
    at += static_cast<size_t>(size);
  }
}

int Edits(const Letters& one, const Letters& other, int max) {
  const size_t longer = std::max(one.size(), other.size());
  const size_t shorter = std::min(one.size(), other.size());
  if (longer - shorter > static_cast<size_t>(max)) {
    return max + 1;
  }
  // Rows of the table of edits of every beginning into every other.
  std::array<std::array<int, kLettersMax + 1>, 3> rows{};
  for (size_t column = 0; column <= other.size(); ++column) {
    rows[0][column] = static_cast<int>(column);
  }
  for (size_t row = 1; row <= one.size(); ++row) {
    auto& now = rows[row % 3];
    const auto& above = rows[(row + 2) % 3];
    const auto& two_above = rows[(row + 1) % 3];
    now[0] = static_cast<int>(row);
    int least = now[0];
    for (size_t column = 1; column <= other.size(); ++column) {
      const bool same = one[row - 1] == other[column - 1];
      int edits = std::min({above[column] + 1, now[column - 1] + 1,
                            above[column - 1] + (same ? 0 : 1)});
      if (row > 1 && column > 1 && one[row - 1] == other[column - 2] &&
          one[row - 2] == other[column - 1]) {
        edits = std::min(edits, two_above[column - 2] + 1);
      }
      now[column] = edits;
      least = std::min(least, edits);
    }
    if (least > max) {
      return max + 1;
    }
  }
  return std::min(rows[one.size() % 3][other.size()], max + 1);
}

int EditsAllowed(size_t letters) {
  constexpr size_t kOne = 4;
  constexpr size_t kTwo = 8;
  return letters < kOne ? 0 : letters < kTwo ? 1 : 2;
}

bool IsMisspelling(std::string_view written, std::string_view word) {
  constexpr size_t kFirstMayDiffer = 6;
  Letters one, other;
  LettersOf(written, &one);
  LettersOf(word, &other);
  const size_t letters = std::min(one.size(), other.size());
  const int allowed = EditsAllowed(letters);
  return allowed > 0 && (letters >= kFirstMayDiffer || one.front() == other.front()) &&
         Edits(one, other, allowed) <= allowed && ClassOfWord(word) == WordClass::kNone &&
         IsWellKnownWord(word) && !MayBeAWord(written) && !MayBeASubstance(written) &&
         !MayBeInflections(written, word);
}

}  // namespace tallystone
