// Proof: whether a database is sound, and how that was found.
#pragma once

#include <string>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct Proof {
  bool full = false;  // Inspector::Verify, otherwise VerifyQuick
  VerifyReport report;
  std::string not_examined;  // why it could not be; "" = it was
  double seconds = 0;

  [[nodiscard]] bool Sound() const { return not_examined.empty() && report.sound; }
};

void Prove(Inspector* inspector, bool full, const ProgressFunction& progress, Proof* proof);

void WriteProof(const Proof& proof, JsonWriter* json);

}  // namespace tallystone::tool
