// Memory that jobs copy arrays into. What is given back is kept for the next job, up to a limit: fresh pages of a large
// array cost more than copying it does.
#pragma once

#include <cstddef>

namespace softmax_native {

// At least `bytes` bytes, aligned for any element; nullptr when they are not to be had.
void* take_memory(std::size_t bytes);
void give_back_memory(void* memory);

// Environments that may take memory; what is kept goes with the last one.
void retain_memory();
void release_memory();

// Bytes that are kept at most.
inline constexpr std::size_t kKeptMemory = std::size_t{256} << 20;

}  // namespace softmax_native
