// All of the public API.
#pragma once

#include "tallystone/batch.h"
#include "tallystone/decimal.h"
#include "tallystone/engine.h"
#include "tallystone/explain.h"
#include "tallystone/inspector.h"
#include "tallystone/limits.h"
#include "tallystone/line.h"
#include "tallystone/listener.h"
#include "tallystone/options.h"
#include "tallystone/outcome.h"
#include "tallystone/records.h"
#include "tallystone/repair.h"
#include "tallystone/review.h"
#include "tallystone/status.h"
