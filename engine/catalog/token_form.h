// Tokens of a folded description: punctuation that means nothing goes, numbers and units join.
#pragma once

#include <string>
#include <string_view>

namespace tallystone {

// `folded`: NFKC, case folded. *out: its tokens with one space between them; empty if there is
// none. Not the same string.
//
//   separators  blanks and punctuation. What can distinguish two products stays: symbols and
//               / % & # @ + * = ~ ^ < > $ and, between digits, : ; | and the backslash. A hyphen
//               separates letters (t-shirt), and alone between blanks; at a digit or an end it
//               stays (-20, 10-20, grade a-)
//   quotes      are feet and inches behind a digit (5' and 5 " and 5''), else they separate
//   decimals    1,5 is 1.5; .5 and ,5 are 0.5. A comma stays where it may divide thousands
//               (1,000) or items of a list (1,2,3)
//   joined      number and unit (1 kg is 1kg); dimensions (10 x 15 and 10*15 are 10x15)
void WriteTokens(std::string_view folded, std::string* out);

}  // namespace tallystone
