// The normal form of descriptions, without an allocation where that can be avoided.
#pragma once

#include <string>
#include <string_view>

namespace tallystone {

// As NormaliseDescription(text) (tenant_catalogue.h); *out is replaced.
void NormaliseDescription(std::string_view text, std::string* out);

// The form that version 1 gave: NFKC, case folded, blanks squeezed. Aliases of it are in older
// databases.
void NormaliseVersion1(std::string_view text, std::string* out);

}  // namespace tallystone
