// What each environment has of its own: the main thread, every worker, every context.
#pragma once

#include "napi.hpp"
#include "rows.hpp"

namespace softmax_native {

struct Jobs;

struct Environment;

// What a function of the addon is made from: its row and its environment.
struct BoundRow {
  Environment* environment;
  Row row;
};

struct Environment {
  napi_env env = nullptr;
  double* frame = nullptr;
  napi_ref frame_array = nullptr;
  Jobs* jobs = nullptr;  // until the first job: none
  BoundRow bound[kRowCount] = {};
};

}  // namespace softmax_native
