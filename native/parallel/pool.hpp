// A pool of threads that runs numbered chunks of one job. It knows nothing of softmax: which thread runs which chunk is
// left to chance, so a job must put the result of chunk i where i says and nowhere else.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace softmax_native {

class Pool {
 public:
  // For the process: every environment (main thread, workers) shares it. The second is for jobs that nobody waits in.
  static Pool& shared();
  static Pool& behind();
  // The one for what this thread splits: behind() for a thread that itself works behind the caller's back.
  static Pool& of_this_thread();

  // Threads a job may use, the caller included. 0 = as many as the machine has processors. Asked of shared().
  void set_threads(std::size_t threads);
  std::size_t threads() const;

  // Calls run_chunk(context, chunk, slot) once for each chunk < chunks, on this thread and at most `slots` - 1 others
  // (sleeping ones only if the job is worth waking them); returns when all are done. slot < slots names the thread, for
  // scratch memory of its own. When another thread's job has the pool, everything runs here: nobody waits in line, and
  // results do not depend on it.
  using Chunk = void (*)(void* context, std::size_t chunk, std::size_t slot);
  void run(std::size_t chunks, std::size_t slots, bool worth_waking, Chunk run_chunk, void* context);

  template <class F>
  void run(std::size_t chunks, std::size_t slots, bool worth_waking, F& f) {
    run(
        chunks, slots, worth_waking,
        [](void* context, std::size_t chunk, std::size_t slot) { (*static_cast<F*>(context))(chunk, slot); }, &f);
  }

  // Environments that may call run; at the last release the threads end, since the code they run may be unloaded.
  void retain();
  void release();

  static constexpr std::size_t kMaxThreads = 64;

 private:
  explicit Pool(bool stands_back) : stands_back_(stands_back) {}
  bool own();
  void disown();
  void start(std::size_t workers);
  void work(std::size_t slot);
  bool join();
  void take_chunks(std::size_t slot);

  // A worker may enter a job only while it is open, and a job's data may change only when it is closed and empty: one
  // word holds both, so that a worker that wakes late cannot slip into the wrong job.
  static constexpr std::uint32_t kOpen = 1u << 31;
  std::atomic<std::uint32_t> inside_{0};      // kOpen and the number of workers inside the job
  std::atomic<std::uint32_t> owned_{0};       // 1 while some thread runs a job, starts or ends threads
  std::atomic<std::uint32_t> generation_{0};  // counts jobs; what idle workers watch
  std::atomic<std::uint32_t> asleep_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> requested_{0}, environments_{0};
  std::atomic<std::size_t> next_{0};  // the first chunk that nobody has taken
  std::size_t chunks_ = 0, slots_ = 1;
  Chunk run_chunk_ = nullptr;
  void* context_ = nullptr;
  const bool stands_back_;
  std::size_t started_ = 0;
  std::thread workers_[kMaxThreads];
};

}  // namespace softmax_native
