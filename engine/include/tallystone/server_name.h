// How a server is named, without what nobody else may know.
#pragma once

#include <string>

#include "tallystone/status.h"

namespace tallystone {

// `server` as Options::servers has it, without its password, as "name=value" pairs in a fixed
// order: what may be written down and shown. *has_password: there was one, which other programs of
// the machine could read if it stood on a command line. kInvalidArgument: it names no server, or
// this library was built without PostgreSQL; the message has no values of the text in it.
Status ShowServer(const std::string& server, std::string* shown, bool* has_password);

}  // namespace tallystone
