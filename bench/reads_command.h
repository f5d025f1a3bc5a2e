// `tallystone-bench reads`: what reads cost, at rest and beside a writer, against a bare Get.
#pragma once

namespace tallystone::bench {

// Exit code as RunPeersCommand's.
int RunReadsCommand(int argc, char** argv);

}  // namespace tallystone::bench
