#include "peer.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tallystone::bench {
namespace {

// Of no use before main: registrations come in any order.
std::vector<PeerEntry>& Registered() {
  static std::vector<PeerEntry> peers;
  return peers;
}

}  // namespace

PeerRegistration::PeerRegistration(PeerInfo info, std::function<std::unique_ptr<Peer>()> make) {
  Registered().push_back({std::move(info), std::move(make)});
}

const std::vector<PeerEntry>& Peers() {
  static const std::vector<PeerEntry> sorted = [] {
    std::vector<PeerEntry> peers = Registered();
    std::sort(peers.begin(), peers.end(), [](const PeerEntry& left, const PeerEntry& right) {
      const auto rank = [](const PeerEntry& peer) {
        return std::tuple(peer.info.name != "tallystone", peer.info.name);
      };
      return rank(left) < rank(right);
    });
    return peers;
  }();
  return sorted;
}

const PeerEntry* FindPeer(std::string_view name) {
  const auto& peers = Peers();
  const auto found = std::find_if(peers.begin(), peers.end(),
                                  [&](const PeerEntry& peer) { return peer.info.name == name; });
  return found == peers.end() ? nullptr : &*found;
}

std::vector<AbsentPeer> PeersNotBuilt() {
  // "name: why|name: why|", from the build.
  std::string_view rest = TALLYSTONE_PEERS_NOT_BUILT;
  std::vector<AbsentPeer> absent;
  for (size_t end = rest.find('|'); end != std::string_view::npos; end = rest.find('|')) {
    const std::string_view entry = rest.substr(0, end);
    const size_t colon = entry.find(": ");
    absent.push_back({std::string(entry.substr(0, colon)), std::string(entry.substr(colon + 2))});
    rest.remove_prefix(end + 1);
  }
  return absent;
}

}  // namespace tallystone::bench
