// The inspection page as one HTML document: markup, style, script and data.
#pragma once

#include <string>
#include <string_view>

namespace tallystone::tool {

// A page that carries `json` and asks nobody for anything. With "null" for `json` it asks for its
// data under api/ beside its own address.
std::string MakePage(std::string_view json);

// The Content-Security-Policy of the page: only its own style and script, known by their hashes.
// `served`: it may ask the server that it came from.
std::string PagePolicy(bool served);

// `json` such that it can stand in a script element: no <, >, & and no line end of JavaScript.
std::string JsonForHtml(std::string_view json);

}  // namespace tallystone::tool
