// tallystone import --database: a new database from what export wrote.
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "commands/command.h"
#include "commands/export_format.h"
#include "import/byte_source.h"
#include "import/compressed_source.h"
#include "import/record_buffer.h"
#include "output/base64.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"
#include "process/interrupt.h"
#include "tallystone/limits.h"

namespace tallystone::tool {
namespace {

// The longest record is that of the longest payload.
constexpr size_t kRecordBytesMax = limits::kRecordPayloadBytesMax / 3 * 4 + (8u << 20);

// A file descriptor that is closed, unless it is standard input.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : fd_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ > STDIN_FILENO) {
      close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  const int fd_;
};

// Reads the records and hands the blocks on. Not thread-safe.
class DatabaseReader {
 public:
  DatabaseReader(std::string name, ByteSource* source, DatabaseBuilder* builder, Progress* progress)
      : name_(std::move(name)),
        buffer_(source, {.bytes_max = kRecordBytesMax, .slack = simdjson::SIMDJSON_PADDING}),
        builder_(builder),
        progress_(progress) {}

  // Every record up to the last.
  Status Run();

  [[nodiscard]] uint64_t blocks() const { return blocks_; }
  [[nodiscard]] const std::string& state_digest() const { return state_digest_; }

 private:
  using Object = simdjson::dom::object;

  Status NextLine(std::string_view* line, bool* end);
  Status Take(std::string_view line);
  Status TakeHeader(const Object& record);
  Status TakeBlock(const Object& record);
  Status TakeEnd(const Object& record);
  [[nodiscard]] Status Bad(const std::string& why) const {
    return Status::Rejected(name_ + ", line " + std::to_string(records_ + 1) + ": " + why);
  }

  const std::string name_;
  RecordBuffer buffer_;
  DatabaseBuilder* const builder_;
  Progress* const progress_;
  simdjson::dom::parser parser_;
  size_t consume_ = 0;
  uint64_t records_ = 0;
  uint64_t as_of_lsn_ = 0;
  uint64_t blocks_ = 0;
  bool ended_ = false;
  std::string state_digest_;
  TransferBlock block_;
};

Status DatabaseReader::NextLine(std::string_view* line, bool* end) {
  buffer_.Consume(consume_);
  consume_ = 0;
  for (size_t searched = 0;;) {
    const std::string_view data = buffer_.data();
    const size_t found = data.find('\n', searched);
    if (found != std::string_view::npos) {
      *line = data.substr(0, found);
      consume_ = found + 1;
      return Status::Ok();
    }
    searched = data.size();
    switch (buffer_.More()) {
      case RecordBuffer::Fill::kMore:
        break;
      case RecordBuffer::Fill::kError:
        return buffer_.status();
      case RecordBuffer::Fill::kFull:
        return Bad("it is longer than any record");
      case RecordBuffer::Fill::kEnd:
        *end = buffer_.data().empty();
        return *end ? Status::Ok() : Bad("the file is cut off");
    }
  }
}

Status DatabaseReader::TakeHeader(const Object& record) {
  std::string_view format;
  uint64_t version = 0;
  if (record["format"].get(format) != simdjson::SUCCESS || format != kExportFormat ||
      record["version"].get(version) != simdjson::SUCCESS ||
      record["as_of_lsn"].get(as_of_lsn_) != simdjson::SUCCESS) {
    return Bad("it is not the header of an export (tallystone export)");
  }
  return version == kExportVersion
             ? Status::Ok()
             : Status::FormatMismatch(name_ + " is an export of version " +
                                      std::to_string(version) + "; this program reads version " +
                                      std::to_string(kExportVersion));
}

Status DatabaseReader::TakeBlock(const Object& record) {
  std::string_view payload;
  std::string_view checksum;
  if (record["lsn"].get(block_.lsn) != simdjson::SUCCESS ||
      record["payload"].get(payload) != simdjson::SUCCESS ||
      record["checksum"].get(checksum) != simdjson::SUCCESS ||
      !DecodeBase64(payload, &block_.payload)) {
    return Bad("it is not a block");
  }
  block_.rejections.clear();
  simdjson::dom::array rejections;
  if (record["rejections"].get(rejections) == simdjson::SUCCESS) {
    for (const simdjson::dom::element element : rejections) {
      uint64_t index = 0;
      std::string_view cause;
      if (element["index"].get(index) != simdjson::SUCCESS || index > UINT32_MAX ||
          element["cause"].get(cause) != simdjson::SUCCESS) {
        return Bad("its rejections cannot be read");
      }
      block_.rejections.push_back({static_cast<uint32_t>(index), std::string(cause)});
    }
  }
  if (BlockChecksum(block_) != checksum) {
    return Bad("the block was changed or damaged: its checksum is another one");
  }
  ++blocks_;
  const Status s = builder_->Add(block_);
  return s.Is(StatusCode::kCorruption) ? Bad(s.message()) : s;
}

Status DatabaseReader::TakeEnd(const Object& record) {
  uint64_t records = 0;
  uint64_t blocks = 0;
  std::string_view digest;
  if (record["records"].get(records) != simdjson::SUCCESS ||
      record["blocks"].get(blocks) != simdjson::SUCCESS ||
      record["state_digest"].get(digest) != simdjson::SUCCESS || digest.empty()) {
    return Bad("it is not the end of an export");
  }
  ended_ = true;
  state_digest_ = digest;
  return blocks == blocks_ && blocks == as_of_lsn_ && records == records_
             ? Status::Ok()
             : Bad("records are missing: " + Thousands(records_) + " of " + Thousands(records) +
                   ", blocks: " + Thousands(blocks_) + " of " + Thousands(as_of_lsn_));
}

Status DatabaseReader::Take(std::string_view line) {
  simdjson::dom::element root;
  Object record;
  std::string_view type;
  if (parser_.parse(line.data(), line.size(), false).get(root) != simdjson::SUCCESS ||
      root.get(record) != simdjson::SUCCESS || record["type"].get(type) != simdjson::SUCCESS) {
    return Bad(records_ == 0 ? "it is not the header of an export (tallystone export)"
                             : "it is not a record of an export");
  }
  if (ended_) {
    return Bad("something stands behind the end");
  }
  if (records_ == 0 || type == "header") {
    return type == "header" && records_ == 0
               ? TakeHeader(record)
               : Bad("it is not the header of an export (tallystone export)");
  }
  // The other records say for people what the blocks say.
  return type == "block" ? TakeBlock(record) : type == "end" ? TakeEnd(record) : Status::Ok();
}

Status DatabaseReader::Run() {
  for (bool end = false;; ++records_) {
    std::string_view line;
    if (Status s = NextLine(&line, &end); !s.ok() || end) {
      return !s.ok() ? s : ended_ ? Status::Ok() : Bad("the file is cut off");
    }
    if (Interrupted()) {
      return Status::Interrupted("interrupted; nothing was made");
    }
    if (Status s = Take(line); !s.ok()) {
      return s;
    }
    if (records_ % 256 == 0) {
      progress_->Update(records_, blocks_, as_of_lsn_);
    }
  }
}

Status Open(const std::string& file, const Descriptor& descriptor,
            std::unique_ptr<ByteSource>* source) {
  if (descriptor.fd() < 0) {
    const std::string message = "cannot read " + file + ": " + std::strerror(errno);
    return errno == ENOENT ? Status::NotFound(message) : Status::IoError(message);
  }
  auto peek = std::make_unique<PeekSource>(std::make_unique<FdSource>(descriptor.fd(), file));
  constexpr size_t kMagicBytes = 4;
  for (bool more = true; more && peek->prefix().size() < kMagicBytes;) {
    if (Status s = peek->Extend(&more); !s.ok()) {
      return s;
    }
  }
  const Compression compression = DetectCompression(peek->prefix());
  *source = std::move(peek);
  if (compression != Compression::kNone) {
    *source = NewDecompressor(compression, std::move(*source), file);
  }
  return Status::Ok();
}

// A place that is taken is the command line's mistake, as it is of a restore.
ExitCode FailToMake(const Status& status) {
  const ExitCode code = Fail(status);
  return status.Is(StatusCode::kConflict) ? kExitUsage : code;
}

}  // namespace

