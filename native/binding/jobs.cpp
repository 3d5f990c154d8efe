#include "jobs.hpp"

#include <atomic>
#include <cstring>
#include <new>

#include "../core/float_mode.hpp"
#include "../parallel/cancel.hpp"
#include "../parallel/pool.hpp"
#include "../parallel/queue.hpp"
#include "environment.hpp"
#include "job_memory.hpp"
#include "rows.hpp"

namespace softmax_native {

// An environment's jobs.
struct Jobs {
  struct Job final : QueuedJob {
    Jobs* jobs = nullptr;
    Row row = nullptr;
    unsigned slot = 0;
    double frame[frame::kLength] = {};
    View views[Arguments::kMost];
    void* copies[Arguments::kMost] = {};
    napi_ref references[Arguments::kMost] = {};
    std::size_t count = 0;
    CancelFlag cancelled{false};

    void run() override {
      {
        const DefaultFloatMode mode;
        const CancelScope scope(&cancelled);
        Arguments arguments(views, count, frame);
        row(arguments);
      }
      jobs->ended(*this);
    }
  };

  napi_env env = nullptr;
  Environment* environment = nullptr;
  napi_threadsafe_function settled = nullptr;
  Job* slots[kMostJobs] = {};
  unsigned in_flight = 0;                 // started and not yet settled; of the environment's thread
  std::atomic<std::uint32_t> running{0};  // given to the queue and not yet ended

  // On the queue's thread. The environment waits for `running` before it goes, so the function is still there.
  void ended(Job& job) {
    napi_call_threadsafe_function(settled, &job, napi_tsfn_nonblocking);
    running.fetch_sub(1, std::memory_order_acq_rel);
    running.notify_all();
  }
};

namespace {

using Job = Jobs::Job;

Environment* environment_of(napi_env env) {
  void* environment = nullptr;
  napi_get_instance_data(env, &environment);
  return static_cast<Environment*>(environment);
}

napi_value number(napi_env env, double x) {
  napi_value value = nullptr;
  napi_create_double(env, x, &value);
  return value;
}

napi_value boolean(napi_env env, bool x) {
  napi_value value = nullptr;
  napi_get_boolean(env, x, &value);
  return value;
}

void free_job(napi_env env, Job* job) {
  for (std::size_t i = 0; i < job->count; ++i) {
    give_back_memory(job->copies[i]);
    if (job->references[i] != nullptr) napi_delete_reference(env, job->references[i]);
  }
  delete job;
}

void settle(napi_env env, napi_value settled, void* context, void* given) {
  Jobs* jobs = static_cast<Jobs*>(context);
  Job* job = static_cast<Job*>(given);
  if (env == nullptr) return;  // the environment is going: `leave` frees the job
  if (--jobs->in_flight == 0) napi_unref_threadsafe_function(env, jobs->settled);
  std::memcpy(jobs->environment->frame, job->frame, sizeof(double) * frame::kStagedInput);
  std::memcpy(jobs->environment->frame + frame::kNumbers, job->frame + frame::kNumbers,
              sizeof(double) * (frame::kLength - frame::kNumbers));
  napi_value arguments[2] = {number(env, job->slot), boolean(env, job->cancelled.load(std::memory_order_relaxed))};
  napi_value global, result;
  if (napi_get_global(env, &global) == napi_ok) napi_call_function(env, global, settled, 2, arguments, &result);
}

// The environment ends: what has not begun never will, what runs stops at its next piece of work.
void leave(void* given) {
  Jobs* jobs = static_cast<Jobs*>(given);
  for (Job* job : jobs->slots) {
    if (job == nullptr) continue;
    job->cancelled.store(true, std::memory_order_relaxed);
    if (Queue::shared().take_back(*job)) jobs->running.fetch_sub(1, std::memory_order_acq_rel);
  }
  for (std::uint32_t left; (left = jobs->running.load(std::memory_order_acquire)) != 0;) {
    jobs->running.wait(left, std::memory_order_acquire);
  }
  for (Job* job : jobs->slots) {
    if (job != nullptr) free_job(jobs->env, job);
  }
  jobs->environment->jobs = nullptr;
  delete jobs;
  release_memory();
  Queue::shared().release();
}

struct Call {
  napi_value values[Arguments::kMost + 3];
  std::size_t count = Arguments::kMost + 3;
  Environment* environment;

  Call(napi_env env, napi_callback_info info) : environment(environment_of(env)) {
    if (napi_get_cb_info(env, info, &count, values, nullptr, nullptr) != napi_ok) count = 0;
  }

  double number(napi_env env, std::size_t i) const {
    double x = -1;
    if (i < count) napi_get_value_double(env, values[i], &x);
    return x;
  }

