// softmax_bench [walls] [kernels [table | all]] [operations] [linear] [attention]: everything without JavaScript. No
// word: all of it.
#include <cstdio>
#include <cstring>

#include "../../native/core/dispatch.hpp"
#include "kernels.hpp"

int main(int argc, char** argv) {
  std::printf("softmax_bench, table %s\n", softmax_native::kernels().name);
  const auto asked = [&](const char* word) {
    for (int i = 1; i < argc; ++i) {
      if (std::strcmp(argv[i], word) == 0) return i;
    }
    return argc == 1 ? argc : 0;
  };
  if (asked("walls")) bench::time_walls();
  if (const int at = asked("kernels")) {
    const auto is_next = [&](const char* word) { return std::strcmp(argv[at + 1], word) == 0; };
    const bool named = at + 1 < argc && !is_next("operations") && !is_next("linear") && !is_next("attention");
    bench::time_kernels(named ? argv[at + 1] : "");
  }
  if (asked("operations")) bench::time_operations();
  if (asked("linear")) bench::time_linear();
  if (asked("attention")) bench::time_attention();
}
