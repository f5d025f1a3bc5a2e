#include "store/postgres/tenant_rows.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "model/stored_codec.h"
#include "store/postgres/sql_text.h"
#include "tallystone/outcome.h"

namespace tallystone::postgres {
namespace {

// Collects rows and sends them whenever there are enough.
class RowSender {
 public:
  RowSender(std::initializer_list<const RowStatement*> statements, const RowLimits& limits,
            const DialectTraits& traits, const SendRows& send)
      : statements_(statements),
        rows_((*statements.begin())->columns()),
        rows_max_(RowsMax(limits, traits, rows_.columns().size())),
        bytes_max_(limits.bytes_max),
        send_(send) {}

  ColumnValues& operator[](size_t column) { return rows_[column]; }
  RowValues* rows() { return &rows_; }

  Status EndRow() {
    rows_.EndRow();
    return rows_.rows() >= rows_max_ || rows_.bytes() >= bytes_max_ ? Flush() : Status::Ok();
  }
  // Must be called at the end.
  Status Flush() {
    if (rows_.rows() == 0) {
      return Status::Ok();
    }
    for (const RowStatement* statement : statements_) {
      TS_RETURN_IF_ERROR(send_(*statement, &rows_));
    }
    rows_.Clear();
    return Status::Ok();
  }

 private:
  static constexpr size_t kOtherParameters = 8;

  static size_t RowsMax(const RowLimits& limits, const DialectTraits& traits, size_t columns) {
    const size_t rows = limits.rows_max != 0 ? limits.rows_max : traits.rows_per_statement;
    return traits.unnest ? rows
                         : std::min(rows, (traits.parameters_max - kOtherParameters) / columns);
  }

  const std::vector<const RowStatement*> statements_;
  RowValues rows_;
  const size_t rows_max_, bytes_max_;
  const SendRows& send_;
};

// The hash of a key column that may be long.
class KeyHash {
 public:
  explicit KeyHash(std::string_view key) { EncodeFixed(bytes_, Hash128(key)); }
  [[nodiscard]] std::string_view bytes() const { return {bytes_, sizeof(bytes_)}; }

 private:
  char bytes_[16];
};

Status AddLine(StockKey key, const Posting& posting, const LineNumbers& line, std::string* scratch,
               RowSender* sender) {
  RowSender& row = *sender;
  row[0].Add(uint64_t{key.item});
  row[1].Add(posting.lsn);
  row[2].Add(int64_t{posting.index});
  row[3].Add(line.line);
  row[4].Add(line.quantity);
  row[5].Add(line.unit_cost);
  if (line.time.empty()) {
    row[6].AddNull();
  } else {
    row[6].Add(ToSqlText(line.time, scratch));
  }
  return row.EndRow();
}

class ShareSender {
 public:
  ShareSender(const Statements& statements, const SortedWindow& window, const WindowShares& shares,
              const TenantShare& share, const RowLimits& limits, const SendRows& send)
      : statements_(statements),
        window_(window),
        shares_(shares),
        share_(share),
        limits_(limits),
        send_(send) {}

  Status SendBatches();
  Status SendLines();
  Status SendItems();
  Status SendAliases();
  Status SendRecords();
  Status SendDeadLetters();
  Status SendBlocks();
  Status SendBalances();

 private:
  [[nodiscard]] RowSender Sender(const RowStatement& statement) const {
    return {{&statement}, limits_, statements_.traits, send_};
  }

