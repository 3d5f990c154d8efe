#include "job_memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

namespace softmax_native {
namespace {

// Blocks are powers of two from 4 KiB on; each kind has a list of those that nobody uses. A block begins with its kind
// and with how much of it was ever used: what was not has no pages, and does not count.
constexpr std::size_t kLeast = std::size_t{1} << 12, kKinds = 28, kHeader = 64;

struct Block {
  std::size_t kind, used;
  Block* next;
};
static_assert(sizeof(Block) <= kHeader);

struct Kept {
  std::mutex mutex;
  Block* first[kKinds] = {};
  std::size_t bytes = 0;
  std::size_t environments = 0;
};

Kept& kept() {
  // Never destroyed: an environment may outlive the statics.
  alignas(Kept) static unsigned char storage[sizeof(Kept)];
  static Kept* all = new (storage) Kept;
  return *all;
}

constexpr std::size_t size_of(std::size_t kind) { return kLeast << kind; }

void* contents_of(Block* block) { return reinterpret_cast<unsigned char*>(block) + kHeader; }

}  // namespace

void* take_memory(std::size_t bytes) {
  if (bytes > size_of(kKinds - 1) - kHeader) return nullptr;
  std::size_t kind = 0;
  while (size_of(kind) < bytes + kHeader) ++kind;
  {
    const std::lock_guard<std::mutex> lock(kept().mutex);
    if (Block* block = kept().first[kind]) {
      kept().first[kind] = block->next;
      kept().bytes -= block->used;
      if (block->used < bytes + kHeader) block->used = bytes + kHeader;
      return contents_of(block);
    }
  }
  Block* block = static_cast<Block*>(std::malloc(size_of(kind)));
  if (block == nullptr) return nullptr;
  block->kind = kind;
  block->used = bytes + kHeader;
  return contents_of(block);
}

void give_back_memory(void* memory) {
  if (memory == nullptr) return;
  Block* block = reinterpret_cast<Block*>(static_cast<unsigned char*>(memory) - kHeader);
  {
    const std::lock_guard<std::mutex> lock(kept().mutex);
    if (kept().bytes + block->used <= kKeptMemory) {
      block->next = kept().first[block->kind];
      kept().first[block->kind] = block;
      kept().bytes += block->used;
      return;
    }
  }
  std::free(block);
}

void retain_memory() {
  const std::lock_guard<std::mutex> lock(kept().mutex);
  ++kept().environments;
}

void release_memory() {
  const std::lock_guard<std::mutex> lock(kept().mutex);
  if (--kept().environments != 0) return;
  for (Block*& first : kept().first) {
    while (Block* block = first) {
      first = block->next;
      std::free(block);
    }
  }
  kept().bytes = 0;
}

}  // namespace softmax_native
