#include "ingest/server_list.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "ingest/database_directory.h"
#include "store/server_store.h"

namespace tallystone {
namespace {

constexpr std::string_view kTitle = "tallystone servers ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kWriter = "writer ";
constexpr std::string_view kEnd = "end";
// Of a list that a person may have edited.
constexpr uint64_t kBytesMax = 16u << 20;

Status Unreadable(const std::string& file, std::string_view line) {
  return Status::Corruption(file + ": '" + std::string(line.substr(0, 100)) +
                            "' is not a line of a list of servers, or its end is missing: restore "
                            "the file, or name all servers in `tallystone resume --take-over "
                            "--store`");
}

}  // namespace

Status ReadServerList(FileSystem* files, const std::string& path, std::vector<ServerEntry>* servers,
                      std::vector<std::string>* writers) {
  servers->clear();
  std::vector<std::string> unwanted;
  writers = writers == nullptr ? &unwanted : writers;
  writers->clear();
  const std::string name = ServerListPath(path);
  std::unique_ptr<File> file;
  Status status = files->Open(name, OpenMode::kRead, &file);
  if (status.IsNotFound()) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(status);
  std::string text;
  TS_RETURN_IF_ERROR(file->Read(0, kBytesMax, &text));
  std::vector<std::string_view> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (lines.size() < 2 || !lines.front().starts_with(kTitle) || lines.back() != kEnd) {
    return Unreadable(name, lines.empty() ? std::string_view() : lines.back());
  }
  if (lines.front().substr(kTitle.size()) != kVersion) {
    return Status::FormatMismatch(name + " is of another version than " + std::string(kVersion));
  }
  for (size_t index = 1; index + 1 < lines.size(); ++index) {
    const std::string_view line = lines[index];
    if (line.starts_with(kWriter)) {
      if (!BytesFromHex(line.substr(kWriter.size()), &writers->emplace_back())) {
        return Unreadable(name, line);
      }
      continue;
    }
    const size_t blank = line.find(' ');
    ServerEntry entry;
    if (blank == std::string_view::npos || !BytesFromHex(line.substr(0, blank), &entry.id)) {
      return Unreadable(name, line);
    }
    entry.connection = line.substr(blank + 1);
    servers->push_back(std::move(entry));
  }
  return Status::Ok();
}

Status FindServer(const std::vector<ServerEntry>& servers, const std::string& name, size_t* index) {
  if (servers.empty()) {
    return Status::InvalidArgument("the database has its store inside, and no servers");
  }
  // As the list has it, whichever way it is written: a URL, or pairs in any order.
  std::string shown;
  const bool reaches = PublicConnection(name, &shown).ok();
  std::string all;
  size_t found = servers.size();
  bool more = false;
  for (size_t at = 0; at < servers.size(); ++at) {
    const std::string id = HexText(servers[at].id);
    all += (all.empty() ? "" : "; ") + id + " " + servers[at].connection;
    if (servers[at].connection == name || (reaches && servers[at].connection == shown)) {
      *index = at;
      return Status::Ok();
    }
    if (!name.empty() && id.starts_with(name)) {
      more = more || found != servers.size();
      found = at;
    }
  }
  if (more) {
    return Status::InvalidArgument("more than one server begins with '" + name + "': " + all);
  }
  *index = found;
  return found != servers.size()
             ? Status::Ok()
             : Status::NotFound("no server of this database is '" + (reaches ? shown : name) +
                                "'; they are: " + all);
}

Status CheckClaim(const StoreClaim& claim, const std::vector<ServerEntry>& servers,
                  const std::vector<std::string>* writers) {
  for (const std::string& id : claim.servers) {
    if (std::none_of(servers.begin(), servers.end(),
                     [&](const ServerEntry& server) { return server.id == id; })) {
      return Status::InvalidArgument(
          "the database has tenants on server " + HexText(id) +
          ", too, and SERVERS in its directory does not name that one: name all of its servers "
          "with --store, or copy SERVERS of the directory that wrote them last");
    }
  }
  if (writers == nullptr || claim.writer.empty() ||
      std::find(writers->begin(), writers->end(), claim.writer) != writers->end()) {
    return Status::Ok();
  }
  return Status::Fenced(
      "another directory wrote this server since: a copy of this one took over, or this is a copy "
      "from before the other was opened last. What was logged here and not there (`tallystone log "
      "cat`) is to be sent again to the other; to take over from it, copy its SERVERS and log "
      "anew, or, if it is gone for good, `tallystone resume --take-over`");
}

Status WriteServerList(FileSystem* files, const std::string& path,
                       const std::vector<ServerEntry>& servers,
                       const std::vector<std::string>& writers) {
  std::string text = std::string(kTitle) + std::string(kVersion) + "\n";
  for (const ServerEntry& server : servers) {
    TS_CHECK(server.connection.find('\n') == std::string::npos);
    text += HexText(server.id) + " " + server.connection + "\n";
  }
  for (const std::string& writer : writers) {
    text += std::string(kWriter) + HexText(writer) + "\n";
  }
  text += std::string(kEnd) + "\n";
  const std::string name = ServerListPath(path);
  const std::string made = name + ".new";
  files->Remove(made).PermitUnchecked();  // of an interrupted attempt
  std::unique_ptr<File> file;
  TS_RETURN_IF_ERROR(files->Open(made, OpenMode::kCreate, &file));
  TS_RETURN_IF_ERROR(file->Write(0, text));
  TS_RETURN_IF_ERROR(file->Sync());
  TS_RETURN_IF_ERROR(files->Rename(made, name));
  return files->SyncDirectory(path);
}

}  // namespace tallystone
