// `tallystone-bench growth`: one database that grows, step by step; then what it takes to open it.
#pragma once

namespace tallystone::bench {

// Exit code as RunPeersCommand's.
int RunGrowthCommand(int argc, char** argv);

}  // namespace tallystone::bench
