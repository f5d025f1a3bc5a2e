#include "catalog/match_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/check.h"
#include "catalog/arrangement.h"
#include "catalog/english_dictionary.h"
#include "catalog/sorted_names.h"
#include "catalog/spelling.h"
#include "catalog/trigrams.h"
#include "catalog/vocabulary.h"
#include "catalog/votes.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using NameNumber = uint32_t;  // from 0

struct Name {
  const char* text = nullptr;
  uint32_t bytes = 0;
  ItemId item = 0;
  [[nodiscard]] std::string_view form() const { return {text, bytes}; }
};

// The names with a word, or the words with a trigram: numbers, ascending.
using Postings = boost::container::small_vector<NameNumber, 2>;

// A word of the catalogue that a line has, or may mean.
struct Clue {
  WordId word = 0;
  uint32_t names = 0;
  bool meant = false;  // not written so
};

}  // namespace

struct MatchIndex::Impl {
  std::vector<Name> names;
  Vocabulary vocabulary;
  std::vector<Postings> postings;  // of word n at n - 1
  boost::unordered_flat_map<uint32_t, Postings>
      words_with;  // a trigram; words of four bytes and more
  Trigrams trigrams;
  Votes votes;
  boost::unordered_flat_set<std::string> protected_words;
  // Working memory.
  std::vector<std::string_view> tokens;
  std::vector<WordId> similar;
  std::vector<NameNumber> best;
  std::string meant;

  [[nodiscard]] bool IsProtected(std::string_view word) const {
    return !protected_words.empty() && protected_words.contains(std::string(word));
  }
  // What is not misspelled tells the language of a name.
  [[nodiscard]] bool IsEnglish(std::vector<std::string_view> of_name) const {
    std::erase_if(of_name, [this](std::string_view token) { return vocabulary.Find(token) == 0; });
    return IsEnglishName(of_name);
  }
  // The words that `token`, which is none of them, may be misspelled for.
  void FindMeant(std::string_view token, bool in_english, std::vector<WordId>* words) const;
  [[nodiscard]] bool BeginsAnother(std::string_view token, const std::vector<WordId>& words) const;
  void AddTrigramsOf(WordId word);
  void RemoveTrigramsOf(WordId word);
  void FindMeanings(std::string_view token);
  void Vote(const std::vector<Clue>& clues, size_t names_max);
};

namespace {

constexpr size_t kPartlyKnownMin = 4;  // bytes of a word that is found by its trigrams

}  // namespace

void MatchIndex::Impl::FindMeant(std::string_view token, bool in_english,
                                 std::vector<WordId>* words) const {
  vocabulary.FindSimilar(token, words);
  std::erase_if(*words, [&](WordId word) {
    const std::string_view text = vocabulary.text(word);
    return IsProtected(token) || IsProtected(text) || !IsMisspelling(token, text, in_english);
  });
  const bool cut_short = std::all_of(words->begin(), words->end(), [&](WordId word) {
    return vocabulary.text(word).starts_with(token);  // FLOWE is nearer to FLOWER than to FLOWERS
  });
  if (!cut_short && BeginsAnother(token, *words)) {
    words->clear();
  }
}

// LEAV may be LEAVES as well as LEAF: a word that others begin with, but none of `words`, may be
// short for one of them.
bool MatchIndex::Impl::BeginsAnother(std::string_view token,
                                     const std::vector<WordId>& words) const {
  constexpr size_t kHeardMax = 4'096;
  const Postings* rarest = nullptr;
  bool unknown = false;
  size_t left = token.size();  // the last trigram ends the word
  ForEachTrigram(token, [&](uint32_t trigram) {
    if (left-- == 1 || unknown) {
      return;
    }
    const auto found = words_with.find(trigram);
    unknown = found == words_with.end();
    if (!unknown && (rarest == nullptr || found->second.size() < rarest->size())) {
      rarest = &found->second;
    }
  });
  if (unknown || rarest == nullptr) {
    return false;
  }
  const size_t heard = std::min(rarest->size(), kHeardMax);
  return std::any_of(rarest->begin(), rarest->begin() + static_cast<ptrdiff_t>(heard),
                     [&](WordId word) {
                       return vocabulary.text(word).starts_with(token) &&
                              std::find(words.begin(), words.end(), word) == words.end();
                     });
}

void MatchIndex::Impl::AddTrigramsOf(WordId word) {
  if (vocabulary.text(word).size() >= kPartlyKnownMin) {
    ForEachTrigram(vocabulary.text(word), [&](uint32_t trigram) {
      Postings& words = words_with[trigram];
      if (words.empty() || words.back() != word) {
        words.push_back(word);
      }
    });
  }
}

