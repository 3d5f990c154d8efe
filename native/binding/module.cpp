// The addon's exports: the operations, as calls and as jobs, and what runs them.
#include <new>

#include "../core/dispatch.hpp"
#include "../core/float_mode.hpp"
#include "../parallel/pool.hpp"
#include "environment.hpp"
#include "jobs.hpp"
#include "rows.hpp"

namespace softmax_native {
namespace {

void throw_out_of_memory(napi_env env) {
  napi_throw_error(env, "ERR_SOFTMAX_NATIVE_LOAD", "Failed to allocate the memory that the binary needs");
}

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
  napi_ref kept = nullptr;
  if (napi_create_reference(info.Env(), info[0], 1, &kept) != napi_ok) {
    throw_out_of_memory(info.Env());
    return info.Env().Undefined();
  }
  if (environment->frame_array != nullptr) napi_delete_reference(info.Env(), environment->frame_array);
  environment->frame_array = kept;
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
  char name[16] = {};  // what does not fit is no name that is known
  const bool known = info.Length() > 0 &&
                     napi_get_value_string_utf8(info.Env(), info[0], name, sizeof(name), nullptr) == napi_ok &&
                     select_table(name);
  return Napi::Boolean::New(info.Env(), known);
}

// As the plain callback, which takes no memory of its own: Napi::Function::New does, and may not go without.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
napi_value plain(napi_env env, napi_callback_info info) {
  return function(Napi::CallbackInfo(env, info));
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

constexpr NamedFunction kFunctions[] = {
    {"attach", plain<attach>}, {"setThreads", plain<set_threads>}, {"threads", plain<threads>}, {"isa", plain<isa>},
    {"isas", plain<isas>},     {"select", plain<select>},          {"attachJobs", attach_jobs}, {"startJob", start_job},
    {"cancelJob", cancel_job}, {"collectJob", collect_job},        {"endJob", end_job},
};

bool export_function(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback, void* data) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

void free_environment(napi_env, void* environment, void*) { delete static_cast<Environment*>(environment); }

// N.B. Node ends the process where a hook is added twice with one argument: not the pool, but what each load has anew.
void end(void* given) {
  Environment* environment = static_cast<Environment*>(given);
  // Node frees no reference that is not deleted: each worker would leave one.
  if (environment->frame_array != nullptr) napi_delete_reference(environment->env, environment->frame_array);
  environment->frame_array = nullptr;
  Pool::behind().release();
  Pool::shared().release();
}

// False without memory.
bool begin(napi_env env, Environment* environment) {
  environment->env = env;
  if (napi_set_instance_data(env, environment, free_environment, nullptr) != napi_ok) {
    delete environment;
    return false;
  }
  if (napi_add_env_cleanup_hook(env, end, environment) != napi_ok) return false;
  Pool::shared().retain();
  Pool::behind().retain();
  return true;
}

bool export_all(Napi::Env env, Napi::Object exports, Environment* environment) {
  // Kept for as long as the environment, whose functions point to them.
  BoundRow* bound = environment->bound;
  Napi::Array names = Napi::Array::New(env, kRowCount);
  for (std::size_t i = 0; i < kRowCount; ++i) {
    bound[i] = {environment, kRows[i].row};
    if (!export_function(env, exports, kRows[i].name, call_row, &bound[i])) return false;
    names[static_cast<std::uint32_t>(i)] = kRows[i].name;
  }
  exports.Set("rows", names);
  for (const NamedFunction& named : kFunctions) {
    if (!export_function(env, exports, named.name, named.callback, nullptr)) return false;
  }
  return true;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  Environment* environment = new (std::nothrow) Environment;
  if (environment == nullptr || !begin(env, environment) || !export_all(env, exports, environment)) {
    throw_out_of_memory(env);
  }
  return exports;
}

}  // namespace

NODE_API_MODULE(softmax_native, initialise)

}  // namespace softmax_native
