// `tallystone-bench troubles`: what everyday trouble costs the engine.
#pragma once

namespace tallystone::bench {

int RunTroublesCommand(int argc, char** argv);

}  // namespace tallystone::bench
