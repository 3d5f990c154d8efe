// The form of a binding row: an operation told how to read its arguments. One row serves the call that is made now
// (module.cpp) and the job that runs behind the caller's back (jobs.cpp).
#pragma once

#include "arguments.hpp"

namespace softmax_native {

using Row = void (*)(Arguments& arguments);

// A row and the name under which its operation is exported.
struct NamedRow {
  const char* name;
  Row row;
};

// Calls operation(arguments, zero) with a zero of the element type of the array at position 0.
template <class Operation>
void by_type(Arguments& arguments, const Operation& operation) {
  if (!arguments.ok()) return;
  if (arguments.is_float32()) {
    operation(arguments, float{});
  } else {
    operation(arguments, double{});
  }
}

}  // namespace softmax_native
