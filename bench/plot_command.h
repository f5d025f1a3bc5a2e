// `tallystone-bench plot`: a JSON file of peers, windows or growth as a picture.
#pragma once

namespace tallystone::bench {

int RunPlotCommand(int argc, char** argv);

}  // namespace tallystone::bench
