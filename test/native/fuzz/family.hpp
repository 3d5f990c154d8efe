// A family of fuzzed cases: one program for each, which either libFuzzer drives (by_coverage.cpp) or a seeded generator
// (by_seed.cpp).
#pragma once

#include "input.hpp"

namespace softmax_native::test {

// Runs the case that the input stands for.
void fuzz(Input& input);

// What is wrong with it: printed, and the program ends there, so that a debugger or libFuzzer has the case.
[[noreturn, gnu::format(printf, 1, 2)]] void wrong(const char* format, ...);

}  // namespace softmax_native::test
