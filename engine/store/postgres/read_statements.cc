#include "store/postgres/read_statements.h"

namespace tallystone::postgres {

void ForEachReadStatement(const std::function<void(std::string_view)>& use) {
  for (const std::string_view text :
       {kGetBalance,       kGetBatch,         kGetDeadLetter,     kBalancesPage,
        kItemsPage,        kBlocksPage,       kBatchesPage,       kBatchesPageAfter,
        kBatchNamesPage,   kDeadLettersPage,  kTenantsPage,       kAliasesPage,
        kRecordsPage,      kPostingsPage,     kLineSumsPage,      kBalanceTotals,
        kTenantMarker,     kBatchesBefore,    kDeadLettersBefore, kTableSizes,
        kServerVersion,    kCountTables,      kReadGrants,        kReadVersion,
        kAddVersion,       kAddStoreRow,      kReadHomes,         kReadClaim,
        kBlocksOfPage,     kBlocksFromBatch,  kBatchesFromBatch,  kBlocksFromBlock,
        kBatchesFromBlock, kNextBlocksOfBatch}) {
    use(text);
  }
}

}  // namespace tallystone::postgres
