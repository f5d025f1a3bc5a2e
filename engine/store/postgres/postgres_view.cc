#include "store/postgres/postgres_view.h"

#include <utility>

#include "base/check.h"
#include "model/stored_codec.h"
#include "store/postgres/page_cursor.h"
#include "store/postgres/read_statements.h"
#include "store/postgres/reads.h"
#include "store/postgres/sql_text.h"
#include "store/postgres/statements.h"

namespace tallystone::postgres {
namespace {

constexpr int64_t kRowsMax = 4096;
constexpr int64_t kBlocksMax = 16;  // a block may be large

// Shared by a view and its cursors. The server fixes what it shows with the first statement, which
// reads the marker.
class Moment {
 public:
  explicit Moment(std::shared_ptr<ConnectionPool> pool) : pool_(std::move(pool)) {}
  ~Moment() {
    if (connection_ != nullptr && !connection_->lost()) {
      connection_->Run(kCommit, "ending a view").PermitUnchecked();
    }
    pool_->Return(std::move(connection_));
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

  Status Begin() {
    TS_RETURN_IF_ERROR(pool_->Take(&connection_));
    Status status = BeginOnce();
    if (connection_->lost()) {
      TS_RETURN_IF_ERROR(pool_->TakeNew(&connection_));
      status = BeginOnce();
    }
    return status;
  }

  [[nodiscard]] Connection* connection() const { return connection_.get(); }
  [[nodiscard]] const Status& marker_status() const { return marker_status_; }
  [[nodiscard]] const Marker& marker() const { return marker_; }
  [[nodiscard]] const std::map<TenantId, Lsn>& ahead() const { return ahead_; }

 private:
  Status BeginOnce() {
    TS_RETURN_IF_ERROR(connection_->Run(kBeginView, "beginning a view"));
    uint64_t epoch = 0;
    marker_status_ = postgres::ReadMarker(connection_.get(), &marker_, &ahead_, &epoch);
    return marker_status_.IsNotFound() ? Status::Ok() : marker_status_;
  }

  const std::shared_ptr<ConnectionPool> pool_;
  std::unique_ptr<Connection> connection_;
  Status marker_status_;
  Marker marker_;
  std::map<TenantId, Lsn> ahead_;
};

// Runs a page's statement; take(row, &page) appends what its rows hold.
template <typename Record, typename Take>
Status FetchPage(const Moment& moment, std::string_view sql, const Parameters& parameters,
                 std::string_view table, const Take& take, std::vector<Record>* page) {
  Result result;
  TS_RETURN_IF_ERROR(
      moment.connection()->Query(sql, parameters, "reading " + std::string(table), &result));
  page->reserve(static_cast<size_t>(result.rows()));
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    Record record;
    TS_RETURN_IF_ERROR(take(&row, &record));
    TS_RETURN_IF_ERROR(row.status(table));
    page->push_back(std::move(record));
  }
  return Status::Ok();
}

StockKey TakeKey(RowReader* row) {
  StockKey key;
  key.tenant = static_cast<TenantId>(row->TakeInteger());
  key.item = static_cast<ItemId>(row->TakeInteger());
  return key;
}

// From a key on, or behind it: the next may have the next item only.
void AddKeyFrom(StockKey from, const StockKey* after, Parameters* parameters) {
  const StockKey key = after == nullptr ? from : *after;
  parameters->Add(uint64_t{key.tenant}).Add(uint64_t{key.item} + (after == nullptr ? 0 : 1));
}

// What of a text can stand in SQL, from its beginning: not behind the text in any order of bytes.
std::string SqlPrefix(const std::string& text) {
  size_t size = text.size();
  while (!IsSqlText(std::string_view(text).substr(0, size))) {
    --size;
  }
  return text.substr(0, size);
}

// Postings of neighbouring items, which are mostly asked for one after the other: what was fetched
// with one is kept for the next.
class PostingPages {
 public:
  Status Get(const Moment& moment, StockKey key, std::vector<Posting>* postings) {
    if (key.tenant != tenant_ || key.item < begin_ || key.item >= end_) {
      rows_ = key.tenant == tenant_ && key.item >= end_ ? std::min(rows_ * kGrowth, kRowsMax)
                                                        : kFirstRows;
      TS_RETURN_IF_ERROR(Fetch(moment, key));
    }
    postings->clear();
    auto entry = std::partition_point(page_.begin(), page_.end(),
                                      [&](const Entry& known) { return known.first < key.item; });
    for (; entry != page_.end() && entry->first == key.item; ++entry) {
      postings->push_back(entry->second);
    }
    return Status::Ok();
  }

