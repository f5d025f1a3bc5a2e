// rocksdb::Status to tallystone::Status, by what helps (DESIGN 4.6, store.h).
//
//   transient        Busy, TimedOut, TryAgain, Aborted, Incomplete, bytes of ours that changed in
//   memory
//                    (the next attempt makes them anew) kTryAgain
//   the environment  NoSpace, "disk quota exceeded", "file too large"                      kNoSpace
//                    any other IOError                                                     kIoError
//                    Corruption kCorruption ShutdownInProgress kUnavailable
//   the data         anything else, in a write kRejected
#pragma once

#include <string_view>

#include "tallystone/status.h"

namespace rocksdb {
class Status;
}

namespace tallystone::rocks {

// `doing` completes the message: "<doing>: <RocksDB's words>". kNotFound stays kNotFound.
Status MapStatus(const rocksdb::Status& status, std::string_view doing);

// The same for opening: a lock held by someone is kBusy, and nothing is kRejected.
Status MapOpenStatus(const rocksdb::Status& status, std::string_view doing);

// The same for a read-only database that its writer may change at any time: a file that is gone is
// kTryAgain, for a new open sees the new files.
Status MapReadOnlyStatus(const rocksdb::Status& status, std::string_view doing);

}  // namespace tallystone::rocks
