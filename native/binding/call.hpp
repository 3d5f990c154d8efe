// The frame of every binding row.
#pragma once

#include "../core/float_mode.hpp"
#include "arguments.hpp"

namespace softmax_native {

// Calls operation(arguments, zero) with a zero of the element type of the array at position 0.
template <class Operation>
napi_value call(napi_env env, napi_callback_info info, const Operation& operation) {
  Arguments arguments(env, info);
  if (!arguments.ok()) return nullptr;
  const DefaultFloatMode mode;
  if (arguments.is_float32()) {
    operation(arguments, float{});
  } else {
    operation(arguments, double{});
  }
  return nullptr;
}

// A hot call and the name under which it is exported.
struct HotCall {
  const char* name;
  napi_callback callback;
};

}  // namespace softmax_native
