#include "import/input_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

#include "import/compressed_source.h"
#include "import/spool.h"
#include "output/progress.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

using FileFormat = InputOptions::FileFormat;

bool IsStdin(const std::string& path) {
  return path == "-";
}

std::string_view WithoutCompression(std::string_view name) {
  switch (CompressionOfName(name)) {
    case Compression::kGzip:
      return name.substr(0, name.size() - std::string_view(".gz").size());
    case Compression::kZstd:
      return name.substr(0, name.size() - std::string_view(".zst").size());
    case Compression::kNone:
      break;
  }
  return name;
}

}  // namespace

InputFile::InputFile(std::string path, const InputOptions& options, const HeaderRules* rules)
    : path_(std::move(path)),
      name_(IsStdin(path_) ? "standard input" : path_),
      options_(options),
      rules_(rules) {}

InputFile::~InputFile() {
  CloseDescriptor();
}

void InputFile::CloseDescriptor() {
  if (fd_ > STDIN_FILENO) {
    close(fd_);
  }
  fd_ = -1;
}

Status InputFile::Open(const std::string& path, const InputOptions& options,
                       const HeaderRules* rules, std::unique_ptr<InputFile>* file) {
  std::unique_ptr<InputFile> opened(new InputFile(path, options, rules));
  Status s = opened->Prepare();
  if (s.ok()) {
    *file = std::move(opened);
  }
  return s;
}

Status InputFile::Named(const Status& status) const {
  const bool named = status.message().find(name_) != std::string::npos;
  return named || status.ok() ? status : Status(status.code(), name_ + ": " + status.message());
}

Status InputFile::Prepare() {
  if (Status s = OpenDescriptor(); !s.ok()) {
    return s;
  }
  if (options_.content_id && !regular_) {
    if (Status s = Spool(); !s.ok()) {
      return s;
    }
  }
  if (options_.content_id) {
    if (Status s = HashContent(); !s.ok()) {
      return Named(s);
    }
  }
  if (Status s = OpenText(); !s.ok()) {
    return Named(s);
  }
  if (Status s = Recognise(); !s.ok()) {
    return Named(s);
  }
  if (Rereadable()) {
    // Many files may be waiting for their turn.
    text_.reset();
    raw_ = nullptr;
    CloseDescriptor();
  }
  return Status::Ok();
}

Status InputFile::OpenDescriptor() {
  fd_ = IsStdin(path_) ? STDIN_FILENO : open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) {
    const std::string message = "cannot open " + path_ + ": " + std::strerror(errno);
    return errno == ENOENT || errno == ENOTDIR ? Status::NotFound(message)
                                               : Status::IoError(message);
  }
  struct stat info = {};
  if (fstat(fd_, &info) != 0) {
    return Status::IoError("cannot look at " + name_ + ": " + std::strerror(errno));
  }
  if (S_ISDIR(info.st_mode)) {
    return Status::InvalidArgument(name_ + " is a directory");
  }
  regular_ = S_ISREG(info.st_mode);
  if (regular_) {
    start_ = lseek(fd_, 0, SEEK_CUR);
    bytes_total_ = static_cast<uint64_t>(info.st_size - start_);
  }
  return Status::Ok();
}

Status InputFile::Spool() {
  FdSource stream(fd_, name_);
  int spooled = -1;
  if (Status s = SpoolToTemporaryFile(&stream, name_, &spooled); !s.ok()) {
    return s;
  }
  CloseDescriptor();
  fd_ = spooled;
  regular_ = true;
  start_ = 0;
  bytes_total_ = stream.bytes_read();
  return Status::Ok();
}

