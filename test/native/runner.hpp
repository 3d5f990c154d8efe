// The test runner of the native tests: TEST(name) { ... } registers a test, CHECK and fail() report. A program runs all
// of its tests, or those whose names contain its first argument, and exits with 1 if one failed.
#pragma once

#include <cstdint>

namespace softmax_native::test {

struct Registration {
  Registration(const char* name, void (*body)());
};

// Reports a failure of the running test; only the first ten of a test are printed.
[[gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

// A measured number or another line for the reader.
[[gnu::format(printf, 1, 2)]] void note(const char* format, ...);

// The seed of all random data: fixed, printed, and overridden by SOFTMAX_NATIVE_SEED.
std::uint64_t seed();

// Whether SOFTMAX_NATIVE_THOROUGH asks for the long form of the tests (minutes instead of seconds).
bool thorough();

// Sanitizers make the plain-array tables some twenty times slower: there every eighth of many like cases has to do.
// GCC says so by a macro, Clang as a feature.
#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
inline constexpr unsigned kEveryCase = 8;
#else
inline constexpr unsigned kEveryCase = 1;
#endif

#define TEST(name)                                                             \
  static void name();                                                          \
  static const ::softmax_native::test::Registration name##_entry{#name, name}; \
  static void name()

#define CHECK(condition) ((condition) ? (void)0 : ::softmax_native::test::fail("line %d: %s", __LINE__, #condition))

}  // namespace softmax_native::test
