// InputFile: one FILE of an import: opened, decompressed, recognised, named.
#pragma once

#include <memory>
#include <string>

#include "import/byte_source.h"
#include "import/csv_rows.h"
#include "import/header.h"
#include "import/jsonl_rows.h"
#include "import/row.h"

namespace tallystone::tool {

struct InputOptions {
  enum class FileFormat { kDetect, kCsv, kJsonLines };

  FileFormat format = FileFormat::kDetect;
  bool latin1 = false;
  char delimiter = 0;      // 0 = detect
  bool content_id = true;  // make a batch id from the content: needs to read it twice
};

// Not thread-safe.
class InputFile {
 public:
  // A header must end within this many bytes.
  static constexpr size_t kBeginningBytesMax = 1024 * 1024;

  // Opens `path` ("-" = standard input) and looks at its beginning; with `content_id` reads all of
  // it once, a stream by way of a temporary file. `rules` must outlive the file. kNotFound: no such
  // file. kInvalidArgument, kCorruption: the content is not usable; the message says why and names
  // the file.
  static Status Open(const std::string& path, const InputOptions& options, const HeaderRules* rules,
                     std::unique_ptr<InputFile>* file);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Starts reading rows; once. The reader must not outlive the file.
  Status OpenRows(std::unique_ptr<RowReader>* rows);

  [[nodiscard]] const std::string& name() const { return name_; }
  // "file:" and 32 hex digits of the XXH3-128 of the decompressed content; empty without
  // `content_id`.
  [[nodiscard]] const std::string& content_id() const { return content_id_; }
  [[nodiscard]] bool has_unit_cost() const;
  // Of its header: see ColumnMap.
  [[nodiscard]] const std::vector<std::string>& doubts() const { return csv_.columns.doubts; }
  // Of the file as it lies on disk; total 0 = unknown.
  [[nodiscard]] uint64_t bytes_done() const { return raw_ == nullptr ? 0 : raw_->bytes_read(); }
  [[nodiscard]] uint64_t bytes_total() const { return bytes_total_; }

 private:
  InputFile(std::string path, const InputOptions& options, const HeaderRules* rules);

  Status Prepare();
  Status OpenDescriptor();
  Status Spool();
  Status HashContent();
  Status OpenContent(std::unique_ptr<ByteSource>* content);
  Status OpenText();
  Status Recognise();
  Status DetectDialect(bool whole, bool* need_more);
  [[nodiscard]] InputOptions::FileFormat FormatOf(std::string_view beginning) const;
  [[nodiscard]] bool Rereadable() const { return regular_ && path_ != "-"; }
  [[nodiscard]] Status Named(const Status& status) const;
  void CloseDescriptor();

  const std::string path_;
  const std::string name_;  // for messages
  const InputOptions options_;
  const HeaderRules* const rules_;
  int fd_ = -1;
  bool regular_ = false;
  int64_t start_ = 0;  // offset of the first byte: standard input may be a file that was read from
  uint64_t limit_ = UINT64_MAX;
  uint64_t bytes_total_ = 0;
  std::string content_id_;
  FdSource* raw_ = nullptr;  // within text_
  std::unique_ptr<PeekSource> text_;
  InputOptions::FileFormat format_ = InputOptions::FileFormat::kDetect;
  CsvDialect csv_;
  JsonDialect json_;
};

}  // namespace tallystone::tool
