// `tallystone-bench mapping`.
#pragma once

namespace tallystone::bench {

int RunMappingCommand(int argc, char** argv);

}  // namespace tallystone::bench
