// The engine itself, through its public API.
#pragma once

#include <memory>

#include "peer.h"
#include "tallystone/tallystone.h"

namespace tallystone::bench {

std::unique_ptr<Peer> MakeTallystonePeer(const Options& options);

}  // namespace tallystone::bench
