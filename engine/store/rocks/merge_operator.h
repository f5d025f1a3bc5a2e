// The merge operators of balances and batches: associative sums, total on any bytes. An operand of
// balances is those of a group of items (item_groups.h), each added to the one at its place.
//
// RocksDB 7.8.3 has no failure scope: a merge that returns false in a flush or a compaction makes
// the whole database read-only for good. So ours never does. Operands that are not an encoded sum,
// or that do not fit into one sum, are kept apart, in order, in a value that says so:
//
//   u8 0xDB | parts, each: u32 length (big-endian) | bytes
//
// where neighbouring sums are one part. That is associative too. Such a value does not decode as a
// sum: who reads it gets kCorruption with the key; the good parts are still there for repair.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <rocksdb/merge_operator.h>

namespace tallystone::rocks {

// Part of the format (rocks/format.h): another meaning of the same operands needs another number.
inline constexpr uint32_t kMergeVersion = 2;
inline constexpr char kDamagedTag = '\xDB';

std::shared_ptr<rocksdb::MergeOperator> NewBalanceMergeOperator();
std::shared_ptr<rocksdb::MergeOperator> NewBatchMergeOperator();

// True if `value` is the record of a merge that met bytes that are not ours.
bool IsDamaged(std::string_view value);

}  // namespace tallystone::rocks
