#include "report/proof.h"

#include <chrono>

namespace tallystone::tool {

void Prove(Inspector* inspector, bool full, const ProgressFunction& progress, Proof* proof) {
  *proof = {};
  proof->full = full;
  const auto start = std::chrono::steady_clock::now();
  const Status s = full ? inspector->Verify(progress, &proof->report)
                        : inspector->VerifyQuick(progress, &proof->report);
  proof->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  proof->not_examined = s.ok() ? "" : s.ToString();
}

void WriteProof(const Proof& proof, JsonWriter* json) {
  json->BeginObject();
  json->Flag("sound", proof.Sound());
  json->Flag("full", proof.full);
  json->Field("not_examined", proof.not_examined);
  json->Seconds("seconds", proof.seconds);
  json->Field("lines_checked", proof.report.lines_checked);
  json->Field("balances_checked", proof.report.balances_checked);
  json->Field("batches_checked", proof.report.batches_checked);
  json->Field("dead_letters_checked", proof.report.dead_letters_checked);
  json->Field("findings_count", proof.report.findings_count);
  json->Key("findings");
  json->BeginArray();
  for (const VerifyFinding& finding : proof.report.findings) {
    json->BeginObject();
    json->Field("what", finding.what);
    json->Field("tenant", finding.tenant);
    json->Field("batch", finding.batch);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace tallystone::tool
