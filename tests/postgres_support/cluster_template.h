// The empty cluster that every server of a test starts with: what initdb makes, kept to be copied.
#pragma once

#include <string>

#include "postgres_support/server_process.h"
#include "tallystone/status.h"

namespace tallystone::testing {

// Makes the cluster in a directory below `parent` where it is not there yet, and gives its path.
// Any number of processes may ask at once. `programs`: the directory with initdb. kUnavailable: it
// could not be made, and why.
Status EmptyCluster(const ServerUser& user, const std::string& programs,
                    const std::string& superuser, const std::string& parent, std::string* path);

}  // namespace tallystone::testing
