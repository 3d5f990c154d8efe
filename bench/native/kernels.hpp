// The benchmark's parts; each prints a table.
#pragma once

#include <string>

namespace bench {

// Reading, copying, and one exponential an element: the walls in the same run.
void time_walls();

// All kernels of the best table, of the named one, or of "all".
void time_kernels(const std::string& only);

// The operations on the workloads of cases.mjs, one thread and two, beside their targets.
void time_operations();

// The loss of linear layers of many classes.
void time_linear();
void time_attention();

// Training of layers of very many classes.
void time_training();

}  // namespace bench
