// The single place that includes Node-API. The hot path uses its C functions: node-addon-api's wrappers cost 75 to 110
// nanoseconds a call, as much as a small softmax.
#pragma once

#include <napi.h>