ExitCode ImportDatabase(const std::string& file, const std::string& database,
                        const std::vector<std::string>& servers, bool json) {
  const std::string name = file == "-" ? "standard input" : file;
  const Descriptor descriptor(file);
  std::unique_ptr<ByteSource> source;
  if (const Status s = Open(name, descriptor, &source); !s.ok()) {
    return Fail(s);
  }
  std::unique_ptr<DatabaseBuilder> builder;
  Options made;
  made.servers = servers;
  if (const Status s = DatabaseBuilder::Create(made, database, &builder); !s.ok()) {
    return FailToMake(s);
  }
  Progress progress("importing " + name);
  DatabaseReader reader(name, source.get(), builder.get(), &progress);
  VerifyReport report;
  Status s = reader.Run();
  if (s.ok()) {
    s = builder->Finish(
        reader.state_digest(),
        [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &report);
  }
  builder.reset();
  progress.Clear();
  if (!s.ok()) {
    return FailToMake(s);
  }
  std::string text;
  if (json) {
    JsonWriter writer(&text);
    writer.BeginObject();
    writer.Field("schema_version", uint64_t{kJsonSchemaVersion});
    writer.Field("as_of_lsn", reader.blocks());
    writer.Field("lines", report.lines_checked);
    writer.Field("batches", report.batches_checked);
    writer.Field("dead_letters", report.dead_letters_checked);
    writer.Field("state_digest", reader.state_digest());
    writer.EndObject();
  } else {
    text = "imported " + database + ": " + Counted(report.lines_checked, "line") + ", " +
           Counted(report.batches_checked, "batch", "batches") + ", " +
           Counted(report.dead_letters_checked, "dead letter") + ", sound, as of LSN " +
           std::to_string(reader.blocks()) + "\nstate digest " + reader.state_digest() +
           ", as in the export";
  }
  Sink::Stdout().Write(text + "\n");
  return Finish();
}

}  // namespace tallystone::tool