 private:
  using Entry = std::pair<ItemId, Posting>;
  static constexpr int64_t kFirstRows = 64;
  static constexpr int64_t kGrowth = 4;

  // From the key on, at least all of it.
  Status Fetch(const Moment& moment, StockKey key) {
    tenant_ = key.tenant;
    begin_ = end_ = key.item;
    page_.clear();
    bool more = true;
    while (more && (page_.empty() || page_.back().first == key.item)) {
      const Entry from = page_.empty() ? Entry(key.item, Posting{}) : page_.back();
      Parameters parameters;
      parameters.Add(uint64_t{key.tenant})
          .Add(uint64_t{from.first})
          .Add(from.second.lsn)
          .Add(uint64_t{from.second.index} + (page_.empty() ? 0 : 1))
          .Add(rows_);
      const size_t before = page_.size();
      TS_RETURN_IF_ERROR(FetchPage(
          moment, kPostingsPage, parameters, "lines",
          [](RowReader* row, Entry* entry) {
            entry->first = static_cast<ItemId>(row->TakeInteger());
            entry->second.lsn = row->TakeUnsigned();
            entry->second.index = static_cast<uint32_t>(row->TakeInteger());
            return Status::Ok();
          },
          &page_));
      more = page_.size() - before == static_cast<size_t>(rows_);
      rows_ = more ? std::min(rows_ * kGrowth, kRowsMax) : rows_;
    }
    // The last item may go on behind what was fetched.
    end_ = more ? uint64_t{page_.back().first} : UINT64_MAX;
    return Status::Ok();
  }

  TenantId tenant_ = 0;
  uint64_t begin_ = 0, end_ = 0;  // items whose postings are all here
  int64_t rows_ = kFirstRows;
  std::vector<Entry> page_;
};

class PostgresView : public StoreView {
 public:
  explicit PostgresView(std::shared_ptr<Moment> moment) : moment_(std::move(moment)) {}

  Status ReadMarker(Marker* marker) override {
    *marker = moment_->marker();
    return moment_->marker_status();
  }
  Status ReadAhead(std::map<TenantId, Lsn>* ahead) override {
    *ahead = moment_->ahead();
    return Status::Ok();
  }
  Status ReadHomes(std::map<TenantId, TenantHome>* homes) override {
    return postgres::ReadHomes(moment_->connection(), homes);
  }
  Status GetBalance(StockKey key, BalanceSum* sum) override {
    return ReadBalance(moment_->connection(), key, sum);
  }
  Status GetBlock(Lsn lsn, StoredBlock* block) override {
    return ReadBlock(moment_->connection(), lsn, block);
  }
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override {
    return ReadBatch(moment_->connection(), ref, sum);
  }
  Status GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) override {
    return ReadDeadLetter(moment_->connection(), ref, letter);
  }

  std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> Balances(StockKey from) override;
  std::unique_ptr<Cursor<StoredBlock>> Blocks(Lsn from) override;
  std::unique_ptr<Cursor<StoredBlock>> BlocksOf(TenantId tenant) override;
  std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> Batches(BatchRef from) override;
  std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> DeadLetters(LineRef from) override;
  std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> Tenants() override;
  std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> Items(StockKey from) override;
  std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> Aliases(TenantId from) override;
  std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> Records(TenantId from) override;
  Status GetPostings(StockKey key, std::vector<Posting>* postings) override;
  std::unique_ptr<Cursor<std::pair<StockKey, LineSum>>> LineSums(StockKey from) override;
  Status ReadTotals(TenantId tenant, TenantTotals* totals) override;

