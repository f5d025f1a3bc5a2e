// RoutedView: several stores, each with tenants of its own, read as one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace tallystone {

// A StoreView over others. Its marker is the lowest of theirs; the tenants of a store whose own
// marker is higher are ahead of it. A key replay under way in one of them is not its own: see
// part(). What a store has not yet forgotten of a tenant that moved away is left out. Not
// thread-safe.
class RoutedView final : public StoreView {
 public:
  // A tenant that no part has, and the part that had it last, as far as they say.
  struct Missing {
    size_t part = 0;
    TenantId tenant = 0;
    uint64_t generation = 0;
    friend bool operator==(const Missing&, const Missing&) = default;
  };

  // kCorruption: two stores say that they have the same tenant, or a store is another database's.
  // kTryAgain: none of them has a tenant that moved: it did so while the views were made. *missing,
  // if given, then says which. Where it is the same each time, see Lost.
  static Status Make(std::vector<std::unique_ptr<StoreView>> parts,
                     std::unique_ptr<RoutedView>* view, Missing* missing = nullptr);
  // What is told of a tenant that is missing though nothing moves. `server`: the name of the part.
  static Status Lost(const Missing& missing, const std::string& server);

  [[nodiscard]] size_t parts() const { return parts_.size(); }
  [[nodiscard]] StoreView* part(size_t index) const { return parts_[index].get(); }
  // What a part has of a tenant that moved to another: what MoveOut and RemoveLeft are yet to be
  // called for.
  struct Stray {
    size_t part = 0;
    TenantId tenant = 0;
    uint64_t generation = 0;
  };
  [[nodiscard]] const std::vector<Stray>& strays() const { return strays_; }
  // Which part has the tenant, or some of its keys already, from a replay that was interrupted
  // before its name was there; parts() = none.
  [[nodiscard]] size_t PartOf(TenantId tenant) const;

  Status ReadMarker(Marker* marker) override;
  Status ReadAhead(std::map<TenantId, Lsn>* ahead) override;
  Status ReadHomes(std::map<TenantId, TenantHome>* homes) override;
  Status GetBalance(StockKey key, BalanceSum* sum) override;
  Status GetBlock(Lsn lsn, StoredBlock* block) override;
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override;
  Status GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) override;
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
  RoutedView() = default;
  Status Load();
  Status FindMissing();
  Status LoadTenants(size_t part);
  Status AddHome(size_t part, TenantId tenant, const TenantHome& home);
  // The parts' cursors as one, without records of tenants that are another part's.
  template <typename Record, typename Open, typename KeyOf, typename TenantOf>
  std::unique_ptr<Cursor<Record>> Merged(const Open& open, KeyOf key_of, TenantOf tenant_of);
  template <typename Record, typename Open>
  std::unique_ptr<Cursor<Record>> MergedByKey(const Open& open);
  template <typename Look>
  Status At(TenantId tenant, const Look& look);

  std::vector<std::unique_ptr<StoreView>> parts_;
  std::vector<Marker> markers_;
  std::map<TenantId, size_t> owners_;
  std::map<TenantId, TenantHome> homes_;  // of owners_
  std::vector<Stray> strays_;
  Missing missing_;
};

}  // namespace tallystone