void MatchIndex::Impl::RemoveTrigramsOf(WordId word) {
  if (vocabulary.text(word).size() >= kPartlyKnownMin) {
    ForEachTrigram(vocabulary.text(word), [&](uint32_t trigram) {
      Postings& words = words_with[trigram];
      if (!words.empty() && words.back() == word) {
        words.pop_back();
      }
    });
  }
}

// The words that share most trigrams with a token, in `similar`: KXTS108W and TS108W, breadmaker
// and maker.
void MatchIndex::Impl::FindMeanings(std::string_view token) {
  constexpr size_t kMeaningsMax = 8;
  constexpr uint32_t kSharedMin = 2;
  similar.clear();
  if (token.size() < kPartlyKnownMin) {
    return;
  }
  boost::container::small_vector<const Postings*, 64> lists;
  ForEachTrigram(token, [&](uint32_t trigram) {
    const auto found = words_with.find(trigram);
    if (found != words_with.end()) {
      lists.push_back(&found->second);
    }
  });
  std::sort(lists.begin(), lists.end(), [](const Postings* left, const Postings* right) {
    return left->size() < right->size();
  });
  constexpr size_t kHeardMax = 1'000;
  size_t heard = 0;
  votes.Begin();
  for (const Postings* words : lists) {
    heard += words->size();
    if (heard > kHeardMax) {
      break;
    }
    for (const WordId word : *words) {
      votes.Add(word, 1);
    }
  }
  votes.Best(kMeaningsMax, kSharedMin, &similar);
}

uint8_t MatchVersion() {
  return HasEnglishDictionary() ? 2 : 1;
}

MatchIndex::MatchIndex() : impl_(std::make_unique<Impl>()) {}
MatchIndex::~MatchIndex() = default;

void MatchIndex::Add(ItemId item, std::string_view form) {
  Impl& impl = *impl_;
  const auto number = static_cast<NameNumber>(impl.names.size());
  impl.names.push_back({form.data(), static_cast<uint32_t>(form.size()), item});
  SplitTokens(form, &impl.tokens);
  for (const std::string_view token : impl.tokens) {
    const WordId word = impl.vocabulary.Add(token);
    if (word > impl.postings.size()) {
      impl.postings.emplace_back();
      impl.AddTrigramsOf(word);
    }
    Postings& postings = impl.postings[word - 1];
    if (postings.empty() || postings.back() != number) {
      postings.push_back(number);
    }
  }
  impl.trigrams.Add(form);
}

void MatchIndex::RemoveLast() {
  Impl& impl = *impl_;
  TS_CHECK(!impl.names.empty());
  const std::string_view form = impl.names.back().form();
  const auto number = static_cast<NameNumber>(impl.names.size() - 1);
  SplitTokens(form, &impl.tokens);
  for (const std::string_view token : impl.tokens) {
    const WordId word = impl.vocabulary.Find(token);
    TS_CHECK(word != 0);
    Postings& postings = impl.postings[word - 1];
    if (!postings.empty() && postings.back() == number) {
      postings.pop_back();
    }
  }
  // The words that the name brought are the last ones.
  while (!impl.postings.empty() && impl.postings.back().empty()) {
    impl.RemoveTrigramsOf(impl.vocabulary.size());
    impl.vocabulary.RemoveLast();
    impl.postings.pop_back();
  }
  impl.trigrams.Remove(form);
  impl.names.pop_back();
}

void MatchIndex::Protect(std::string_view words) {
  impl_->protected_words.clear();
  std::vector<std::string_view> all;
  SplitTokens(words, &all);
  impl_->protected_words.insert(all.begin(), all.end());
}

bool MatchIndex::Knows(std::string_view word) const {
  return impl_->vocabulary.Find(word) != 0;
}

std::vector<std::string_view> MatchIndex::MayMean(std::string_view word,
                                                  const std::vector<std::string_view>& name) const {
  std::vector<std::string_view> meant;
  if (!Knows(word)) {
    std::vector<WordId> similar;
    impl_->FindMeant(word, impl_->IsEnglish(name), &similar);
    for (const WordId id : similar) {
      meant.push_back(impl_->vocabulary.text(id));
    }
  }
  return meant;
}