 private:
  const std::shared_ptr<Moment> moment_;
  PostingPages postings_;
};

template <typename Record>
std::unique_ptr<Cursor<Record>> NewPages(typename PageCursor<Record>::Fetch fetch,
                                         int64_t rows_max = kRowsMax) {
  return std::make_unique<PageCursor<Record>>(std::move(fetch), rows_max);
}

std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> PostgresView::Balances(StockKey from) {
  using Record = std::pair<StockKey, BalanceSum>;
  return NewPages<Record>(
      [moment = moment_, from](const Record* after, int64_t rows, std::vector<Record>* page) {
        Parameters parameters;
        AddKeyFrom(from, after == nullptr ? nullptr : &after->first, &parameters);
        parameters.Add(rows);
        return FetchPage(
            *moment, kBalancesPage, parameters, "balances",
            [](RowReader* row, Record* record) {
              record->first = TakeKey(row);
              record->second = TakeBalance(row);
              return Status::Ok();
            },
            page);
      });
}

std::unique_ptr<Cursor<StoredBlock>> PostgresView::Blocks(Lsn from) {
  return NewPages<StoredBlock>(
      [moment = moment_, from](const StoredBlock* after, int64_t rows,
                               std::vector<StoredBlock>* page) {
        Parameters parameters;
        parameters.Add(after == nullptr ? from : after->lsn + 1).Add(rows);
        return FetchPage(*moment, kBlocksPage, parameters, "blocks", TakeBlock, page);
      },
      kBlocksMax);
}

std::unique_ptr<Cursor<StoredBlock>> PostgresView::BlocksOf(TenantId tenant) {
  return NewPages<StoredBlock>(
      [moment = moment_, tenant](const StoredBlock* after, int64_t rows,
                                 std::vector<StoredBlock>* page) {
        Parameters parameters;
        parameters.Add(uint64_t{tenant}).Add(after == nullptr ? 0 : after->lsn + 1).Add(rows);
        return FetchPage(*moment, kBlocksOfPage, parameters, "blocks", TakeBlock, page);
      },
      kBlocksMax);
}

std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> PostgresView::Batches(BatchRef from) {
  using Record = std::pair<BatchRef, BatchSum>;
  const std::string begin = SqlPrefix(from.batch);
  // Where the text itself cannot be asked for, what stands between its beginning and it is passed.
  const bool exact = begin == from.batch;
  return NewPages<Record>([moment = moment_, from, begin, exact](const Record* after, int64_t rows,
                                                                 std::vector<Record>* page) {
    Parameters parameters;
    parameters.Add(uint64_t{after == nullptr ? from.tenant : after->first.tenant})
        .Add(std::string_view(after == nullptr ? begin : after->first.batch))
        .Add(exact ? rows : kRowsMax);
    TS_RETURN_IF_ERROR(FetchPage(
        *moment, after == nullptr ? kBatchesPage : kBatchesPageAfter, parameters, "batches",
        [](RowReader* row, Record* record) {
          record->first.tenant = static_cast<TenantId>(row->TakeInteger());
          record->first.batch = row->TakeBytes();
          return TakeBatch(row, &record->second);
        },
        page));
    std::erase_if(*page, [&](const Record& record) { return !exact && record.first < from; });
    return Status::Ok();
  });
}

std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> PostgresView::DeadLetters(
    LineRef from) {
  using Record = std::pair<LineRef, StoredDeadLetter>;
  const std::string begin = SqlPrefix(from.batch);
  const bool exact = begin == from.batch;
  return NewPages<Record>([moment = moment_, from, begin, exact](const Record* after, int64_t rows,
                                                                 std::vector<Record>* page) {
    Parameters parameters;
    if (after == nullptr) {
      parameters.Add(uint64_t{from.tenant})
          .Add(std::string_view(begin))
          .Add(exact ? from.line : uint64_t{0});
    } else {
      parameters.Add(uint64_t{after->first.tenant})
          .Add(std::string_view(after->first.batch))
          .Add(after->first.line + 1);
    }
    parameters.Add(exact ? rows : kRowsMax);
    TS_RETURN_IF_ERROR(FetchPage(
        *moment, kDeadLettersPage, parameters, "dead_letters",
        [](RowReader* row, Record* record) {
          record->first.tenant = static_cast<TenantId>(row->TakeInteger());
          record->first.batch = row->TakeBytes();
          record->first.line = row->TakeUnsigned();
          return DecodeStoredDeadLetter(row->TakeBytes(), &record->second);
        },
        page));
    std::erase_if(*page, [&](const Record& record) { return !exact && record.first < from; });
    return Status::Ok();
  });
}

std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> PostgresView::Tenants() {
  using Record = std::pair<TenantId, std::string>;
  return NewPages<Record>(
      [moment = moment_](const Record* after, int64_t rows, std::vector<Record>* page) {
        Parameters parameters;
        parameters.Add(after == nullptr ? int64_t{1} : int64_t{after->first} + 1).Add(rows);
        return FetchPage(
            *moment, kTenantsPage, parameters, "tenants",
            [](RowReader* row, Record* record) {
              record->first = static_cast<TenantId>(row->TakeInteger());
              record->second = row->TakeBytes();
              return Status::Ok();
            },
            page);
      });
}

std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> PostgresView::Items(StockKey from) {
  using Record = std::pair<StockKey, StoredItem>;
  return NewPages<Record>(
      [moment = moment_, from](const Record* after, int64_t rows, std::vector<Record>* page) {
        Parameters parameters;
        AddKeyFrom(from, after == nullptr ? nullptr : &after->first, &parameters);
        parameters.Add(rows);
        return FetchPage(
            *moment, kItemsPage, parameters, "items",
            [](RowReader* row, Record* record) {
              record->first = TakeKey(row);
              StoredItem& item = record->second;
              for (std::string* text : {&item.code, &item.gtin, &item.description, &item.unit}) {
                *text = row->TakeBytes();
              }
              return row->NextIsNull() ? Status::Ok() : DecodeStoredItem(row->TakeBytes(), &item);
            },
            page);
      });
}

// By the hash of the text within an item.
std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> PostgresView::Aliases(TenantId from) {
  using Record = std::pair<StockKey, std::string>;
  auto hash = std::make_shared<std::string>();  // of the last
  return NewPages<Record>(
      [moment = moment_, hash, from](const Record* after, int64_t rows, std::vector<Record>* page) {
        if (after == nullptr) {
          hash->clear();
        }
        const StockKey key = after == nullptr ? StockKey{from, 0} : after->first;
        const std::string last = *hash;
        Parameters parameters;
        parameters.Add(uint64_t{key.tenant}).Add(uint64_t{key.item}).Add(std::string_view(last));
        parameters.Add(rows);
        return FetchPage(
            *moment, kAliasesPage, parameters, "aliases",
            [&](RowReader* row, Record* record) {
              record->first = TakeKey(row);
              *hash = row->TakeBytes();
              record->second = row->TakeBytes();
              return Status::Ok();
            },
            page);
      });
}

// One kind of one tenant at a time: the server has them in the order of their hashes.
class RecordPages {
 public:
  using Record = std::pair<RecordRef, std::string>;

