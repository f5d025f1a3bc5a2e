// `tallystone-bench windows`: the engine with windows of several sizes, written or loaded.
#pragma once

namespace tallystone::bench {

// Exit code as RunPeersCommand's.
int RunWindowsCommand(int argc, char** argv);

}  // namespace tallystone::bench
