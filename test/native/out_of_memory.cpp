// Every allocation of the operations made to fail in turn, and threads that cannot be made: an outcome, not a crash,
// and nothing written. The linker sends the core's malloc here (--wrap), the dynamic linker pthread_create.
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "../../native/binding/job_memory.hpp"
#include "../../native/parallel/pool.hpp"
#include "../../native/operations/softmax_state.hpp"
#include "distributions.hpp"
#include "layer_cases.hpp"
#include "linear_cases.hpp"
#include "memory.hpp"
#include "loss_cases.hpp"
#include "runner.hpp"

namespace {

constexpr int kNever = -1;
int calls = 0, failing_call = kNever, threads_left = kNever;
bool all_later_fail = false;

}  // namespace

extern "C" {

void* __real_malloc(std::size_t size);

void* __wrap_malloc(std::size_t size) {
  const int call = calls++;
  if (failing_call != kNever && (call == failing_call || (all_later_fail && call > failing_call))) return nullptr;
  return __real_malloc(size);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left == 0) return EAGAIN;
  if (threads_left > 0) --threads_left;
  return real(thread, attributes, start, argument);
}

}  // extern "C"

namespace softmax_native::test {
namespace {

template <class T>
const std::vector<Operation<T>> kOperations = every_operation<T>();

struct Shape {
  Layout layout;
  bool masked;
};

// Where scratch is needed: masks, columns, rows of several chunks, and all of them on the pool.
constexpr Shape kShapes[] = {{{3, 10, 1}, false},    {{3, 10, 1}, true},    {{2, 10, 3}, false},
                             {{2, 5000, 1}, false},  {{2, 5000, 3}, false}, {{2, 50000, 1}, true},
                             {{100, 1000, 1}, true}, {{1, 50000, 1}, false}};

template <class T>
class OutOfMemory {
 public:
  OutOfMemory(const Operation<T>& operation, const Shape& shape) : operation_(operation), layout_(shape.layout) {
    Random random(seed());
    x_.resize(layout_.size());
    fill(Distribution::uniform, random, x_.data(), x_.size());
    weights_.assign(x_.size(), T(1));
    mask_.assign(x_.size(), 1);
    logits_ = {x_.data(), layout_, 1, NonFinite::kLimit, shape.masked ? mask_.data() : nullptr, strides_of(layout_)};
  }

  // How many allocations were seen.
  int test() {
    std::vector<T> wanted(size());
    calls = 0;
    CHECK(operation_.run(logits_, {weights_.data(), strides_of(layout_)}, wanted.data()).status == Status::kOk);
    const int allocations = calls;
    for (int failing = 0; failing < allocations; ++failing) {
      for (const bool later_too : {false, true}) refused(failing, later_too);
    }
    std::vector<T> again(size());
    CHECK(operation_.run(logits_, {weights_.data(), strides_of(layout_)}, again.data()).status == Status::kOk);
    CHECK(first_difference(again.data(), wanted.data(), size()) == size());
    return allocations;
  }

 private:
  std::size_t size() const { return operation_.per_row ? layout_.rows() : layout_.size(); }

  void refused(int failing, bool later_too) {
    std::vector<T> out(size(), T(77));
    calls = 0;
    all_later_fail = later_too;
    failing_call = failing;
    const Outcome outcome = operation_.run(logits_, {weights_.data(), strides_of(layout_)}, out.data());
    failing_call = kNever;
    if (outcome.status != Status::kOutOfMemory) {
      fail("%s %s [%zu, %zu, %zu]: allocation %d failed, and it went on", operation_.name, type_name<T>(),
           layout_.outer, layout_.n, layout_.inner, failing);
    }
    const bool copied = operation_.name[0] == 'a';  // argmax comes through a copy of zeros
    for (const T v : out) {
      if (v != T(77) && !copied) return fail("%s %s wrote, though out of memory", operation_.name, type_name<T>());
    }
  }