  RecordPages(std::shared_ptr<Moment> moment, TenantId from)
      : moment_(std::move(moment)), from_(from) {}

  Status Fetch(bool first, std::vector<Record>* page) {
    if (first) {
      next_.clear();
      last_ = {};
      last_.tenant = from_;
      last_kind_ = 0;
      last_hash_.clear();
      ended_ = false;
    }
    page->swap(next_);
    next_.clear();
    const auto same_group = [page](const Record& record) {
      return record.first.tenant == page->front().first.tenant &&
             record.first.kind == page->front().first.kind;
    };
    bool whole = false;
    while (!ended_ && !whole) {
      std::vector<Record> more;
      TS_RETURN_IF_ERROR(FetchMore(&more));
      page->insert(page->end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
      whole = !page->empty() && !same_group(page->back());
    }
    if (!page->empty()) {
      const auto end = std::partition_point(page->begin(), page->end(), same_group);
      next_.assign(std::make_move_iterator(end), std::make_move_iterator(page->end()));
      page->erase(end, page->end());
      std::sort(page->begin(), page->end());
    }
    return Status::Ok();
  }

 private:
  Status FetchMore(std::vector<Record>* more) {
    Parameters parameters;
    const std::string hash = last_hash_;
    parameters.Add(uint64_t{last_.tenant}).Add(last_kind_).Add(std::string_view(hash));
    parameters.Add(kRowsMax);
    TS_RETURN_IF_ERROR(FetchPage(
        *moment_, kRecordsPage, parameters, "records",
        [this](RowReader* row, Record* record) {
          last_.tenant = record->first.tenant = static_cast<TenantId>(row->TakeInteger());
          last_kind_ = row->TakeInteger();
          record->first.kind = static_cast<RecordKind>(last_kind_);
          last_hash_ = row->TakeBytes();
          record->first.key = row->TakeBytes();
          record->second = row->TakeBytes();
          return Status::Ok();
        },
        more));
    ended_ = more->size() < static_cast<size_t>(kRowsMax);
    return Status::Ok();
  }

  const std::shared_ptr<Moment> moment_;
  const TenantId from_;
  std::vector<Record> next_;  // read already: the beginning of what comes behind
  RecordRef last_;
  int64_t last_kind_ = 0;
  std::string last_hash_;
  bool ended_ = false;
};

std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> PostgresView::Records(TenantId from) {
  using Record = std::pair<RecordRef, std::string>;
  return NewPages<Record>([pages = std::make_shared<RecordPages>(moment_, from)](
                              const Record* after, int64_t /*rows*/, std::vector<Record>* page) {
    return pages->Fetch(after == nullptr, page);
  });
}

Status PostgresView::GetPostings(StockKey key, std::vector<Posting>* postings) {
  return postings_.Get(*moment_, key, postings);
}

std::unique_ptr<Cursor<std::pair<StockKey, LineSum>>> PostgresView::LineSums(StockKey from) {
  using Record = std::pair<StockKey, LineSum>;
  if (moment_->marker().replay.has_value()) {
    return nullptr;  // sums and lines are written at different times
  }
  return NewPages<Record>(
      [moment = moment_, from](const Record* after, int64_t rows, std::vector<Record>* page) {
        Parameters parameters;
        AddKeyFrom(from, after == nullptr ? nullptr : &after->first, &parameters);
        parameters.Add(rows);
        return FetchPage(
            *moment, kLineSumsPage, parameters, "sums of lines",
            [](RowReader* row, Record* record) {
              record->first = TakeKey(row);
              record->second.lines = row->TakeUnsigned();
              record->second.quantity = row->TakeNumeric();
              record->second.value = row->TakeNumeric();
              return Status::Ok();
            },
            page);
      });
}

Status PostgresView::ReadTotals(TenantId tenant, TenantTotals* totals) {
  return moment_->marker().replay.has_value()
             ? Status::NotFound("a key replay is under way")
             : postgres::ReadTotals(moment_->connection(), tenant, totals);
}

}  // namespace

Status NewPostgresView(std::shared_ptr<ConnectionPool> pool, std::unique_ptr<StoreView>* view) {
  view->reset();
  auto moment = std::make_shared<Moment>(std::move(pool));
  TS_RETURN_IF_ERROR(moment->Begin());
  *view = std::make_unique<PostgresView>(std::move(moment));
  return Status::Ok();
}

}  // namespace tallystone::postgres
