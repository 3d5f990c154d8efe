// N.B. compiled with exceptions: std::thread reports a thread that cannot be made by throwing.
#include "pool.hpp"

#include <new>

#include "priority.hpp"

namespace softmax_native {
namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  __asm__ volatile("yield");
#endif
}

// How long an idle worker watches before it sleeps: some 50 to 100 microseconds. Handing over to a watching thread
// takes less than a microsecond, waking a sleeping one 60 to 80; longer would only take the processor from others.
constexpr int kWatches = 4000;

}  // namespace

Pool& Pool::shared() {
  // Never destroyed: at exit a thread may still be inside, and ending it is release's business.
  alignas(Pool) static unsigned char storage[sizeof(Pool)];
  static Pool* pool = new (storage) Pool(false);
  return *pool;
}

Pool& Pool::behind() {
  alignas(Pool) static unsigned char storage[sizeof(Pool)];
  static Pool* pool = new (storage) Pool(true);
  return *pool;
}

Pool& Pool::of_this_thread() { return stands_back() ? behind() : shared(); }

void Pool::set_threads(std::size_t threads) { requested_.store(threads, std::memory_order_relaxed); }

std::size_t Pool::threads() const {
  // Asked once: the question is a system call.
  static const std::size_t processors = std::thread::hardware_concurrency();
  std::size_t threads = requested_.load(std::memory_order_relaxed);
  if (threads == 0) threads = processors;
  return threads < 1 ? 1 : threads > kMaxThreads ? kMaxThreads : threads;
}

bool Pool::own() {
  std::uint32_t nobody = 0;
  return owned_.compare_exchange_strong(nobody, 1, std::memory_order_acquire, std::memory_order_relaxed);
}

void Pool::disown() { owned_.store(0, std::memory_order_release); }

void Pool::run(std::size_t chunks, std::size_t slots, bool worth_waking, Chunk run_chunk, void* context) {
  if (slots > chunks) slots = chunks;
  if (slots < 2 || !own()) {
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) run_chunk(context, chunk, 0);
    return;
  }
  if (started_ < slots - 1 && worth_waking) start(slots - 1);
  run_chunk_ = run_chunk;
  context_ = context;
  chunks_ = chunks;
  slots_ = slots;
  next_.store(0, std::memory_order_relaxed);
  inside_.store(kOpen, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_seq_cst);
  if (worth_waking && asleep_.load(std::memory_order_seq_cst) != 0) generation_.notify_all();

  take_chunks(0);
  inside_.fetch_and(~kOpen, std::memory_order_acq_rel);
  for (int spins = 0; inside_.load(std::memory_order_acquire) != 0; ++spins) {
    if (spins < kWatches) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
  disown();
}

void Pool::take_chunks(std::size_t slot) {
  for (;;) {
    const std::size_t chunk = next_.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= chunks_) return;
    run_chunk_(context_, chunk, slot);
  }
}

bool Pool::join() {
  std::uint32_t inside = inside_.load(std::memory_order_relaxed);
  while ((inside & kOpen) != 0) {
    if (inside_.compare_exchange_weak(inside, inside + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void Pool::work(std::size_t slot) {
  if (stands_back_) stand_back();
  std::uint32_t seen = 0;
  while (!stopping_.load(std::memory_order_acquire)) {
    if (join()) {
      if (slot < slots_) take_chunks(slot);
      // Noted while the job cannot end, so that a job published later is not taken for this one.
      seen = generation_.load(std::memory_order_acquire);
      inside_.fetch_sub(1, std::memory_order_release);
    }
    for (int watches = 0; watches < kWatches && generation_.load(std::memory_order_acquire) == seen; ++watches) pause();
    if (generation_.load(std::memory_order_acquire) != seen) {
      seen = generation_.load(std::memory_order_acquire);
      continue;
    }
    asleep_.fetch_add(1, std::memory_order_seq_cst);
    generation_.wait(seen, std::memory_order_seq_cst);
    asleep_.fetch_sub(1, std::memory_order_relaxed);
    seen = generation_.load(std::memory_order_acquire);
  }
}

void Pool::start(std::size_t workers) {
  try {
    while (started_ < workers) {
      const std::size_t slot = started_ + 1;
      workers_[slot - 1] = std::thread([this, slot] { work(slot); });
      ++started_;
    }
  } catch (...) {
    // Fewer threads than wished: the job is done by those there are.
  }
}

void Pool::retain() { environments_.fetch_add(1, std::memory_order_relaxed); }

void Pool::release() {
  if (environments_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  while (!own()) std::this_thread::yield();
  stopping_.store(true, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_seq_cst);
  generation_.notify_all();
  for (std::size_t i = 0; i < started_; ++i) workers_[i].join();
  started_ = 0;
  stopping_.store(false, std::memory_order_release);
  disown();
}

}  // namespace softmax_native
