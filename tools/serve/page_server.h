// PageServer: the inspection page on a port of this machine.
#pragma once

#include <functional>
#include <string>

#include "report/snapshot.h"
#include "tallystone/status.h"

namespace tallystone::tool {

struct ServeOptions {
  SnapshotOptions snapshot;
  int port = 0;  // 0 = any free one
};

// Serves until a signal comes (process/interrupt.h). `announce` is called once with the address,
// when requests are answered. Only from this machine, only for reading, only with the token.
Status ServePage(const ServeOptions& options,
                 const std::function<void(const std::string& url)>& announce);

}  // namespace tallystone::tool
