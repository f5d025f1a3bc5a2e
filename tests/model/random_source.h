// Random choices of a test, from a seed that can be given again.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tallystone::test {

// TALLYSTONE_SEED, or a new one, which is printed.
inline uint64_t TestSeed() {
  const char* given = std::getenv("TALLYSTONE_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "TALLYSTONE_SEED=" << seed << std::endl;
  return seed;
}

class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : engine_(seed) {}

  uint64_t Bits() { return engine_(); }
  // 0 .. count - 1.
  uint64_t Below(uint64_t count) { return engine_() % count; }
  bool OneIn(uint64_t count) { return Below(count) == 0; }
  // Any magnitude is as likely as any other.
  int64_t AnySigned() { return static_cast<int64_t>(engine_()) >> Below(64); }

  std::string_view Pick(const std::vector<std::string_view>& texts) {
    return texts[Below(texts.size())];
  }
  // Up to `bytes_max` bytes of `alphabet`.
  std::string Text(std::string_view alphabet, size_t bytes_max) {
    std::string text(Below(bytes_max + 1), ' ');
    for (char& byte : text) {
      byte = alphabet[Below(alphabet.size())];
    }
    return text;
  }
  std::string Bytes(size_t bytes_max) {
    std::string text(Below(bytes_max + 1), ' ');
    for (char& byte : text) {
      byte = static_cast<char>(Bits());
    }
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tallystone::test
