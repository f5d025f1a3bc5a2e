#include "engine_support/sound_digest.h"

#include <utility>

#include <gtest/gtest.h>

#include "inspect/state_digest.h"
#include "inspect/verify.h"
#include "support/status_matchers.h"

namespace tallystone::testing {

std::string SoundDigestOf(std::vector<std::unique_ptr<StoreView>> stores) {
  std::unique_ptr<LiveView> view;
  VerifyReport report;
  DatabaseStatus state;
  Status status = LiveView::Make(std::move(stores), {}, &view);
  if (status.ok()) {
    status = VerifyView(view.get(), nullptr, &report);
  }
  if (status.ok()) {
    status = DigestState(view.get(), nullptr, nullptr, &state);
  }
  EXPECT_OK(status);
  EXPECT_TRUE(report.sound);
  for (const VerifyFinding& finding : report.findings) {
    ADD_FAILURE() << finding.what << " (batch '" << finding.batch << "')";
  }
  return status.ok() && report.sound ? state.state_digest : "";
}

}  // namespace tallystone::testing
