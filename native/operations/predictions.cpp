#include "predictions.hpp"

#include "../core/dispatch.hpp"

namespace softmax_native {
namespace {

// Elements that are passed over at once where none of them is better than the worst that is kept.
constexpr std::size_t kBlock = 256;

template <class T>
T key_of(T x) {
  return x == x ? x : -static_cast<T>(__builtin_inf());
}

// The ids kept so far, as a heap: the worst is the first.
template <class T>
class Kept {
 public:
  Kept(const T* x, std::int32_t* ids) : x_(x), ids_(ids) {}

  T worst() const { return key(ids_[0]); }

  void add(std::size_t id, std::size_t count) {
    ids_[count] = static_cast<std::int32_t>(id);
    for (std::size_t i = count; i != 0 && worse(ids_[i], ids_[(i - 1) / 2]); i = (i - 1) / 2) swap(i, (i - 1) / 2);
  }
  void replace_worst(std::size_t id, std::size_t count) {
    ids_[0] = static_cast<std::int32_t>(id);
    sift(count);
  }
  // Best first.
  void sort(std::size_t count) {
    while (count > 1) {
      swap(0, --count);
      sift(count);
    }
  }

 private:
  const T* x_;
  std::int32_t* ids_;

  T key(std::int32_t id) const { return key_of(x_[static_cast<std::size_t>(id)]); }
  bool worse(std::int32_t a, std::int32_t b) const { return key(a) != key(b) ? key(a) < key(b) : a > b; }
  void swap(std::size_t i, std::size_t j) {
    const std::int32_t id = ids_[i];
    ids_[i] = ids_[j];
    ids_[j] = id;
  }
  void sift(std::size_t count) {
    for (std::size_t i = 0, child; (child = 2 * i + 1) < count; i = child) {
      if (child + 1 < count && worse(ids_[child + 1], ids_[child])) ++child;
      if (!worse(ids_[child], ids_[i])) return;
      swap(i, child);
    }
  }
};

}  // namespace

template <class T>
void select_best(const T* x, std::size_t n, std::size_t k, std::int32_t* ids) {
  if (k == 0) return;
  Kept<T> kept(x, ids);
  for (std::size_t i = 0; i < k; ++i) kept.add(i, i);
  for (std::size_t i = k; i < n; i += kBlock) {
    const std::size_t end = n - i < kBlock ? n : i + kBlock;
    // NaN, if there is one.
    const T max = kernels().of<T>().max(x + i, end - i, false);
    if (max <= kept.worst()) continue;
    // Of equals the later id is the worse one: it never comes in.
    for (std::size_t j = i; j < end; ++j) {
      if (x[j] > kept.worst()) kept.replace_worst(j, k);
    }
  }
  kept.sort(k);
}

template <class T>
std::int32_t draw(const T* p, std::size_t n, double uniform) {
  double total = 0;
  for (std::size_t j = 0; j < n; ++j) total += static_cast<double>(p[j]);
  if (!(total > 0)) return -1;
  const double wanted = uniform * total;
  double sum = 0;
  std::size_t last = 0;
  for (std::size_t j = 0; j < n; ++j) {
    if (p[j] == 0) continue;
    sum += static_cast<double>(p[j]);
    last = j;
    if (sum >= wanted) break;
  }
  return static_cast<std::int32_t>(last);
}

template void select_best<float>(const float*, std::size_t, std::size_t, std::int32_t*);
template void select_best<double>(const double*, std::size_t, std::size_t, std::int32_t*);
template std::int32_t draw<float>(const float*, std::size_t, double);
template std::int32_t draw<double>(const double*, std::size_t, double);

}  // namespace softmax_native
