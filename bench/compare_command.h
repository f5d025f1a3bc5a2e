// `tallystone-bench compare`: two JSON files of `peers`, side by side.
#pragma once

namespace tallystone::bench {

// Exit code: 0 = nothing slower, 1 = something is slower by more than the threshold, 2 usage.
int RunCompareCommand(int argc, char** argv);

}  // namespace tallystone::bench
