// What a run of peers looks like: a table for people, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "machine.h"
#include "runner.h"

namespace tallystone::bench {

struct Report {
  MachineInfo machine;
  std::string file_system;
  const Workload* workload = nullptr;
  RunOptions options;
  std::vector<PeerResult> results;
};

std::string FormatTable(const Report& report);

// Lines a second that were acknowledged while the peer had room; 0: it has none, or too few lines
// came.
double RoomRate(const Round& round);
// 1234567 as "1,234,567".
std::string Grouped(double number);

// A header and a row a peer.
std::string FormatCsv(const Report& report);

// An array with one object a peer. Rates are lines a second: medians, with _min and _max.
std::string FormatJson(const Report& report);

}  // namespace tallystone::bench
