// Names the sorted files that an error of RocksDB means.
//
// RocksDB 7.8.3 names the file of a block whose checksum is wrong. Of one that it cannot open at
// all, or whose blocks it cannot unpack, it names nothing, or the MANIFEST that lists it, or, if it
// is gone, a name that it never had ("000018.ldb").
#pragma once

#include <string>
#include <vector>

#include "tallystone/status.h"

namespace rocksdb {
struct Options;
}

namespace tallystone::rocks {

// `status`; if it is kCorruption and names no sorted file, those of `names` in `directory` that
// cannot be opened, or whose first and last entries cannot be read, are added to its message, the
// first few of them. Opens files, so only for errors.
Status NameUnreadableFiles(const Status& status, const rocksdb::Options& options,
                           const std::string& directory, const std::vector<std::string>& names);

}  // namespace tallystone::rocks
