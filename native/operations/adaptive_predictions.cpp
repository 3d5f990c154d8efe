#include "adaptive.hpp"
#include "limits.hpp"
#include "linear.hpp"
#include "long_rows.hpp"
#include "row_tiles.hpp"

namespace softmax_native {
namespace {

// log sum e^x, of n > 0 elements: the greatest, if that is not finite.
template <class T>
double log_sum(const T* x, std::size_t n) {
  const KernelsOf<T>& k = kernels().of<T>();
  const T max = k.max(x, n, false);
  if (max - max != 0) return static_cast<double>(max);
  CompensatedSum sum;
  sum.add(-1);
  for (std::size_t i = 0; i < n; i += kChunk) {
    double below, at_max;
    k.exp_rest(x + i, n - i < kChunk ? n - i : kChunk, max, 1, &below, &at_max);
    sum.add(at_max);
    sum.add(below);
  }
  double log = sum.total();
  kernels().f64.log1p(&log, &log, 1);
  return static_cast<double>(max) + log;
}

// One hidden vector: numbers whose softmax is its distribution, cluster by cluster. The memory of each is that of
// `memory_size` elements.
template <class T>
class AdaptiveRow {
 public:
  AdaptiveRow(const AdaptiveShape& shape, const T* parameters, const T* hidden, T* memory)
      : shape_(shape), parameters_(parameters), hidden_(hidden), head_(memory), projected_(memory + shape.head()) {
    const T* bias = shape.has_bias ? parameters + shape.bias() : nullptr;
    linear(LinearLayer<T>{hidden, parameters, bias, 1, shape.head(), shape.dim}, head_, shape.head());
  }
  static std::size_t memory_size(const AdaptiveShape& shape) { return shape.head() + shape.dim; }

  // A cluster's own logit, which is that of all its classes together.
  T of_cluster(std::size_t i) const { return head_[shape_.shortlist + i]; }
  double log_sum_exp() const { return log_sum(head_, shape_.head()); }

  // To the places of the classes in `out`.
  void write_shortlist(T* out) const { std::memcpy(out, head_, shape_.shortlist * sizeof(T)); }
  void write_cluster(std::size_t i, T* out) const {
    const std::size_t width = shape_.widths[i], size = shape_.size(i);
    linear(LinearLayer<T>{hidden_, parameters_ + shape_.projection(i), nullptr, 1, width, shape_.dim}, projected_,
           width);
    T* x = out + shape_.first(i);
    linear(LinearLayer<T>{projected_, parameters_ + shape_.tail(i), nullptr, 1, size, width}, x, size);
    const double shift = static_cast<double>(of_cluster(i)) - log_sum(x, size);
    for (std::size_t j = 0; j < size; ++j) x[j] = static_cast<T>(static_cast<double>(x[j]) + shift);
  }

 private:
  const AdaptiveShape& shape_;
  const T *parameters_, *hidden_;
  T *head_, *projected_;
};

// work(row, out, memory) for each row, with memory for an AdaptiveRow. A row alone may use all threads itself.
template <class T, class Work>
Outcome each_row(const AdaptiveShape& shape, std::size_t rows, std::size_t more, const Work& work) {
  const std::size_t threads = Pool::shared().threads(), slots = threads < rows ? threads : rows;
  const Scratch memory(slots, (AdaptiveRow<T>::memory_size(shape) + more) * sizeof(T));
  if (!memory.ok()) return {Status::kOutOfMemory, 0};
  auto task = [&](std::size_t r, std::size_t slot) { work(r, memory.template part<T>(slot)); };
  if (rows == 1) {
    task(0, 0);
  } else {
    run_tasks(rows, slots, rows * shape.classes() * 4, task);
  }
  return {};
}

// Whether some class of a cluster may be better than the worst of those kept: none is above its cluster, but for what
// rounding may do.
template <class T>
bool may_be_better(T cluster, T worst) {
  const double x = static_cast<double>(cluster), slack = 1e-5 * (1 + (x < 0 ? -x : x));
  return !(x + slack < static_cast<double>(worst));
}

}  // namespace

template <class T>
Outcome AdaptiveLogits<T>::make(Span rows, T* out) const {
  const AdaptiveShape& shape = layer_.shape;
  return each_row<T>(shape, rows.count, 0, [&](std::size_t r, T* memory) {
    const T* hidden = layer_.hidden + (rows.first + r) * shape.dim;
    const AdaptiveRow<T> row(shape, layer_.parameters, hidden, memory);
    T* logits = out + r * shape.classes();
    row.write_shortlist(logits);
    for (std::size_t i = 0; i < shape.clusters; ++i) row.write_cluster(i, logits);
  });
}

template <class T>
Outcome adaptive_best(const AdaptiveLayer<T>& layer, const Best<T>& result) {
  const AdaptiveShape& shape = layer.shape;
  const std::size_t k = result.k;
  if (k == 0) return {};
  return each_row<T>(shape, layer.rows, shape.classes(), [&](std::size_t r, T* memory) {
    T* logits = memory + AdaptiveRow<T>::memory_size(shape);
    std::int32_t* ids = result.ids + r * k;
    const AdaptiveRow<T> row(shape, layer.parameters, layer.hidden + r * shape.dim, memory);
    row.write_shortlist(logits);
    if (k <= shape.shortlist) select_best(logits, shape.shortlist, k, ids);
    for (std::size_t i = 0; i < shape.clusters; ++i) {
      const std::size_t before = shape.first(i), end = shape.cutoffs[i];
      if (before < k || may_be_better(row.of_cluster(i), logits[ids[k - 1]])) {
        row.write_cluster(i, logits);
        if (k <= end) select_best(logits, end, k, ids);
      } else {
        fill(logits + before, end - before, -static_cast<T>(__builtin_inf()));
      }
    }
    const double all = row.log_sum_exp();
    for (std::size_t i = 0; i < k; ++i) {
      result.log_probabilities[r * k + i] = static_cast<T>(static_cast<double>(logits[ids[i]]) - all);
    }
  });
}

template class AdaptiveLogits<float>;
template class AdaptiveLogits<double>;
template Outcome adaptive_best<float>(const AdaptiveLayer<float>&, const Best<float>&);
template Outcome adaptive_best<double>(const AdaptiveLayer<double>&, const Best<double>&);

}  // namespace softmax_native
