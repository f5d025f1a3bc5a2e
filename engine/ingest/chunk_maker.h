// ChunkMaker: maps checked lines, records the decisions in a chunk and appends it to the log.
#pragma once

#include <array>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/core.h"
#include "model/chunk.h"
#include "model/content_digest.h"
#include "model/line_check.h"
#include "tallystone/batch.h"
#include "tallystone/limits.h"

namespace tallystone {

// A line that was checked, with its digest. Views point to the caller's lines.
struct PreparedLine {
  explicit PreparedLine(const RawLine& raw) : line(CheckLine(raw)) {}

  CheckedLine line;
  ContentDigest digest;
};

// What is being logged.
struct ChunkRequest {
  Tenant* tenant = nullptr;
  std::string_view batch;
  uint8_t flags = 0;  // kChunkFirst, kChunkLast, kChunkRetry
  uint64_t first_line = 1;
  ContentDigest digest;   // of the batch up to and including these lines
  uint32_t attempts = 1;  // what a line that fails will have had
  MapPolicy policy = UnknownItemPolicy::kCreate;
};

// Not thread-safe: working memory of one caller.
class ChunkMaker {
 public:
  explicit ChunkMaker(Core* core) : core_(core) {}

  // Maps and appends at most limits::kChunkLinesMax lines. Requires the tenant's mutex. One result
  // a line is appended to *results, if given. *lsn is its position.
  Status Append(const ChunkRequest& request, std::span<const PreparedLine> lines,
                std::vector<LineResult>* results, Lsn* lsn);

  // What the last chunk appended says of its batch.
  [[nodiscard]] BatchSum Appended(Lsn lsn) const;

  // Maps all lines and takes everything back. Requires the tenant's mutex.
  Status Try(const ChunkRequest& request, std::span<const PreparedLine> lines,
             std::vector<LineResult>* results);

  // Appends lines whose items are decided, and changes that the tenant's catalogue has already.
  // Requires the tenant's mutex. On error the changes are undone.
  Status AppendMade(const ChunkRequest& request, std::span<const ChunkLine> lines,
                    CatalogueChanges changes, Lsn* lsn);

  // Appends a chunk that drops one dead letter. Requires the tenant's mutex.
  Status AppendDrop(Tenant* tenant, std::string_view batch, uint64_t line, Lsn* lsn);

 private:
  Status MapLines(const ChunkRequest& request, std::span<const PreparedLine> lines);
  void FindItems(const TenantCatalogue& catalogue, std::span<const PreparedLine> lines);
  void KeepWhole(const CheckedLine& checked, uint32_t attempts, ChunkLine* line);
  Status MapLine(const ChunkRequest& request, const CheckedLine& checked, ItemId with_code,
                 ChunkLine* line);
  void RecordMatch(const Match& match, ChunkLine* line);
  Status CheckBalance(const Tenant& tenant, ChunkLine* line);
  void Begin(const ChunkRequest& request);
  void AppendResults(std::vector<LineResult>* results) const;
  Status Write(Tenant* tenant, Lsn* lsn);
  void Count() const;

  Core* const core_;
  Chunk chunk_;
  uint32_t accepted_ = 0;  // lines of chunk_ that are booked
  // The same lines by outcome and by rule, for the metrics.
  std::array<uint32_t, kOutcomeCount> outcomes_{};
  std::array<uint32_t, kDecidedByCount> rules_{};
  // By index of a line: the item that has its code before the chunk is mapped; 0 = none.
  std::array<ItemId, limits::kChunkLinesMax> with_code_;
  // Booked and not yet logged by this call, of items with a large product.
  std::unordered_map<ItemId, Int128> pending_;
  // By index of a line of chunk_: what it was compared with; shorter if the rest was not.
  std::vector<std::shared_ptr<const Match>> matches_;
  // Numbers of failed lines that came as Decimals, as text.
  std::deque<std::string> texts_;
};

}  // namespace tallystone
