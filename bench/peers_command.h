// `tallystone-bench peers`: the engine and its peers side by side.
#pragma once

namespace tallystone::bench {

// Exit code: 0 ok, 1 a check or a peer failed, 2 usage, 130 interrupted. argv[0] is "peers".
int RunPeersCommand(int argc, char** argv);

}  // namespace tallystone::bench
