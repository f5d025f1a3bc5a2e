#include "catalog/spelling.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <utf8proc.h>

#include "catalog/english_dictionary.h"
#include "catalog/ordinary_words.h"
#include "catalog/protected_words.h"
#include "catalog/vocabulary.h"

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

// What is left of both behind what they have in common at the front.
std::pair<std::string_view, std::string_view> Ends(std::string_view one, std::string_view other) {
  const auto [left, right] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  return {one.substr(static_cast<size_t>(left - one.begin())),
          other.substr(static_cast<size_t>(right - other.begin()))};
}

// An English word with an ending more, or a plural without it. Other forms are in a dictionary, and
// without one nothing is repaired that could be a form.
bool MayBeEnglishForms(std::string_view written, std::string_view word) {
  static constexpr std::string_view kEndings[] = {"s",  "d",  "r",  "y", "n", "es",
                                                  "ed", "er", "ly", "a", "o", "i"};
  const auto [one, other] = Ends(written, word);
  return (other.empty() &&
          std::find(std::begin(kEndings), std::end(kEndings), one) != std::end(kEndings)) ||
         (one.empty() && other == "s");
}

// Same stem, and what follows it on both sides may be an ending.
bool MayBeInflections(std::string_view written, std::string_view word, Languages languages) {
  constexpr size_t kEndingMax = 2;
  constexpr std::string_view kLetters = "aeiouyäöüåøæéèàáíóúńnmrsdtlxgkjwch";
  const auto [one, other] = Ends(written, word);
  if (one.size() > kEndingMax || other.size() > kEndingMax) {
    return false;
  }
  if (one.size() == 2 && other.size() == 2 && one[0] == other[1]) {
    return false;  // swapped
  }
  return (languages & kEnglish) != 0
             ? MayBeEnglishForms(written, word)
             : one.find_first_not_of(kLetters) == std::string_view::npos &&
                   other.find_first_not_of(kLetters) == std::string_view::npos;
}

template <size_t kCount>
bool EndsIn(std::string_view text, const std::string_view (&endings)[kCount]) {
  return std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view ending) { return text.ends_with(ending); });
}

constexpr std::string_view kEndingsOfSubstances[] = {
    "ate", "ite", "ide", "ine", "yl",  "one",   "ane",   "ene",    "yne",  "ose",
    "ase", "ium", "oin", "pam", "lam", "azole", "mycin", "cillin", "pril", "olol"};
// Also of many words that are none.
constexpr std::string_view kEndingsOfSomeSubstances[] = {"ol", "al", "ic", "in", "at", "it", "id"};

// Substances that differ in their ending: nitrate and nitrite, ethanol and ethanal.
bool MayBeSubstances(std::string_view written, std::string_view word) {
  constexpr size_t kLettersMin = 6;
  constexpr size_t kEndingMax = 4;
  const auto [one, other] = Ends(written, word);
  return word.size() >= kLettersMin && EndsIn(written, kEndingsOfSubstances) &&
         EndsIn(word, kEndingsOfSubstances) && one.size() <= kEndingMax &&
         other.size() <= kEndingMax;
}

// A word that only the dictionary has, not our lists of what is sold: it may be meant, but for
// drugs and chemicals, of which the dictionary has some and not their neighbours.
bool IsMerelyInDictionary(std::string_view word, int edits) {
  constexpr size_t kLettersMin = 6;
  return edits == 1 && word.size() >= kLettersMin && IsCommonEnglishWord(word) &&
         (LanguagesOf(word) & kProperNames) == 0 && !EndsIn(word, kEndingsOfSubstances) &&
         !EndsIn(word, kEndingsOfSomeSubstances);
}

// Two neighbours swapped, or a letter doubled or not: what hands do and other words hardly differ
// by.
bool IsSlip(const Letters& one, const Letters& other) {
  const Letters& longer = one.size() > other.size() ? one : other;
  const Letters& shorter = one.size() > other.size() ? other : one;
  const auto [at, other_at] = std::mismatch(shorter.begin(), shorter.end(), longer.begin());
  if (one.size() == other.size()) {
    return at + 1 < shorter.end() && other_at + 1 < longer.end() && *at == *(other_at + 1) &&
           *(at + 1) == *other_at && std::equal(at + 2, shorter.end(), other_at + 2);
  }
  return longer.size() == shorter.size() + 1 && other_at != longer.begin() &&
         *other_at == *(other_at - 1) && std::equal(at, shorter.end(), other_at + 1);
}

