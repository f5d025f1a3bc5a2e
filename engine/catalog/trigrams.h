// How like two names are: the cosine of their trigrams, rare ones counting more.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tallystone {

// Scores of likeness are thousandths: 1000 = the same trigrams.
inline constexpr uint32_t kScoreMax = 1000;

// put(trigram) for each trigram of bytes, in order: of each word with a blank before and behind it.
// Never 0.
template <typename Put>
void ForEachTrigram(std::string_view form, const Put& put) {
  uint32_t window = ' ';
  const auto take = [&](char byte) {
    window = (window << 8 | static_cast<unsigned char>(byte)) & 0xFFFFFF;
    if (window > 0xFFFF && (window >> 8 & 0xFF) != ' ') {
      put(window);
    }
  };
  for (const char byte : form) {
    take(byte);
  }
  take(' ');
}

// How many names have each trigram.
// Integer arithmetic: the same scores on every machine. Not thread-safe.
class Trigrams {
 public:
  void Add(std::string_view form);
  void Remove(std::string_view form);

  // A name that others are compared with. Valid until the next Add or Remove.
  class Query {
   public:
    Query(const Trigrams& trigrams, std::string_view form);
    // 0..kScoreMax.
    [[nodiscard]] uint32_t Score(std::string_view form) const;

   private:
    struct Slot {
      uint32_t trigram = 0;  // 0 = free
      uint32_t weight = 0;
    };
    static constexpr size_t kSlots = 1024;
    // A longer name is compared by its beginning.
    static constexpr size_t kTrigramsMax = kSlots / 2;

    const Trigrams& trigrams_;
    std::array<Slot, kSlots> slots_{};
    uint64_t square_ = 0;
  };

 private:
  friend class Query;
  // Counted by a hash of 16 bits: names have some thousand different trigrams.
  static constexpr size_t kCounts = size_t{1} << 16;

  void Count(std::string_view form, uint32_t more);
  // log2(names / names with it), in 256ths.
  [[nodiscard]] uint32_t Weight(uint32_t trigram) const;

  std::vector<uint32_t> counts_ = std::vector<uint32_t>(kCounts);
  std::vector<uint16_t> logs_ = std::vector<uint16_t>(kCounts);  // log2(count + 1), in 256ths
  uint32_t names_ = 0;
  uint32_t rarest_ = 0;  // the weight of a trigram that no name has
};

}  // namespace tallystone