Candidate MatchIndex::FindMisspelled(std::string_view form, const SortedNames& names) {
  constexpr size_t kTokensMin = 4;
  constexpr size_t kChangedMax = 2;
  constexpr size_t kMeaningsMax = 8;
  Impl& impl = *impl_;
  SplitTokens(form, &impl.tokens);
  if (impl.tokens.size() < kTokensMin) {
    return {};
  }
  // Every word that no name has must be one that is misspelled.
  std::array<std::string_view, kChangedMax> changed;
  std::array<std::vector<WordId>, kChangedMax> meanings;
  size_t count = 0;
  bool in_english = false;
  for (const std::string_view token : impl.tokens) {
    if (impl.vocabulary.Find(token) != 0) {
      continue;
    }
    if (count == kChangedMax) {
      return {};
    }
    if (count == 0) {
      in_english = impl.IsEnglish(impl.tokens);
    }
    impl.FindMeant(token, in_english, &impl.similar);
    if (impl.similar.empty() || impl.similar.size() > kMeaningsMax) {
      return {};
    }
    changed[count] = token;
    meanings[count++] = impl.similar;
  }
  if (count == 0) {
    return {};
  }
  Candidate found;
  const size_t seconds = count == 2 ? meanings[1].size() : 1;
  for (const WordId first : meanings[0]) {
    for (size_t second = 0; second < seconds; ++second) {
      impl.meant.clear();
      for (const std::string_view token : impl.tokens) {
        impl.meant += impl.meant.empty() ? "" : " ";
        impl.meant += token == changed[0] ? impl.vocabulary.text(first)
                      : count == 2 && token == changed[1]
                          ? impl.vocabulary.text(meanings[1][second])
                          : token;
      }
      for (const ItemId item : names.FindAll(impl.meant)) {
        if (found.item != 0 && found.item != item) {
          return {};
        }
        if (found.item == 0) {
          found = {item, Trigrams::Query(impl.trigrams, form).Score(impl.meant)};
        }
      }
    }
  }
  return found;
}

// The rarest clues speak first. One that half the names have says nothing; of one that many have
// the latest names are heard, if nothing better spoke.
void MatchIndex::Impl::Vote(const std::vector<Clue>& clues, size_t names_max) {
  constexpr uint32_t kWeightBits = 4;
  const auto log2 = [](size_t value) { return static_cast<uint32_t>(std::bit_width(value)); };
  const uint32_t all = log2(names.size()) << kWeightBits;
  votes.Begin(names_max);
  size_t room = names_max;
  for (const Clue& clue : clues) {
    const Postings& with = postings[clue.word - 1];
    const uint32_t has = log2(with.size()) << kWeightBits;
    uint32_t weight = (all > has ? all - has : 0) + (1u << kWeightBits);
    weight = clue.meant ? weight * 3 / 4 : weight;
    const size_t heard = std::min(with.size(), room);
    for (size_t index = with.size() - heard; index < with.size(); ++index) {
      votes.Add(with[index], weight);
    }
    room -= heard;
    if (room == 0) {
      break;
    }
  }
}

void MatchIndex::FindCandidates(std::string_view form, size_t most,
                                std::vector<Candidate>* candidates) {
  constexpr size_t kUnknownMax = 16;
  const size_t ranked = 2 * most;
  const bool few = most < limits::kCandidatesMax;  // then who shares no whole word is not asked
  Impl& impl = *impl_;
  candidates->clear();
  SplitTokens(form, &impl.tokens);
  std::vector<Clue> clues;
  size_t unknown = 0;
  const auto add = [&](WordId word, bool meant) {
    clues.push_back({word, static_cast<uint32_t>(impl.postings[word - 1].size()), meant});
  };
  for (const std::string_view token : impl.tokens) {
    const WordId word = impl.vocabulary.Find(token);
    if (word != 0) {
      add(word, false);
      continue;
    }
    if (!few && unknown++ < kUnknownMax) {
      impl.FindMeanings(token);
      for (const WordId meant : impl.similar) {
        add(meant, true);
      }
    }
  }
  std::sort(clues.begin(), clues.end(), [](const Clue& left, const Clue& right) {
    return left.names != right.names ? left.names < right.names : left.word < right.word;
  });
  clues.erase(
      std::unique(clues.begin(), clues.end(),
                  [](const Clue& left, const Clue& right) { return left.word == right.word; }),
      clues.end());
  impl.Vote(clues, few ? Votes::kThingsMax / 5 : Votes::kThingsMax);
  impl.votes.Best(ranked, 1, &impl.best);
  for (const NameNumber number : impl.best) {
    __builtin_prefetch(&impl.names[number]);
  }
  for (const NameNumber number : impl.best) {
    __builtin_prefetch(impl.names[number].text);
  }
  const Trigrams::Query query(impl.trigrams, form);
  for (const NameNumber number : impl.best) {
    const Name& name = impl.names[number];
    candidates->push_back({name.item, query.Score(name.form())});
  }
  // The best name of each item.
  std::sort(candidates->begin(), candidates->end(),
            [](const Candidate& left, const Candidate& right) {
              return left.item != right.item ? left.item < right.item : left.score > right.score;
            });
  candidates->erase(std::unique(candidates->begin(), candidates->end(),
                                [](const Candidate& left, const Candidate& right) {
                                  return left.item == right.item;
                                }),
                    candidates->end());
  std::sort(candidates->begin(), candidates->end(),
            [](const Candidate& left, const Candidate& right) {
              return left.score != right.score ? left.score > right.score : left.item < right.item;
            });
  candidates->resize(std::min(candidates->size(), most));
}

}  // namespace tallystone
