// Loads a sorted WriteBatch as sorted files: one for each family, taken in by one atomic ingest.
#pragma once

#include <rocksdb/write_batch.h>

#include "store/rocks/database.h"
#include "tallystone/status.h"

namespace tallystone::rocks {

// All of `batch` (which must be sorted by family and key, without repeats) or nothing; durable when
// it returns OK. After any error but kRejected the result is unknown until the marker is read.
Status LoadAsSortedFiles(Database* database, const rocksdb::WriteBatch& batch);

}  // namespace tallystone::rocks