  const Operation<T>& operation_;
  Layout layout_;
  Logits<T> logits_;
  std::vector<T> x_, weights_;
  std::vector<std::uint8_t> mask_;
};

template <class T>
void test_all() {
  for (const Operation<T>& operation : kOperations<T>) {
    int allocations = 0;
    for (const Shape& shape : kShapes) allocations += OutOfMemory<T>(operation, shape).test();
    // The harness itself: there was something to fail.
    CHECK(allocations >= 4);
  }
}

TEST(each_allocation_fails_float32) { test_all<float>(); }
TEST(each_allocation_fails_float64) { test_all<double>(); }

template <class T>
void test_linear() {
  Random random(seed());
  const auto fail_each = [&random](LinearShape shape, Extras extras) {
    const LinearCase<T> tested(shape, extras, random);
    calls = 0;
    const LinearResult<T> wanted = tested.run();
    const int allocations = calls;
    CHECK(allocations >= 8 && wanted.status == Status::kOk);
    for (int failing = 0; failing < allocations; ++failing) {
      for (const bool later_too : {false, true}) {
        calls = 0;
        all_later_fail = later_too;
        failing_call = failing;
        const LinearResult<T> refused = tested.run();
        failing_call = kNever;
        CHECK(refused.status == Status::kOutOfMemory);
        for (const std::vector<T>* all : {&refused.losses, &refused.hidden, &refused.weight, &refused.bias}) {
          for (const T v : *all) CHECK(v == 0);
        }
      }
    }
    CHECK(tested.run().difference(wanted) == nullptr);
  };
  for (const Extras extras : {Extras::kNone, Extras::kMaskedAndCapped, Extras::kProbabilities}) {
    fail_each({3, 5, 7}, extras);
    fail_each({20, 40, 1000}, extras);
  }
}

TEST(linear_cross_entropy_out_of_memory) {
  test_linear<float>();
  test_linear<double>();
}

// What is trained stays as it is; the other results are nobody's.
template <class T>
void test_layers() {
  Random random(seed());
  const LayerCase<T> tested({9, 20, 30, {100, 400}, {10, 5}}, random);
  for (std::size_t i = 0; i < std::size(LayerCase<T>::kNames); ++i) {
    calls = 0;
    const LayerResult<T> wanted = tested.run(i);
    const int allocations = calls;
    CHECK(wanted.status == Status::kOk);
    for (int failing = 0; failing < allocations; ++failing) {
      for (const bool later_too : {false, true}) {
        calls = 0;
        all_later_fail = later_too;
        failing_call = failing;
        const LayerResult<T> refused = tested.run(i);
        failing_call = kNever;
        CHECK(refused.status == Status::kOutOfMemory);
        // In the second of its two steps, training has learnt from the first.
        const bool trains = i == 3 || i == 8;
        if (trains && 2 * failing < allocations) CHECK(refused.values == tested.untrained(i));
      }
    }
    CHECK(tested.run(i).same(wanted));
  }
}

TEST(layers_out_of_memory) {
  test_layers<float>();
  test_layers<double>();
}

// What has another form: run(out) fills `out`, or refuses and leaves its 77s.
template <class T, class Run>
void fail_in_turn(const char* name, std::size_t size, const Run& run) {
  std::vector<T> wanted(size, T(77)), out(size);
  calls = 0;
  CHECK(run(wanted.data()).status == Status::kOk);
  const int allocations = calls;
  CHECK(allocations > 0);
  for (int failing = 0; failing < 2 * allocations; ++failing) {
    out.assign(size, T(77));
    calls = 0;
    all_later_fail = failing >= allocations;
    failing_call = failing % allocations;
    const Outcome outcome = run(out.data());
    failing_call = kNever;
    if (outcome.status != Status::kOutOfMemory) fail("%s %s: allocation %d", name, type_name<T>(), failing);
    for (const T v : out) {
      if (v != T(77)) return fail("%s %s wrote, though out of memory", name, type_name<T>());
    }
  }
  CHECK(run(out.data()).status == Status::kOk);
  CHECK(first_difference(out.data(), wanted.data(), size) == size);
}

template <class T>
void test_other_forms() {
  const Layout layout{2, 70, 3};
  std::vector<T> x(layout.size()), y(x.size(), T(0.5));
  std::vector<std::uint8_t> mask(x.size(), 1);
  Random random(seed());
  fill(Distribution::uniform, random, x.data(), x.size());
  const Logits<T> z{x.data(), layout, 1, NonFinite::kLimit, mask.data(), strides_of(layout)};
  const std::size_t squares = layout.size() * layout.n;
  fail_in_turn<double>("softmax_state", kStateFields, [&](double* out) {
    std::int32_t ids[3];
    double best[3], sums[2];
    const Logits<T> row{x.data(), {1, 100, 1}, -1, NonFinite::kLimit, nullptr, {}};
    return softmax_state(row, StateWanted<T>{3, ids, best, 2, y.data(), sums}, out);
  });
  fail_in_turn<T>("softmax_jacobian", squares, [&](T* out) { return softmax_jacobian(z, out); });
  fail_in_turn<T>("log_softmax_jacobian", squares, [&](T* out) { return log_softmax_jacobian(z, out); });
  const LossOptions<T> options{nullptr, 0.1, false, 0.1, 3, Reduction::kMean};
  const std::vector<std::int32_t> classes(layout.rows(), 3);
  for (const bool likely : {false, true}) {
    const LossTargets<T> targets{likely ? nullptr : classes.data(), likely ? y.data() : nullptr, 2, nullptr};
    fail_in_turn<T>("nll_loss", x.size(), [&](T* out) {
      LossResults<T> results{nullptr, nullptr, out, nullptr};
      return nll_loss(Logits<T>{x.data(), layout, 1, NonFinite::kLimit, nullptr, {}}, targets, options, results);
    });
    std::vector<T> log_sum_exp(layout.rows());
    fail_in_turn<T>("cross_entropy", x.size(), [&](T* out) {
      LossResults<T> results{nullptr, log_sum_exp.data(), out, nullptr};
      return cross_entropy(z, targets, options, results);
    });
  }
}

TEST(jacobians_and_losses_out_of_memory) {
  test_other_forms<float>();
  test_other_forms<double>();
}

// What jobs copy into: no memory is a null pointer, and what was given back before serves again.
TEST(memory_of_jobs) {
  void* const kept = take_memory(10000);
  CHECK(kept != nullptr);
  give_back_memory(kept);
  calls = 0;
  failing_call = 0;
  all_later_fail = true;
  CHECK(take_memory(10000) == kept);
  CHECK(take_memory(10000) == nullptr);
  CHECK(take_memory(std::size_t{1} << 30) == nullptr);
  failing_call = kNever;
  CHECK(take_memory(SIZE_MAX) == nullptr);
  CHECK(take_memory(SIZE_MAX - 63) == nullptr);
  give_back_memory(kept);
  give_back_memory(nullptr);
}

TEST(memory_of_jobs_goes_with_the_last_environment) {
  retain_memory();
  retain_memory();
  void* const kept = take_memory(20000);
  give_back_memory(kept);
  release_memory();
  CHECK(take_memory(20000) == kept);
  give_back_memory(kept);
  release_memory();
  // Nothing is there: the next one has to be asked for.
  calls = 0;
  void* const anew = take_memory(20000);
  CHECK(anew != nullptr && calls == 1);
  give_back_memory(anew);
}

TEST(fewer_threads_than_wished) {
  Pool& pool = Pool::shared();
  for (const int available : {0, 1, 2}) {
    pool.retain();
    pool.set_threads(4);
    threads_left = available;
    std::vector<int> marks(1000);
    auto mark = [&](std::size_t chunk, std::size_t) { ++marks[chunk]; };
    for (int i = 1; i <= 20; ++i) {
      pool.run(marks.size(), 4, true, mark);
      for (const int count : marks) CHECK(count == i);
    }
    threads_left = kNever;
    pool.set_threads(0);
    pool.release();
  }
}

}  // namespace
}  // namespace softmax_native::test
