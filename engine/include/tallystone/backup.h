// Backup: an archive of the blocks of a database, and databases made from it.
//
// The blocks are the chunks of the log with every decision in them; all else follows from them
// (repair.h). A backup reads a consistent state as an Inspector does: it takes no lock of the
// database, and its writer goes on. Blocks that cannot change any more are appended to the archive
// once; the few behind them, which the store may still refuse lines of, stand in a file of their
// own that the next backup replaces. The bytes of an archive: docs/backup.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tallystone/inspector.h"
#include "tallystone/options.h"

namespace tallystone {

// Asked now and then; true ends the work with kInterrupted. May be empty.
using StopFunction = std::function<bool()>;

struct BackupOptions {
  // Compute the state digest, which a restore is compared with: reads every line once.
  bool digest = true;
  // A file of blocks ends when it has this many bytes. 4 KiB .. 1 GiB.
  uint64_t file_bytes_max = 64u << 20;
  StopFunction stop = {};
};

struct BackupFile {
  std::string name;        // in the directory of the backup
  uint64_t first_lsn = 0;  // of its blocks
  uint64_t last_lsn = 0;
  uint64_t bytes = 0;
  bool final = true;  // never changes; false: the next backup replaces it
};

// What the directory of a backup holds.
struct BackupInfo {
  std::string database_id;   // 32 hex digits
  uint64_t backups = 0;      // taken so far
  uint64_t taken_at_us = 0;  // the last one, microseconds since 1970 UTC
  uint64_t lsn = 0;          // the state is as of here
  uint64_t final_lsn = 0;    // blocks up to here are never written again
  uint64_t lines = 0;        // in the blocks, with those that were tried again
  std::string state_digest;  // DatabaseStatus::state_digest of that state; "" = not computed
  std::vector<BackupFile> files;
  uint64_t bytes = 0;  // of all files
};

struct BackupReport {
  BackupInfo backup;
  uint64_t blocks_written = 0;  // by this backup
  uint64_t lines_written = 0;
  uint64_t bytes_written = 0;
};

// Brings the backup in `directory` (made if it is not there) to the present state of the database
// at `path`. Until it returns OK, and after a crash at any moment, the earlier backup there is
// valid. kNotFound: there is no database. kBusy: another backup writes this directory.
// kInvalidArgument: the directory has other things in it. kConflict: it holds a backup of another
// database, or of a history that this one does not have: nothing was changed. kCorruption: the
// backup there, or the database, is damaged.
Status BackUp(const Options& options, const std::string& path, const std::string& directory,
              const BackupOptions& backup, const ProgressFunction& progress, BackupReport* report);

// kNotFound: there is no backup in `directory`. kCorruption, kFormatMismatch: says where.
Status ReadBackup(const std::string& directory, BackupInfo* info);

struct BackupDamage {
  std::string file;
  uint64_t offset = 0;     // byte in it
  std::string what;        // what is wrong there
  uint64_t first_lsn = 0;  // the blocks that are lost
  uint64_t last_lsn = 0;
};

struct BackupCheck {
  bool sound = true;
  uint64_t blocks = 0;  // that can be read
  uint64_t lines = 0;
  uint64_t whole_up_to_lsn = 0;       // everything up to here can be restored
  std::vector<BackupDamage> damages;  // the first 100
  uint64_t damages_count = 0;
};

// Reads every byte of a backup and decodes every block. A Status other than OK means that it could
// not be examined.
Status CheckBackup(const std::string& directory, const ProgressFunction& progress,
                   const StopFunction& stop, BackupCheck* check);

struct RestoreOptions {
  uint64_t as_of_lsn = 0;  // restore the state as of here, 0 = all
  bool verify = false;     // Inspector::Verify of what was made
  StopFunction stop = {};
};

struct RestoreReport {
  uint64_t lsn = 0;  // the state is as of here
  uint64_t blocks = 0;
  uint64_t lines = 0;
  std::string state_digest;      // of what was made
  bool digest_compared = false;  // with that of the backup: they are equal
  std::string database_id;       // the new one, 32 hex digits
  VerifyReport verified;         // with RestoreOptions::verify
};

// Makes a new database at `path`, where nothing may be, from the backup in `directory`. It is made
// in `path`.restoring and gets its name when all of it is there, durable, and has the digest of the
// backup; an interrupted restore leaves only that directory, which the next one begins anew. The
// database has a new identity: it goes on by itself, and neither its log nor later backups of it
// can be mixed up with those of the one it comes from. kNotFound: no backup. kInvalidArgument:
// something is at `path`, or the backup does not reach as_of_lsn. kCorruption: names the file, the
// offset and what is lost.
Status Restore(const Options& options, const std::string& directory, const std::string& path,
               const RestoreOptions& restore, const ProgressFunction& progress,
               RestoreReport* report);

}  // namespace tallystone
