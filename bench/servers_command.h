// `tallystone-bench servers`: the engine before a PostgreSQL that is some milliseconds away.
#pragma once

namespace tallystone::bench {

// Exit code as RunPeersCommand's; 77 where there is no PostgreSQL.
int RunServersCommand(int argc, char** argv);

}  // namespace tallystone::bench