  const Statements& statements_;
  const SortedWindow& window_;
  const WindowShares& shares_;
  const TenantShare& share_;
  const RowLimits& limits_;
  const SendRows& send_;
  std::string scratch_;
};

Status ShareSender::SendBatches() {
  RowSender sender = Sender(statements_.batches);
  for (const auto& [ref, sum] : share_.batches) {
    size_t column = 0;
    sender[column++].Add(std::string_view(ref.batch));
    for (const uint64_t field :
         {sum.first_lsn, sum.last_lsn, sum.lines, sum.accepted, sum.failed, sum.rejected,
          sum.tried_again, sum.retried, sum.dropped, sum.accepted_at_us}) {
      sender[column++].Add(field);
    }
    sender[column++].Add(int64_t{sum.finished});
    char digest[16];
    EncodeFixed(digest, sum.digest.sum);
    sender[column++].Add(std::string_view(digest, sizeof(digest)));
    TS_RETURN_IF_ERROR(sender.EndRow());
  }
  return sender.Flush();
}

Status NoSuchLine(const Posting& posting) {
  return Status::Corruption("chunk " + std::to_string(posting.lsn) +
                            " does not have the line that its window says it has");
}

// By item: the order of the primary key.
Status ShareSender::SendLines() {
  RowSender sender = Sender(statements_.lines);
  for (const KeyDelta& delta : share_.deltas) {
    TS_CHECK(delta.posting_begin <= delta.posting_end &&
             delta.posting_end <= window_.postings.size());
    for (uint32_t index = delta.rejected ? delta.posting_end : delta.posting_begin;
         index < delta.posting_end; ++index) {
      const Posting& posting = window_.postings[index];
      const LineNumbers* line = shares_.Find(posting);
      if (line == nullptr) {
        return NoSuchLine(posting);
      }
      TS_RETURN_IF_ERROR(AddLine(delta.key, posting, *line, &scratch_, &sender));
    }
  }
  return sender.Flush();
}

Status ShareSender::SendItems() {
  RowSender sender = Sender(statements_.items);
  std::string exact;
  for (const auto& [key, item] : share_.items) {
    sender[0].Add(uint64_t{key.item});
    size_t column = 1;
    bool is_text = true;
    for (const std::string* text : {&item.code, &item.gtin, &item.description, &item.unit}) {
      is_text = is_text && IsSqlText(*text);
      sender[column++].Add(ToSqlText(*text, &scratch_));
    }
    if (is_text) {
      sender[column].AddNull();
    } else {
      exact.clear();
      EncodeStoredItem(item, &exact);
      sender[column].Add(std::string_view(exact));
    }
    TS_RETURN_IF_ERROR(sender.EndRow());
  }
  return sender.Flush();
}

Status ShareSender::SendAliases() {
  RowSender sender = Sender(statements_.aliases);
  for (const auto* alias : share_.aliases) {
    sender[0].Add(uint64_t{alias->first.item});
    sender[1].Add(KeyHash(alias->second).bytes());
    sender[2].Add(std::string_view(alias->second));
    TS_RETURN_IF_ERROR(sender.EndRow());
  }
  return sender.Flush();
}

Status ShareSender::SendRecords() {
  RowSender put = Sender(statements_.put_records);
  RowSender remove = Sender(statements_.delete_records);
  for (const auto& [ref, value] : share_.records) {
    const bool removed = value.empty();
    RowSender& sender = removed ? remove : put;
    sender[0].Add(int64_t{static_cast<uint8_t>(ref.kind)});
    sender[1].Add(KeyHash(ref.key).bytes());
    if (!removed) {
      sender[2].Add(std::string_view(ref.key));
      sender[3].Add(std::string_view(value));
    }
    TS_RETURN_IF_ERROR(sender.EndRow());
  }
  TS_RETURN_IF_ERROR(put.Flush());
  return remove.Flush();
}

Status ShareSender::SendDeadLetters() {
  RowSender put = Sender(statements_.put_letters);
  RowSender remove = Sender(statements_.delete_letters);
  std::string bytes;
  for (const auto& [ref, letter] : share_.dead_letters) {
    RowSender& sender = letter ? put : remove;
    sender[0].Add(std::string_view(ref.batch));
    sender[1].Add(ref.line);
    if (letter) {
      bytes.clear();
      EncodeStoredDeadLetter(*letter, &bytes);
      sender[2].Add(OutcomeName(letter->cause));
      sender[3].Add(letter->lsn);
      sender[4].Add(int64_t{letter->attempts});
      sender[5].Add(letter->failed_at_us);
      sender[6].Add(ToSqlText(letter->detail, &scratch_));
      sender[7].Add(ToSqlText(letter->code, &scratch_));
      sender[8].Add(std::string_view(bytes));
    }
    TS_RETURN_IF_ERROR(sender.EndRow());
  }
  TS_RETURN_IF_ERROR(put.Flush());
  return remove.Flush();
}

Status ShareSender::SendBlocks() {
  RowSender sender = Sender(statements_.blocks);
  std::string rejected;
  for (const uint32_t index : share_.blocks) {
    const LoggedChunk& block = window_.blocks[index];
    const BlockHead& head = shares_.head(index);
    sender[0].Add(block.lsn);
    sender[1].Add(ToSqlText(head.batch, &scratch_));
    sender[2].Add(head.accepted_at_us);
    sender[3].Add(std::string_view(*block.payload));
    const auto refused =
        std::lower_bound(window_.rejected_lines.begin(), window_.rejected_lines.end(), block.lsn,
                         [](const auto& entry, Lsn lsn) { return entry.first < lsn; });
    if (refused != window_.rejected_lines.end() && refused->first == block.lsn) {
      rejected.clear();
      EncodeStoredBlock({}, refused->second, &rejected);
      sender[4].Add(std::string_view(rejected));
    } else {
      sender[4].AddNull();
    }
    TS_RETURN_IF_ERROR(sender.EndRow());
  }
  return sender.Flush();
}

Status ShareSender::SendBalances() {
  RowSender sender({&statements_.update_balances, &statements_.insert_balances}, limits_,
                   statements_.traits, send_);
  for (const KeyDelta& delta : share_.deltas) {
    if (!delta.rejected) {
      AddBalanceRow(delta, sender.rows());
      TS_RETURN_IF_ERROR(sender.EndRow());
    }
  }
  return sender.Flush();
}

void PutBigEndian16(std::string* out, size_t value) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

void PutBigint(std::string* out, uint64_t value) {
  char bytes[12];
  EncodeBigEndian32(bytes, 8);
  EncodeBigEndian64(bytes + 4, value);
  out->append(bytes, sizeof(bytes));
}

}  // namespace

uint64_t CountLines(const TenantShare& share) {
  uint64_t lines = 0;
  for (const KeyDelta& delta : share.deltas) {
    lines += delta.rejected ? 0 : delta.posting_end - delta.posting_begin;
  }
  return lines;
}

// PostgreSQL's binary COPY format: a header; rows, each i16 columns | (i32 bytes, -1 = NULL |
// bytes) of each; i16 -1.
Status LineCopier::Next(std::string* piece) {
  constexpr size_t kPieceBytes = 128 << 10;
  constexpr size_t kHeaderRestBytes = 8;  // flags, size of an extension
  constexpr size_t kColumns = 1 + std::size(kLineColumns);
  if (!begun_) {
    begun_ = true;
    piece->append("PGCOPY\n\377\r\n\0", 11);
    piece->append(kHeaderRestBytes, '\0');
  }
  for (; delta_ < share_.deltas.size(); ++delta_, posting_ = 0) {
    const KeyDelta& delta = share_.deltas[delta_];
    TS_CHECK(delta.posting_begin <= delta.posting_end &&
             delta.posting_end <= window_.postings.size());
    const uint32_t count = delta.rejected ? 0 : delta.posting_end - delta.posting_begin;
    for (; posting_ < count; ++posting_) {
      if (piece->size() >= kPieceBytes) {
        return Status::Ok();
      }
      const Posting& posting = window_.postings[delta.posting_begin + posting_];
      const LineNumbers* line = shares_.Find(posting);
      if (line == nullptr) {
        return NoSuchLine(posting);
      }
      PutBigEndian16(piece, kColumns);
      PutBigint(piece, share_.tenant);
      PutBigint(piece, delta.key.item);
      PutBigint(piece, posting.lsn);
      PutBigEndian32(piece, sizeof(uint32_t));
      PutBigEndian32(piece, posting.index);
      PutBigint(piece, line->line);
      PutBigint(piece, static_cast<uint64_t>(line->quantity));
      PutBigint(piece, static_cast<uint64_t>(line->unit_cost));
      if (line->time.empty()) {
        PutBigEndian32(piece, UINT32_MAX);
      } else {
        const std::string_view text = ToSqlText(line->time, &scratch_);
        PutBigEndian32(piece, static_cast<uint32_t>(text.size()));
        piece->append(text);
      }
    }
  }
  if (!ended_) {
    ended_ = true;
    PutBigEndian16(piece, UINT16_MAX);
  }
  return Status::Ok();
}

Status SendItemRows(const Statements& statements, StockKey key, const BalanceSum& sum,
                    const std::vector<BookedLine>& lines, const RowLimits& limits,
                    const SendRows& send) {
  std::string scratch;
  RowSender sender({&statements.lines}, limits, statements.traits, send);
  for (const BookedLine& line : lines) {
    TS_RETURN_IF_ERROR(AddLine(key, line.posting,
                               {line.number, line.quantity, line.unit_cost, line.time}, &scratch,
                               &sender));
  }
  TS_RETURN_IF_ERROR(sender.Flush());
  if (sum.lines == 0) {
    return Status::Ok();
  }
  KeyDelta delta;
  delta.key = key;
  delta.sum = sum;
  RowSender balance({&statements.insert_balances}, limits, statements.traits, send);
  AddBalanceRow(delta, balance.rows());
  TS_RETURN_IF_ERROR(balance.EndRow());
  return balance.Flush();
}

void AddBalanceRow(const KeyDelta& delta, RowValues* rows) {
  const BalanceSum& sum = delta.sum;
  std::string scratch;
  (*rows)[0].Add(uint64_t{delta.key.item});
  (*rows)[1].Add(sum.on_hand);
  (*rows)[2].Add(sum.value);
  (*rows)[3].Add(sum.lines);
  (*rows)[4].Add(sum.last_lsn);
  (*rows)[5].Add(uint64_t{sum.places});
  (*rows)[6].Add(ToSqlText(sum.last_time, &scratch));
  if (IsSqlText(sum.last_time)) {
    (*rows)[7].AddNull();
  } else {
    (*rows)[7].Add(std::string_view(sum.last_time));
  }
}

Status SendShare(const Statements& statements, const SortedWindow& window,
                 const WindowShares& shares, const TenantShare& share, WindowPart part,
                 const RowLimits& limits, ShareRows rows, const SendRows& send) {
  ShareSender sender(statements, window, shares, share, limits, send);
  TS_RETURN_IF_ERROR(sender.SendBatches());
  if (rows == ShareRows::kAll) {
    TS_RETURN_IF_ERROR(sender.SendLines());
  }
  TS_RETURN_IF_ERROR(sender.SendItems());
  TS_RETURN_IF_ERROR(sender.SendAliases());
  TS_RETURN_IF_ERROR(sender.SendRecords());
  TS_RETURN_IF_ERROR(sender.SendDeadLetters());
  TS_RETURN_IF_ERROR(sender.SendBlocks());
  return part == WindowPart::kAll ? sender.SendBalances() : Status::Ok();
}

}  // namespace tallystone::postgres
