// MatchIndex: the names of a catalogue by their words, for lines that no exact rule maps: which
// item a line with a typing error surely means, and which ones it may mean.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "tallystone/batch.h"

namespace tallystone {

// The number of the rule and the ranking, recorded with every decision that they make: 1 in a
// library without an English dictionary, 2 in one with it.
uint8_t MatchVersion();

class SortedNames;

// About 150 bytes a name and 300 a word. Forms are normal forms, not copied: they must live as long
// as they are here. Not thread-safe.
class MatchIndex {
 public:
  MatchIndex();
  ~MatchIndex();

  void Add(ItemId item, std::string_view form);
  // What was added last; its text must still be there.
  void RemoveLast();

  // Words, with blanks between them, that are never repaired, nor repaired into, in this catalogue.
  void Protect(std::string_view words);

  // The one item that `form` names with one or two misspelled words (IsMisspelling), all others
  // equal and arranged the same (SortedNames). Item 0 = there is none, or several. Names of less
  // than four words are never matched. `names` has the same names.
  [[nodiscard]] Candidate FindMisspelled(std::string_view form, const SortedNames& names);

  // It is a word of the catalogue.
  [[nodiscard]] bool Knows(std::string_view word) const;
  // The words of the catalogue that a word of a name may be misspelled for.
  [[nodiscard]] std::vector<std::string_view> MayMean(
      std::string_view word, const std::vector<std::string_view>& name) const;

  // The items whose names are most like `form`, best first, at most `most`. Looks
  // at a bounded number of names, those that share its rarest words, so that the time does not grow
  // with the catalogue.
  void FindCandidates(std::string_view form, size_t most, std::vector<Candidate>* candidates);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallystone
