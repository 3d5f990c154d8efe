// The addon's exports: the operations, as calls and as jobs, and what runs them.
#include "../core/dispatch.hpp"
#include "../core/float_mode.hpp"
#include "../parallel/pool.hpp"
#include "environment.hpp"
#include "jobs.hpp"
#include "rows.hpp"

namespace softmax_native {
namespace {

// attach(frame: Float64Array): the environment's call frame, kept until the environment ends.
Napi::Value attach(const Napi::CallbackInfo& info) {
  Environment* environment = info.Env().GetInstanceData<Environment>();
  napi_typedarray_type type = napi_uint8_array;
  std::size_t length = 0;
  void* data = nullptr;
  if (info.Length() < 1 ||
      napi_get_typedarray_info(info.Env(), info[0], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array || length != frame::kLength) {
    Napi::TypeError::New(info.Env(), "The \"frame\" argument must be a Float64Array of the frame's length")
        .ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  if (environment->frame_array != nullptr) napi_delete_reference(info.Env(), environment->frame_array);
  napi_create_reference(info.Env(), info[0], 1, &environment->frame_array);
  environment->frame = static_cast<double*>(data);
  return info.Env().Undefined();
}

Napi::Value set_threads(const Napi::CallbackInfo& info) {
  if (info.Length() > 0 && info[0].IsNumber()) {
    const double threads = info[0].As<Napi::Number>().DoubleValue();
    const bool sensible = threads >= 0 && threads <= static_cast<double>(Pool::kMaxThreads);
    Pool::shared().set_threads(sensible ? static_cast<std::size_t>(threads) : Pool::kMaxThreads);
  }
  return info.Env().Undefined();
}

Napi::Value threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Pool::shared().threads()));
}

Napi::Value isa(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), kernels().name); }

Napi::Value isas(const Napi::CallbackInfo& info) {
  std::size_t count = 0;
  const KernelTable* const* tables = runnable_tables(&count);
  Napi::Array names = Napi::Array::New(info.Env(), count);
  for (std::size_t i = 0; i < count; ++i) names[static_cast<std::uint32_t>(i)] = tables[i]->name;
  return names;
}

Napi::Value select(const Napi::CallbackInfo& info) {
  const bool known =
      info.Length() > 0 && info[0].IsString() && select_table(info[0].As<Napi::String>().Utf8Value().c_str());
  return Napi::Boolean::New(info.Env(), known);
}

// An operation, called now: (logits, out, mask, ...), or nothing for the staged call of frame.hpp. Returns undefined;
// what came of it stands in the frame.
napi_value call_row(napi_env env, napi_callback_info info) {
  napi_value values[Arguments::kMost];
  std::size_t count = Arguments::kMost;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, values, nullptr, &data) != napi_ok) return nullptr;
  const BoundRow& bound = *static_cast<BoundRow*>(data);
  if (bound.environment->frame == nullptr) {
    napi_throw_error(env, "ERR_SOFTMAX_NATIVE_LOAD", "The addon must be given a call frame before it is called");
    return nullptr;
  }
  const DefaultFloatMode mode;
  Arguments arguments(env, values, count < Arguments::kMost ? count : Arguments::kMost, bound.environment->frame);
  bound.row(arguments);
  return nullptr;
}

struct NamedFunction {
  const char* name;
  napi_callback callback;
};

constexpr NamedFunction kJobFunctions[] = {
    {"attachJobs", attach_jobs}, {"startJob", start_job}, {"cancelJob", cancel_job},
    {"collectJob", collect_job}, {"endJob", end_job},
};

void export_function(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback, void* data) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function) == napi_ok) {
    exports.Set(name, Napi::Value(env, function));
  }
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  Environment* environment = new Environment;
  env.SetInstanceData<Environment>(environment);
  for (Pool* pool : {&Pool::shared(), &Pool::behind()}) {
    pool->retain();
    env.AddCleanupHook([](Pool* given) { given->release(); }, pool);
  }
  // Node frees no reference that is not deleted: each worker would leave one.
  env.AddCleanupHook([environment, of = napi_env(env)] {
    if (environment->frame_array != nullptr) napi_delete_reference(of, environment->frame_array);
    environment->frame_array = nullptr;
  });
  // Kept for as long as the environment, whose functions point to them.
  BoundRow* bound = environment->bound;
  Napi::Array names = Napi::Array::New(env, kRowCount);
  for (std::size_t i = 0; i < kRowCount; ++i) {
    bound[i] = {environment, kRows[i].row};
    export_function(env, exports, kRows[i].name, call_row, &bound[i]);
    names[static_cast<std::uint32_t>(i)] = kRows[i].name;
  }
  exports.Set("rows", names);
  for (const NamedFunction& job : kJobFunctions) export_function(env, exports, job.name, job.callback, nullptr);
  exports.Set("attach", Napi::Function::New(env, attach, "attach"));
  exports.Set("setThreads", Napi::Function::New(env, set_threads, "setThreads"));
  exports.Set("threads", Napi::Function::New(env, threads, "threads"));
  exports.Set("isa", Napi::Function::New(env, isa, "isa"));
  exports.Set("isas", Napi::Function::New(env, isas, "isas"));
  exports.Set("select", Napi::Function::New(env, select, "select"));
  return exports;
}

}  // namespace

NODE_API_MODULE(softmax_native, initialise)

}  // namespace softmax_native