// Opens the decompressed content at its beginning and sets raw_.
Status InputFile::OpenContent(std::unique_ptr<ByteSource>* content) {
  if (regular_ && lseek(fd_, start_, SEEK_SET) < 0) {
    return Status::IoError("cannot read " + name_ + " again: " + std::strerror(errno));
  }
  auto raw = std::make_unique<FdSource>(fd_, name_, limit_);
  raw_ = raw.get();
  auto peek = std::make_unique<PeekSource>(std::move(raw));
  constexpr size_t kMagicBytes = 4;
  for (bool more = true; more && peek->prefix().size() < kMagicBytes;) {
    if (Status s = peek->Extend(&more); !s.ok()) {
      return s;
    }
  }
  const Compression compression = DetectCompression(peek->prefix());
  const Compression expected = CompressionOfName(path_);
  if (compression != expected && expected != Compression::kNone && !peek->prefix().empty()) {
    return Status::InvalidArgument(expected == Compression::kGzip
                                       ? "is named .gz and is not gzip data"
                                       : "is named .zst and is not Zstandard data");
  }
  *content = NewDecompressor(compression, std::move(peek), name_);
  return Status::Ok();
}

Status InputFile::HashContent() {
  std::unique_ptr<ByteSource> content;
  if (Status s = OpenContent(&content); !s.ok()) {
    return s;
  }
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::vector<char> buffer(256 * 1024);
  for (size_t got = 1; got > 0;) {
    if (Interrupted()) {
      return Status::Interrupted("interrupted while reading " + name_ + "; nothing was imported");
    }
    if (Status s = content->Read(buffer.data(), buffer.size(), &got); !s.ok()) {
      return s;
    }
    XXH3_128bits_update(state.get(), buffer.data(), got);
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  content_id_ = fmt::format("file:{:016x}{:016x}", hash.high64, hash.low64);
  limit_ = raw_->bytes_read();
  bytes_total_ = limit_;
  return Status::Ok();
}

Status InputFile::OpenText() {
  std::unique_ptr<ByteSource> content;
  if (Status s = OpenContent(&content); !s.ok()) {
    return s;
  }
  if (options_.latin1) {
    content = std::make_unique<Latin1Source>(std::move(content));
  }
  text_ = std::make_unique<PeekSource>(std::move(content));
  return Status::Ok();
}

FileFormat InputFile::FormatOf(std::string_view beginning) const {
  if (options_.format != FileFormat::kDetect) {
    return options_.format;
  }
  const std::string_view name = WithoutCompression(path_);
  for (const std::string_view ending : {".jsonl", ".ndjson", ".json"}) {
    if (name.ends_with(ending)) {
      return FileFormat::kJsonLines;
    }
  }
  if (beginning.starts_with("\xEF\xBB\xBF")) {
    beginning.remove_prefix(3);
  }
  const size_t first = beginning.find_first_not_of(" \t\r\n");
  const bool object = first != std::string_view::npos && beginning[first] == '{';
  return object ? FileFormat::kJsonLines : FileFormat::kCsv;
}

Status InputFile::DetectDialect(bool whole, bool* need_more) {
  format_ = FormatOf(text_->prefix());
  if (format_ == FileFormat::kJsonLines) {
    return DetectJson(*rules_, text_->prefix(), whole, &json_, need_more);
  }
  return DetectCsv(*rules_, text_->prefix(), whole, options_.delimiter, &csv_, need_more);
}

Status InputFile::Recognise() {
  bool more = true;
  bool need_more = true;
  while (need_more) {
    if (Status s = text_->Extend(&more); !s.ok()) {
      return s;
    }
    const bool whole = !more || text_->prefix().size() >= kBeginningBytesMax;
    if (Status s = DetectDialect(whole, &need_more); !s.ok()) {
      return s;
    }
  }
  return Status::Ok();
}

Status InputFile::OpenRows(std::unique_ptr<RowReader>* rows) {
  if (text_ == nullptr) {
    if (Status s = OpenDescriptor(); !s.ok()) {
      return s;
    }
    if (Status s = OpenText(); !s.ok()) {
      return Named(s);
    }
  }
  if (format_ == FileFormat::kJsonLines) {
    *rows = std::make_unique<JsonRows>(text_.get(), rules_, json_, JsonRows::Sizes{});
  } else {
    *rows = std::make_unique<CsvRows>(text_.get(), csv_);
  }
  return Status::Ok();
}

bool InputFile::has_unit_cost() const {
  return format_ == FileFormat::kJsonLines ? json_.has_unit_cost
                                           : csv_.columns.has(Field::kUnitCost);
}

}  // namespace tallystone::tool
