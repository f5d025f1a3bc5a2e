// Whether two names with the same words mean the same by them: blue widget 10 mm and widget 10 mm
// blue do, red box with blue lid and blue box with red lid do not.
#pragma once

#include <string_view>
#include <vector>

namespace tallystone {

// The tokens of a normal form; they point into it.
void SplitTokens(std::string_view form, std::vector<std::string_view>* tokens);

// The forms have the same tokens, and what binds stays bound:
//   - no token stands twice in them
//   - a word like "with", "for", "of" (WordClass::kWithout, kRelation) begins a part of the name;
//   the
//     parts are the same, whatever their order
//   - a bare number, or one of several words of one class (two colours, two sizes), has one of its
//   two
//     neighbours in both
// A doubt is a no: a name more is cheap, a false merge is not.
bool SameArrangement(std::string_view left, std::string_view right);

}  // namespace tallystone