  Job* job(napi_env env) const {
    const double slot = number(env, 0);
    const bool known = environment->jobs != nullptr && slot >= 0 && slot < kMostJobs;
    return known ? environment->jobs->slots[static_cast<unsigned>(slot)] : nullptr;
  }
};

// The copy that the job has of that array, if it was given at an earlier position: what is computed in place for the
// caller is computed in place in one copy. `given` has the views of the caller's arrays.
void* copy_of(const Job* job, const View* given, std::size_t position) {
  const View& view = given[position];
  for (std::size_t i = 0; i < position; ++i) {
    const bool same = given[i].data == view.data && given[i].type == view.type && given[i].length == view.length;
    if (same && job->copies[i] != nullptr) return job->copies[i];
  }
  return nullptr;
}

// Gives the job the array at `position`: itself if it is the job's own, else memory of the same size, filled unless it
// is a result. False without memory, or if it is no typed array.
bool take_array(napi_env env, Job* job, View* given, std::size_t position, napi_value value, bool own, bool written) {
  View& view = given[position];
  if (!read_view(env, value, &view)) return false;
  job->views[position] = view;
  if (!view.present()) return true;
  if (own) return napi_create_reference(env, value, 1, &job->references[position]) == napi_ok;
  void* copy = copy_of(job, given, position);
  if (copy == nullptr) copy = job->copies[position] = take_memory(view.bytes());
  if (copy == nullptr) return false;
  if (!written) std::memcpy(copy, view.data, view.bytes());
  job->views[position].data = copy;
  return true;
}

}  // namespace

napi_value attach_jobs(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  if (call.count == 0 || call.environment->jobs != nullptr) return boolean(env, false);
  Jobs* jobs = new (std::nothrow) Jobs;
  if (jobs == nullptr) return boolean(env, false);
  jobs->env = env;
  jobs->environment = call.environment;
  napi_value name;
  if (napi_create_string_utf8(env, "softmax-native", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, call.values[0], nullptr, name, 0, 1, nullptr, nullptr, jobs, settle,
                                      &jobs->settled) != napi_ok) {
    delete jobs;
    return boolean(env, false);
  }
  napi_unref_threadsafe_function(env, jobs->settled);
  // After the function's own hook, and so before it when the environment ends.
  if (napi_add_env_cleanup_hook(env, leave, jobs) != napi_ok) {
    napi_release_threadsafe_function(jobs->settled, napi_tsfn_abort);
    delete jobs;
    return boolean(env, false);
  }
  retain_memory();
  Queue::shared().retain();
  call.environment->jobs = jobs;
  return boolean(env, true);
}

napi_value start_job(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  Jobs* jobs = call.environment->jobs;
  const double row = call.number(env, 0), own = call.number(env, 1), written = call.number(env, 2);
  if (jobs == nullptr || !(row >= 0 && row < kRowCount) || own < 0 || written < 0) return number(env, -2);
  unsigned slot = 0;
  while (slot < kMostJobs && jobs->slots[slot] != nullptr) ++slot;
  if (slot == kMostJobs) return number(env, -1);
  Job* job = new (std::nothrow) Job;
  if (job == nullptr) return number(env, -2);
  job->jobs = jobs;
  job->row = kRows[static_cast<std::size_t>(row)].row;
  job->slot = slot;
  job->count = call.count - 3;
  std::memcpy(job->frame, call.environment->frame, sizeof(job->frame));
  View given[Arguments::kMost];
  for (std::size_t i = 0; i < job->count; ++i) {
    const bool is_own = (static_cast<unsigned>(own) >> i & 1) != 0;
    const bool is_written = (static_cast<unsigned>(written) >> i & 1) != 0;
    if (take_array(env, job, given, i, call.values[i + 3], is_own, is_written)) continue;
    free_job(env, job);
    return number(env, -2);
  }
  jobs->running.fetch_add(1, std::memory_order_acq_rel);
  if (!Queue::shared().put(*job, Pool::shared().threads())) {
    jobs->running.fetch_sub(1, std::memory_order_acq_rel);
    free_job(env, job);
    return number(env, -2);
  }
  jobs->slots[slot] = job;
  if (jobs->in_flight++ == 0) napi_ref_threadsafe_function(env, jobs->settled);
  return number(env, slot);
}

napi_value cancel_job(napi_env env, napi_callback_info info) {
  Job* job = Call(env, info).job(env);
  if (job == nullptr) return boolean(env, false);
  job->cancelled.store(true, std::memory_order_relaxed);
  if (!Queue::shared().take_back(*job)) return boolean(env, false);
  job->jobs->ended(*job);
  return boolean(env, true);
}

napi_value collect_job(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const Job* job = call.job(env);
  const double position = call.number(env, 1);
  View view;
  if (job == nullptr || call.count < 3 || !(position >= 0 && position < static_cast<double>(job->count)) ||
      !read_view(env, call.values[2], &view)) {
    return boolean(env, false);
  }
  const View& result = job->views[static_cast<std::size_t>(position)];
  if (view.type != result.type || view.length != result.length) return boolean(env, false);
  if (view.length != 0) std::memcpy(view.data, result.data, view.bytes());
  return boolean(env, true);
}

napi_value end_job(napi_env env, napi_callback_info info) {
  Job* job = Call(env, info).job(env);
  if (job == nullptr) return boolean(env, false);
  job->jobs->slots[job->slot] = nullptr;
  free_job(env, job);
  return boolean(env, true);
}

}  // namespace softmax_native
