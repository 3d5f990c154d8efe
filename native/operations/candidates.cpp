// Candidates that all rows share are scored by matrix products, a group of rows at a time; those that a row has to
// itself, one row after the other. Each sum is made in one order, whatever the threads.
#include "candidates.hpp"

#include "candidate_products.hpp"
#include "candidate_rows.hpp"

namespace softmax_native {
namespace {

template <class T>
class CandidateLoss {
 public:
  CandidateLoss(const CandidateLayer<T>& layer, const Candidates& candidates, const CandidateOptions& options,
                const CandidateResult<T>& result)
      : layer_(layer), given_(candidates), options_(options), result_(result), k_(kernels().of<T>()),
        threads_(Pool::shared().threads()), shared_(candidates.own ? 0 : candidates.n),
        terms_(candidates.several + candidates.n), bits_(1, terms_), spare_(threads_, terms_ * sizeof(T)),
        rows_(1, terms_ * sizeof(const T*)), scores_(1, terms_ * sizeof(T)),
        weight_(1, shared_ * layer.depth * sizeof(T)), bias_(1, shared_ * sizeof(T)),
        gradient_(1, shared_ * layer.depth * sizeof(T)), sums_(1, shared_ * sizeof(double)),
        products_(layer.rows, shared_, layer.depth, candidates.several, threads_) {}

  bool has_memory() const {
    return bits_.ok() && spare_.ok() && rows_.ok() && scores_.ok() && weight_.ok() && bias_.ok() && gradient_.ok() &&
           sums_.ok() && products_.has_memory();
  }

  void run() {
    logistic_bits(given_.several, given_.n, bits_.template part<std::uint8_t>(0));
    std::memset(result_.weight, 0, given_.count * layer_.depth * sizeof(T));
    if (result_.bias != nullptr) std::memset(result_.bias, 0, given_.count * sizeof(T));
    if (layer_.rows == 0) return;
    if (given_.own || given_.n == 0) {
      for (std::size_t r = 0; r < layer_.rows; ++r) own_row(r);
    } else {
      shared_rows();
    }
  }

 private:
  const CandidateLayer<T>& layer_;
  const Candidates& given_;
  const CandidateOptions& options_;
  const CandidateResult<T>& result_;
  const KernelsOf<T>& k_;
  const std::size_t threads_, shared_, terms_;
  const Scratch bits_, spare_, rows_, scores_, weight_, bias_, gradient_, sums_;
  const CandidateProducts<T> products_;

  const T* weight_of(std::int32_t position) const {
    return layer_.weight + static_cast<std::size_t>(given_.ids[position]) * layer_.depth;
  }
  double bias_of(std::int32_t position) const {
    return layer_.bias == nullptr ? 0 : static_cast<double>(layer_.bias[given_.ids[position]]);
  }
  double partition_of(std::size_t r) const { return given_.log_partition == nullptr ? 0 : given_.log_partition[r]; }
  const std::int32_t* targets_of(std::size_t r) const { return given_.targets + r * given_.several; }
  const std::int32_t* drawn_of(std::size_t r) const { return given_.own ? given_.drawn + r * given_.n : given_.drawn; }

  // dot + bias - partition - correction
  T score(T dot, std::int32_t position, double partition, double correction) const {
    return static_cast<T>(static_cast<double>(dot) + (bias_of(position) - partition - correction));
  }

  // Candidates that are targets of the row take no part.
  void leave_out_hits(std::size_t r, T* candidates) const {
    if (!options_.without_hits) return;
    const std::int32_t *targets = targets_of(r), *drawn = drawn_of(r);
    for (std::size_t t = 0; t < given_.several; ++t) {
      for (std::size_t c = 0; c < given_.n; ++c) {
        if (drawn[c] == targets[t]) candidates[c] = -static_cast<T>(__builtin_inf());
      }
    }
  }

  // The scores of row r, targets first, become their gradient.
  void lose(std::size_t r, T* a, std::size_t slot) const {
    const std::size_t several = given_.several, n = given_.n;
    double* report = result_.reports + 4 * r;
    log_moments(a + several, spare_.template part<T>(slot), n, report);
    report[3] = log_sum_of_targets(r, a);
    const double loss = options_.logistic ? logistic_row_loss(a, several, n, bits_.template part<const std::uint8_t>(0))
                                          : softmax_row_loss(a, several, n);
    result_.losses[r] = static_cast<T>(loss);
    report[2] = 0;
    for (std::size_t i = 0; i < terms_; ++i) report[2] += static_cast<double>(a[i]);
    k_.scale(a, a, terms_, static_cast<T>(options_.factor), false);
  }

  // log sum e^(a + correction)
  double log_sum_of_targets(std::size_t r, const T* a) const {
    const double* correction = given_.target_correction + r * given_.several;
    double max = -__builtin_inf(), sum = 0;
    for (std::size_t t = 0; t < given_.several; ++t) {
      const double score = static_cast<double>(a[t]) + correction[t];
      max = score > max ? score : max;
    }
    for (std::size_t t = 0; t < given_.several; ++t) {
      double e = static_cast<double>(a[t]) + correction[t] - max;
      kernels().f64.exp(&e, &e, 1);
      sum += e;
    }
    kernels().f64.log(&sum, &sum, 1);
    return max + sum;
  }

