// RecordProof: the records of the catalogue as the chunks wrote them, to be compared with those
// that a store has.
#pragma once

#include <functional>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include "model/chunk.h"
#include "store/live_view.h"

namespace tallystone {

// Keeps hashes only: 24 bytes a record, whatever its size.
class RecordProof {
 public:
  // The records of the next chunk, which stands at `lsn`.
  void Take(TenantId tenant, const CatalogueChanges& changes, Lsn lsn);

  // find(what, tenant) for each record that differs, is missing, or that no chunk wrote.
  using Find = std::function<void(std::string, TenantId)>;
  Status Compare(LiveView* view, const Find& find) const;

 private:
  struct Written {
    uint64_t value = 0;  // its hash; 0 = it was removed
    Lsn lsn = 0;
    TenantId tenant = 0;
  };
  boost::unordered_flat_map<uint64_t, Written> written_;  // by the hash of the key
};

}  // namespace tallystone
