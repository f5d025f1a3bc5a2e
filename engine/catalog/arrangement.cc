#include "catalog/arrangement.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "catalog/protected_words.h"

namespace tallystone {
namespace {

using Tokens = std::vector<std::string_view>;

bool IsBareNumber(std::string_view token) {
  return token.find_first_not_of("0123456789.,/-^~") == std::string_view::npos;
}

// The parts of a name, each sorted behind the word that begins it; the first has none.
std::vector<Tokens> Parts(const Tokens& tokens) {
  std::vector<Tokens> parts(1);
  parts.back().push_back({});
  for (const std::string_view token : tokens) {
    const WordClass word_class = ClassOfWord(token);
    if (word_class == WordClass::kWithout || word_class == WordClass::kRelation) {
      parts.emplace_back();
    }
    parts.back().push_back(token);
  }
  for (Tokens& part : parts) {
    std::sort(part.begin() + 1, part.end());
  }
  std::sort(parts.begin() + 1, parts.end());
  return parts;
}

// What stands before and behind a token that stands once; "" = nothing.
struct Neighbours {
  std::string_view before, behind;
};
Neighbours NeighboursOf(std::string_view token, const Tokens& tokens) {
  const size_t at =
      static_cast<size_t>(std::find(tokens.begin(), tokens.end(), token) - tokens.begin());
  return {at == 0 ? std::string_view() : tokens[at - 1],
          at + 1 < tokens.size() ? tokens[at + 1] : std::string_view()};
}

bool KeepsANeighbour(std::string_view token, const Tokens& left, const Tokens& right) {
  const Neighbours one = NeighboursOf(token, left);
  const Neighbours other = NeighboursOf(token, right);
  return (!one.before.empty() && one.before == other.before) ||
         (!one.behind.empty() && one.behind == other.behind);
}

bool StandsTwice(const Tokens& tokens) {
  Tokens sorted = tokens;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

}  // namespace

void SplitTokens(std::string_view form, std::vector<std::string_view>* tokens) {
  tokens->clear();
  while (!form.empty()) {
    const size_t end = std::min(form.find(' '), form.size());
    tokens->push_back(form.substr(0, end));
    form.remove_prefix(std::min(end + 1, form.size()));
  }
}

bool SameArrangement(std::string_view left, std::string_view right) {
  if (left == right) {
    return true;
  }
  Tokens one, other;
  SplitTokens(left, &one);
  SplitTokens(right, &other);
  if (one.size() != other.size() || StandsTwice(one) || Parts(one) != Parts(other)) {
    return false;
  }
  std::array<int, 32> of_class{};
  for (const std::string_view token : one) {
    ++of_class[static_cast<size_t>(ClassOfWord(token))];
  }
  return std::all_of(one.begin(), one.end(), [&](std::string_view token) {
    const WordClass word_class = ClassOfWord(token);
    const bool bound =
        IsBareNumber(token) || word_class == WordClass::kNumber ||
        (word_class > WordClass::kUnit && of_class[static_cast<size_t>(word_class)] > 1);
    return !bound || KeepsANeighbour(token, one, other);
  });
}

}  // namespace tallystone
