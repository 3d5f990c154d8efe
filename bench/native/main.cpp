// softmax_bench [walls] [kernels [table | all]] [operations] [linear] [attention] [training]: everything without
// JavaScript. No word: all of it.
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
    bool named = at + 1 < argc;
    for (const char* other : {"walls", "operations", "linear", "attention", "training"}) {
      named = named && std::strcmp(argv[at + 1], other) != 0;
    }
    bench::time_kernels(named ? argv[at + 1] : "");
  }
  if (asked("operations")) bench::time_operations();
  if (asked("linear")) bench::time_linear();
  if (asked("attention")) bench::time_attention();
  if (asked("training")) bench::time_training();
}
