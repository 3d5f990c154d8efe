// Calls that run behind JavaScript's back. A job has everything it touches to itself: a copy of each array in memory of
// its own, or an array that JavaScript code cannot reach (`own`: made or moved by lib, kept alive by a reference). So
// nothing that happens to the user's arrays meanwhile can hurt it, and nothing half written can be seen.
#pragma once

#include "napi.hpp"

namespace softmax_native {

struct Environment;

// attachJobs(settled): settled(slot, given up) is called on this thread when a job has ended, with its numbers and
// status in the frame.
napi_value attach_jobs(napi_env env, napi_callback_info info);
// startJob(row, own, written, ...arrays): the slot of the job; -1 when too many are in flight, -2 without memory or
// threads. `own` and `written` have one bit for each position. The frame holds the numbers, as for a call that is made
// now.
napi_value start_job(napi_env env, napi_callback_info info);
// cancelJob(slot): it ends at its next piece of work, or at once if it has not begun. True if it had not.
napi_value cancel_job(napi_env env, napi_callback_info info);
// collectJob(slot, position, array): the result at that position into the array; false if it is no longer what it was.
napi_value collect_job(napi_env env, napi_callback_info info);
// endJob(slot): forgets it.
napi_value end_job(napi_env env, napi_callback_info info);

// Jobs in flight that an environment may have.
inline constexpr unsigned kMostJobs = 1024;

}  // namespace softmax_native
