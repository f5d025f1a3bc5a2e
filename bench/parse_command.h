// `tallystone-bench parse`.
#pragma once

namespace tallystone::bench {

int RunParseCommand(int argc, char** argv);

}  // namespace tallystone::bench
