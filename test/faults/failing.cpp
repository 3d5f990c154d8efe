// An addon that counts what another one asks memory, threads and Node for, and refuses it. failing.mjs links the
// objects of softmax_native.node anew, with --wrap: each of these calls of theirs comes here first.
#include <node_api.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <system_error>

namespace {

std::atomic<int> asked{0};          // since the last failAt
std::atomic<int> failing{0};        // the call that fails, from 1 on; 0 = none
std::atomic<bool> for_ever{false};  // and all after it
std::atomic<int> held{0};           // blocks and references that were given and have not come back

bool refuse() {
  const int call = ++asked, first = failing;
  return first != 0 && (call == first || (for_ever && call > first));
}

void* hold(void* block) {
  if (block != nullptr) ++held;
  return block;
}

void* allocate(std::size_t size) { return refuse() ? nullptr : hold(std::malloc(size)); }

void* allocate_or_throw(std::size_t size) {
  void* const block = allocate(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void release(void* block) {
  if (block != nullptr) --held;
  std::free(block);
}

}  // namespace

extern "C" {

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void* __wrap_malloc(std::size_t size) { return allocate(size); }
EXPORTED void __wrap_free(void* block) { release(block); }

// operator new and delete, each with its array form.
EXPORTED void* __wrap__Znwm(std::size_t size) { return allocate_or_throw(size); }
EXPORTED void* __wrap__Znam(std::size_t size) { return allocate_or_throw(size); }
EXPORTED void* __wrap__ZnwmRKSt9nothrow_t(std::size_t size, const std::nothrow_t&) { return allocate(size); }
EXPORTED void* __wrap__ZnamRKSt9nothrow_t(std::size_t size, const std::nothrow_t&) { return allocate(size); }
EXPORTED void __wrap__ZdlPv(void* block) { release(block); }
EXPORTED void __wrap__ZdlPvm(void* block, std::size_t) { release(block); }
EXPORTED void __wrap__ZdaPv(void* block) { release(block); }
EXPORTED void __wrap__ZdaPvm(void* block, std::size_t) { release(block); }

// What starts a std::thread, a member function; `state` is a std::unique_ptr, which stays the caller's when this
// throws.
#define START_THREAD _ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE
#define WRAP_AGAIN(name) __wrap_##name
#define WRAP(name) WRAP_AGAIN(name)
void START_THREAD(void* thread, void* state, void* depend);
EXPORTED void WRAP(START_THREAD)(void* thread, void* state, void* depend) {
  if (refuse()) throw std::system_error(EAGAIN, std::generic_category());
  START_THREAD(thread, state, depend);
}

EXPORTED napi_status __wrap_napi_create_reference(napi_env env, napi_value value, std::uint32_t count, napi_ref* to) {
  if (refuse()) return napi_generic_failure;
  const napi_status status = napi_create_reference(env, value, count, to);
  if (status == napi_ok) ++held;
  return status;
}

EXPORTED napi_status __wrap_napi_delete_reference(napi_env env, napi_ref reference) {
  --held;
  return napi_delete_reference(env, reference);
}

EXPORTED napi_status __wrap_napi_create_function(napi_env env, const char* name, std::size_t length, napi_callback call,
                                                 void* given, napi_value* to) {
  return refuse() ? napi_generic_failure : napi_create_function(env, name, length, call, given, to);
}

EXPORTED napi_status __wrap_napi_set_instance_data(napi_env env, void* given, napi_finalize finalize, void* hint) {
  return refuse() ? napi_generic_failure : napi_set_instance_data(env, given, finalize, hint);
}

EXPORTED napi_status __wrap_napi_add_env_cleanup_hook(napi_env env, void (*hook)(void*), void* given) {
  return refuse() ? napi_generic_failure : napi_add_env_cleanup_hook(env, hook, given);
}

EXPORTED napi_status __wrap_napi_create_threadsafe_function(napi_env env, napi_value function, napi_value resource,
                                                            napi_value name, std::size_t queue, std::size_t threads,
                                                            void* finalized, napi_finalize finalize, void* context,
                                                            napi_threadsafe_function_call_js call,
                                                            napi_threadsafe_function* to) {
  if (refuse()) return napi_generic_failure;
  return napi_create_threadsafe_function(env, function, resource, name, queue, threads, finalized, finalize, context,
                                         call, to);
}

}  // extern "C"

namespace {

// failAt(n, forEver): the nth call from now on fails, and if `forEver` all later ones; 0 = none.
napi_value fail_at(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  std::size_t count = 2;
  std::int32_t first = 0;
  bool ever = false;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count < 2) return nullptr;
  napi_get_value_int32(env, arguments[0], &first);
  napi_get_value_bool(env, arguments[1], &ever);
  failing = 0;
  asked = 0;
  for_ever = ever;
  failing = first;
  return nullptr;
}

napi_value number(napi_env env, int x) {
  napi_value value = nullptr;
  napi_create_int32(env, x, &value);
  return value;
}

napi_value asked_now(napi_env env, napi_callback_info) { return number(env, asked); }
napi_value held_now(napi_env env, napi_callback_info) { return number(env, held); }

}  // namespace

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {{"failAt", fail_at}, {"asked", asked_now}, {"held", held_now}};
  for (const auto& [name, callback] : functions) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}
