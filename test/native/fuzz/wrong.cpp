#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "family.hpp"

namespace softmax_native::test {

void wrong(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace softmax_native::test