  void score_targets(std::size_t r, T* a) const {
    for (std::size_t t = 0; t < given_.several; ++t) {
      const std::int32_t position = targets_of(r)[t];
      const T* row = weight_of(position);
      T dot;
      k_.row_dots(layer_.hidden + r * layer_.depth, &row, 1, layer_.depth, &dot);
      a[t] = score(dot, position, partition_of(r), given_.target_correction[r * given_.several + t]);
    }
  }

  // What the gradient g of a score gives to the row's hidden values and to the class.
  void spread(std::size_t r, std::int32_t position, T g) const {
    const T *hidden = layer_.hidden + r * layer_.depth, *row = weight_of(position);
    T* of_hidden = result_.hidden + r * layer_.depth;
    T* of_row = result_.weight + static_cast<std::size_t>(position) * layer_.depth;
    for (std::size_t j = 0; j < layer_.depth; ++j) of_hidden[j] += g * row[j];
    for (std::size_t j = 0; j < layer_.depth; ++j) of_row[j] += g * hidden[j];
    if (result_.bias != nullptr) result_.bias[position] += g;
  }

  void own_row(std::size_t r) const {
    const std::size_t several = given_.several, n = given_.n;
    const std::int32_t* drawn = drawn_of(r);
    T* a = scores_.template part<T>(0);
    score_targets(r, a);
    const T** rows = rows_.template part<const T*>(0);
    for (std::size_t c = 0; c < n; ++c) rows[c] = weight_of(drawn[c]);
    k_.row_dots(layer_.hidden + r * layer_.depth, rows, n, layer_.depth, a + several);
    const double* correction = given_.drawn_correction + r * n;
    for (std::size_t c = 0; c < n; ++c)
      a[several + c] = score(a[several + c], drawn[c], partition_of(r), correction[c]);
    leave_out_hits(r, a + several);
    lose(r, a, 0);
    std::memset(result_.hidden + r * layer_.depth, 0, layer_.depth * sizeof(T));
    for (std::size_t t = 0; t < several; ++t) spread(r, targets_of(r)[t], a[t]);
    for (std::size_t c = 0; c < n; ++c) spread(r, drawn[c], a[several + c]);
  }

  void shared_rows() const {
    const std::size_t depth = layer_.depth, n = given_.n, several = given_.several;
    T *weight = weight_.template part<T>(0), *bias = bias_.template part<T>(0);
    T* gradient = gradient_.template part<T>(0);
    double* sums = sums_.template part<double>(0);
    for (std::size_t c = 0; c < n; ++c) {
      std::memcpy(weight + c * depth, weight_of(given_.drawn[c]), depth * sizeof(T));
      bias[c] = static_cast<T>(bias_of(given_.drawn[c]) - given_.drawn_correction[c]);
      sums[c] = 0;
    }
    constexpr std::size_t kGroup = CandidateProducts<T>::kGroup;
    for (std::size_t first = 0; first < layer_.rows; first += kGroup) {
      const std::size_t rows = layer_.rows - first < kGroup ? layer_.rows - first : kGroup;
      const T* hidden = layer_.hidden + first * depth;
      products_.score(hidden, rows, weight, bias);
      products_.each_row(rows, [&](std::size_t i, std::size_t slot) {
        T* a = products_.row(i);
        const T partition = static_cast<T>(partition_of(first + i));
        for (std::size_t c = 0; partition != 0 && c < n; ++c) a[c] -= partition;
        leave_out_hits(first + i, a);
        score_targets(first + i, a - several);
        lose(first + i, a - several, slot);
      });
      products_.spread(hidden, rows, weight, first == 0, result_.hidden + first * depth, gradient);
      products_.add_scores(rows, sums);
      for (std::size_t i = 0; i < rows; ++i) {
        const T* g = products_.row(i) - several;
        for (std::size_t t = 0; t < several; ++t) spread(first + i, targets_of(first + i)[t], g[t]);
      }
    }
    for (std::size_t c = 0; c < n; ++c) {
      T* of_row = result_.weight + static_cast<std::size_t>(given_.drawn[c]) * depth;
      for (std::size_t j = 0; j < depth; ++j) of_row[j] += gradient[c * depth + j];
      if (result_.bias != nullptr) result_.bias[given_.drawn[c]] += static_cast<T>(sums[c]);
    }
  }
};

}  // namespace

template <class T>
Outcome candidate_loss(const CandidateLayer<T>& layer, const Candidates& candidates, const CandidateOptions& options,
                       const CandidateResult<T>& result) {
  CandidateLoss<T> operation(layer, candidates, options, result);
  if (!operation.has_memory()) return {Status::kOutOfMemory, 0};
  operation.run();
  return {};
}

template Outcome candidate_loss<float>(const CandidateLayer<float>&, const Candidates&, const CandidateOptions&,
                                       const CandidateResult<float>&);
template Outcome candidate_loss<double>(const CandidateLayer<double>&, const Candidates&, const CandidateOptions&,
                                        const CandidateResult<double>&);

}  // namespace softmax_native
