#include "report/log_findings.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "tallystone/log_inspector.h"

namespace tallystone::tool {
namespace {

constexpr size_t kFindingsMax = 100;

}  // namespace

void AddLogFindings(const std::string& database, Proof* proof) {
  std::unique_ptr<LogInspector> log;
  LogReport found;
  if (!LogInspector::Open(Options{}, database, &log).ok() || !log->Verify(nullptr, &found).ok() ||
      found.sound) {
    return;
  }
  VerifyReport& report = proof->report;
  report.sound = false;
  report.findings_count += 1 + found.damage_count + found.stranded.size();
  const auto add = [&](VerifyFinding finding) {
    if (report.findings.size() < kFindingsMax) {
      report.findings.push_back(std::move(finding));
    }
  };
  add({"the log: " + found.meaning, "", ""});
  for (const LogEntry& entry : found.damage) {
    add({entry.damage.what + ": " + entry.damage.meaning, "", ""});
  }
  for (const StrandedBatch& batch : found.stranded) {
    add({"LSN " + std::to_string(batch.first_lsn) + " to " + std::to_string(batch.last_lsn) +
             " can be read and not be booked: lines " + std::to_string(batch.first_line) + " to " +
             std::to_string(batch.last_line),
         batch.tenant, batch.batch});
  }
}

}  // namespace tallystone::tool