// The protected words, by their neighbours.
const Vocabulary& ProtectedWords() {
  static const Vocabulary words = [] {
    Vocabulary all;
    ForEachProtectedWord([&](std::string_view word) { all.Add(word); });
    return all;
  }();
  return words;
}

bool IsAProtectedWordAsNear(const Letters& written, std::string_view text, std::string_view word,
                            Languages languages, int edits, bool is_slip) {
  std::vector<WordId> similar;
  ProtectedWords().FindSimilar(text, &similar);
  Letters letters;
  const WordClass of_class = ClassOfWord(word);
  return std::any_of(similar.begin(), similar.end(), [&](WordId id) {
    const std::string_view other = ProtectedWords().text(id);
    LettersOf(other, &letters);
    return other != word && (LanguagesProtecting(other) & languages) != 0 &&
           (of_class == WordClass::kNone || of_class == ClassOfWord(other)) &&
           Edits(written, letters, edits) <= edits && (!is_slip || IsSlip(written, letters));
  });
}

// What may be repaired into, as far as it is protected.
bool MayBeMeant(std::string_view word, int edits) {
  constexpr size_t kSideMin = 5;
  switch (ClassOfWord(word)) {
    case WordClass::kNone:
      return true;
    case WordClass::kWithout:
    case WordClass::kRelation:
    case WordClass::kNumber:
    case WordClass::kUnit:
    case WordClass::kSex:
      return false;
    case WordClass::kSide:
      return edits == 1 && word.size() >= kSideMin;
    default:  // one edit makes no unscented of scented
      return edits == 1;
  }
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
      int edits =
          std::min({above[column] + 1, now[column - 1] + 1, above[column - 1] + (same ? 0 : 1)});
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

bool IsEnglishName(const std::vector<std::string_view>& tokens) {
  constexpr size_t kLettersMin = 4;
  int english = 0, foreign = 0, unknown = 0;
  Letters letters;
  for (const std::string_view token : tokens) {
    LettersOf(token, &letters);
    if (letters.size() < kLettersMin) {
      continue;
    }
    const Languages others = LanguagesOf(token) & ~kProperNames & ~kEnglish;
    const bool is_english = (LanguagesOf(token) & kEnglish) != 0 || IsInEnglishDictionary(token);
    english += is_english && others == 0 ? 1 : 0;
    foreign += !is_english && others != 0 ? 1 : 0;
    unknown += !is_english && others == 0 ? 1 : 0;
  }
  return (foreign == 0 || foreign < english) && (unknown == 0 || english > 0);
}

bool IsMisspelling(std::string_view written, std::string_view word, bool in_english) {
  constexpr size_t kFirstMayDiffer = 5;
  Letters one, other;
  LettersOf(written, &one);
  LettersOf(word, &other);
  const size_t letters = std::min(one.size(), other.size());
  const int allowed = EditsAllowed(letters);
  if (allowed == 0) {
    return false;
  }
  const bool first_replaced =
      one.size() == other.size() && one[0] != other[0] && one[0] != other[1];
  const int edits = Edits(one, other, allowed);
  Languages languages = edits <= allowed ? WellKnownIn(word) : 0;
  if (languages == 0 && IsMerelyInDictionary(word, edits)) {
    languages = kEnglish;
  }
  const bool slips_only = !in_english || (languages & kEnglish) == 0 || !HasEnglishDictionary() ||
                          (LanguagesOf(word) & kProperNames) != 0;
  const bool is_slip = IsSlip(one, other);
  return languages != 0 && (!slips_only || is_slip) &&
         !(letters < kFirstMayDiffer && first_replaced) && MayBeMeant(word, edits) &&
         LanguagesOf(written) == 0 && !IsInEnglishDictionary(written) &&
         (LanguagesOfForms(written) & languages) == 0 &&
         !MayBeInflections(written, word, languages) && !MayBeSubstances(written, word) &&
         !IsAProtectedWordAsNear(one, written, word, languages, edits, is_slip);
}

}  // namespace tallystone
