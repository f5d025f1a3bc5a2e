// The normal form of descriptions: what it gives is valid UTF-8, without blanks to strip or
// squeeze.
#include "base/text.h"
#include "catalog/normal_form.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallystone::fuzz::Bytes(data, size);
  std::string once;
  tallystone::NormaliseDescription(text, &once);
  if (!tallystone::IsValidUtf8(text)) {
    return 0;  // never reaches it; must only not crash
  }
  FUZZ_EXPECT(tallystone::IsValidUtf8(once));
  FUZZ_EXPECT(tallystone::StripBlanks(once) == once);
  FUZZ_EXPECT(once.find("  ") == std::string::npos);
  std::string twice;
  tallystone::NormaliseDescription(once, &twice);
  FUZZ_EXPECT(once == twice);
  return 0;
}
