// The file system under RocksDB, with corrections to RocksDB 7.8.3. Files are made for their owner
// alone (0600).
//
// When IngestExternalFiles fails, RocksDB deletes the files it had linked into the database. But if
// what failed was the sync of the MANIFEST, its record may be on the device all the same, and would
// name files that are gone: the database could not be opened again. So while a thread is inside
// IngestScope, no file of the database is deleted; whatever the MANIFEST does not name is deleted
// by the next open.
//
// IngestExternalFiles finds the first and the last key of a file with an iterator, and takes one
// that failed for one at its end: after a read error the file would count as empty, and its keys
// would be lost while those of the other families, the marker among them, are there. (RocksDB's
// pull request 12042 mends it.) A file is linked into the database after it was read, so inside
// IngestScope no file is linked once a read of a file to be ingested failed.
//
// In the same place it goes to the last key without asking whether there is one (pull request 11969
// mends it): where the first block can be read and the last one cannot, Debian's build, which keeps
// its assertions, ends the process. All of the file was read a moment before, to verify it, so such
// a read is answered from what was read then; the ingest is refused all the same, as above.
//
// When RocksDB opens a database, it makes a new MANIFEST, and perhaps sorted files that it names,
// and then lets CURRENT point to it. The directory is synced only after that: where a file system
// keeps the renaming but not yet the creation, CURRENT would name a file that is not there. So the
// directory is synced before CURRENT is renamed, too.
//
// A MANIFEST whose end a power loss tore is refused by RocksDB. How far it was synced stands in a
// file of ours (ManifestLengths), and reads of it can be made to end there.
//
// Beside that, of the operating system's files: whatever RocksDB creates is for the owner only
// (0600; RocksDB itself gives 0644), and what is no regular file is neither read (a pipe would wait
// for ever) nor written (a symbolic link would lead out of the database).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <rocksdb/env.h>

#include "store/rocks/manifest_lengths.h"

namespace tallystone::rocks {

// `base` is not owned and may be null for the operating system's. `directory` is the database's.
// `lengths` is not owned and outlives the Env.
std::unique_ptr<rocksdb::Env> NewGuardedEnv(rocksdb::Env* base, std::string directory,
                                            ManifestLengths* lengths);

// The number of the MANIFEST of this name or path; 0 = it is none.
uint64_t ManifestNumber(std::string_view path);

class IngestScope {
 public:
  IngestScope();
  ~IngestScope();
  IngestScope(const IngestScope&) = delete;
  IngestScope& operator=(const IngestScope&) = delete;
};

}  // namespace tallystone::rocks
