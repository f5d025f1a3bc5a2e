// MappedPeer: a peer that books a batch in one step, once the codes have their item numbers.
#pragma once

#include <vector>

#include "peer.h"
#include "peers/item_numbers.h"

namespace tallystone::bench {

// A batch with the item of each line, and the items whose rows it must bring.
struct MappedBatch {
  const WorkBatch& batch;
  std::vector<uint32_t> items;
  std::vector<ItemNumbers::Made> made;  // ascending by item
};

class MappedPeer : public Peer {
 public:
  Status Write(const WorkBatch& lines) final;
  // What Book answered OK for is applied already.
  Status Finish() override { return Status::Ok(); }

 protected:
  // Durable when it returns. Called from several threads at once.
  virtual Status Book(const MappedBatch& mapped) = 0;

 private:
  ItemNumbers numbers_;
};

}  // namespace tallystone::bench
