// A minibatch against candidates that all of it share: scores and gradients are matrix products, so that a candidate
// costs a fraction of what it does one example at a time. Threads share the products; the bits do not depend on them.
#include "candidate_products.hpp"
#include "candidate_rows.hpp"
#include "train_candidates.hpp"

namespace softmax_native {
namespace {

template <class T>
class SharedTraining {
 public:
  SharedTraining(const Examples<T>& examples, const std::int32_t* targets, std::size_t batch, std::size_t threads,
                 const TrainedLayer<T>& layer, const SharedCandidates& candidates)
      : examples_(examples), targets_(targets), layer_(layer), given_(candidates), k_(kernels().of<T>()),
        dim_(examples.dim), n_(candidates.n), batch_(batch < examples.count ? batch : examples.count),
        rows_(examples, batch_, 1), bits_(1, n_ + 1), hidden_(1, batch_ * dim_ * sizeof(T)),
        gradient_(1, batch_ * sizeof(T)), sums_(1, batch_ * sizeof(double)), losses_(1, batch_ * sizeof(double)),
        weight_(1, n_ * dim_ * sizeof(T)), bias_(1, n_ * sizeof(T)), weight_gradient_(1, n_ * dim_ * sizeof(T)),
        bias_sums_(1, n_ * sizeof(double)), products_(batch_, n_, dim_, 1, threads) {}

  bool has_memory() const {
    return rows_.ok() && bits_.ok() && hidden_.ok() && gradient_.ok() && sums_.ok() && losses_.ok() && weight_.ok() &&
           bias_.ok() && weight_gradient_.ok() && bias_sums_.ok() && products_.has_memory();
  }

  double run() {
    logistic_bits(1, n_, bits_.template part<std::uint8_t>(0));
    double loss = 0;
    const CancelFlag* flag = current_cancel_flag();
    for (std::size_t first = 0; first < examples_.count && !is_cancelled(flag); first += batch_) {
      const std::size_t count = examples_.count - first < batch_ ? examples_.count - first : batch_;
      loss += step(rows_.gather(first, count, 0), first / batch_);
    }
    return loss;
  }

 private:
  const Examples<T>& examples_;
  const std::int32_t* targets_;
  const TrainedLayer<T>& layer_;
  const SharedCandidates& given_;
  const KernelsOf<T>& k_;
  const std::size_t dim_, n_, batch_;
  const HiddenRows<T> rows_;
  const Scratch bits_, hidden_, gradient_, sums_, losses_, weight_, bias_, weight_gradient_, bias_sums_;
  const CandidateProducts<T> products_;

  T* row_of(std::int32_t id) const { return layer_.weight + static_cast<std::size_t>(id) * dim_; }

  void gather_candidates(std::size_t set) const {
    const std::int32_t* drawn = given_.drawn + set * n_;
    const double* correction = given_.drawn_correction + set * n_;
    T *weight = weight_.template part<T>(0), *bias = bias_.template part<T>(0);
    for (std::size_t c = 0; c < n_; ++c) {
      std::memcpy(weight + c * dim_, row_of(drawn[c]), dim_ * sizeof(T));
      const double of_class = layer_.bias == nullptr ? 0 : static_cast<double>(layer_.bias[drawn[c]]);
      bias[c] = static_cast<T>(of_class - correction[c]);
      bias_sums_.template part<double>(0)[c] = 0;
    }
  }

  double partition_of(std::size_t example) const {
    const T* learned = layer_.partition_of(example);
    return learned == nullptr ? layer_.fixed_log_partition : static_cast<double>(*learned);
  }

  // A gradient in the scores of an example is scaled down to the limit. Only that of the target is negative; the sum is
  // in four parts, because one would wait for each of its additions.
  void limit_gradient(T* a) const {
    const double limit = given_.score_gradient_limit;
    if (limit == __builtin_inf()) return;
    double sums[4] = {-static_cast<double>(a[0]), 0, 0, 0};
    std::size_t c = 1;
    for (; c + 4 <= n_ + 1; c += 4) {
      for (std::size_t part = 0; part < 4; ++part) sums[part] += static_cast<double>(a[c + part]);
    }
    for (; c <= n_; ++c) sums[0] += static_cast<double>(a[c]);
    const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    if (sum > limit) k_.scale(a, a, n_ + 1, static_cast<T>(limit / sum), false);
  }

  // The scores of an example, that of its target first, become their gradient.
  void lose(std::size_t example, const T* hidden, const std::int32_t* drawn, std::size_t i, T* a) const {
    const std::int32_t target = targets_[example];
    const double partition = partition_of(example);
    const T* row = row_of(target);
    T dot;
    k_.row_dots(hidden, &row, 1, dim_, &dot);
    const double bias = layer_.bias == nullptr ? 0 : static_cast<double>(layer_.bias[target]);
    a[0] = static_cast<T>(static_cast<double>(dot) + (bias - partition - given_.target_correction[example]));
    for (std::size_t c = 1; partition != 0 && c <= n_; ++c) a[c] -= static_cast<T>(partition);
    for (std::size_t c = 0; layer_.without_hits && c < n_; ++c) {
      if (drawn[c] == target) a[c + 1] = -static_cast<T>(__builtin_inf());
    }
    losses_.template part<double>(0)[i] = layer_.logistic
                                              ? logistic_row_loss(a, 1, n_, bits_.template part<std::uint8_t>(0))
                                              : softmax_row_loss(a, 1, n_);
    limit_gradient(a);
    gradient_.template part<T>(0)[i] = a[0];
    if (layer_.log_partition == nullptr) return;
    double sum = 0;
    for (std::size_t c = 0; c <= n_; ++c) sum += static_cast<double>(a[c]);
    sums_.template part<double>(0)[i] = sum;
  }

  double step(const MiniBatch<T>& batch, std::size_t set) const {
    gather_candidates(set);
    const std::int32_t* drawn = given_.drawn + set * n_;
    T *hidden = hidden_.template part<T>(0), *weight = weight_.template part<T>(0);
    const T* g = gradient_.template part<T>(0);
    double loss = 0;
    constexpr std::size_t kGroup = CandidateProducts<T>::kGroup;
    for (std::size_t first = 0; first < batch.count; first += kGroup) {
      const std::size_t count = batch.count - first < kGroup ? batch.count - first : kGroup;
      T* of_group = hidden + first * dim_;
      for (std::size_t i = 0; i < count; ++i)
        std::memcpy(of_group + i * dim_, batch.hidden[first + i], dim_ * sizeof(T));
      products_.score(of_group, count, weight, bias_.template part<T>(0));
      products_.each_row(count, [&](std::size_t i, std::size_t) {
        lose(batch.first + first + i, of_group + i * dim_, drawn, first + i, products_.row(i) - 1);
      });
      products_.spread(of_group, count, weight, first == 0, batch.gradient + first * dim_,
                       weight_gradient_.template part<T>(0));
      if (layer_.bias != nullptr) products_.add_scores(count, bias_sums_.template part<double>(0));
      for (std::size_t i = first; i < first + count; ++i) {
        T* row = row_of(targets_[batch.first + i]);
        k_.row_updates(nullptr, &row, g + i, 1, dim_, 0, batch.gradient + i * dim_);
        loss += losses_.template part<double>(0)[i];
      }
    }
    update(batch, drawn, hidden);
    rows_.scatter(batch);
    return loss;
  }

  // Only now: all of the minibatch has seen the same parameters.
  void update(const MiniBatch<T>& batch, const std::int32_t* drawn, const T* hidden) const {
    const T rate = static_cast<T>(-layer_.rate), one = 1;
    const T* g = gradient_.template part<T>(0);
    for (std::size_t i = 0; i < batch.count; ++i) {
      const std::size_t example = batch.first + i;
      T* row = row_of(targets_[example]);
      k_.row_updates(hidden + i * dim_, &row, g + i, 1, dim_, rate, nullptr);
      if (layer_.bias != nullptr) layer_.bias[targets_[example]] += rate * g[i];
      T* partition = layer_.partition_of(example);
      if (partition != nullptr) *partition += static_cast<T>(layer_.rate * sums_.template part<double>(0)[i]);
    }
    const T* of_weight = weight_gradient_.template part<T>(0);
    for (std::size_t c = 0; c < n_; ++c) {
      T* row = row_of(drawn[c]);
      k_.row_updates(of_weight + c * dim_, &row, &one, 1, dim_, rate, nullptr);
      if (layer_.bias == nullptr) continue;
      layer_.bias[drawn[c]] += rate * static_cast<T>(bias_sums_.template part<double>(0)[c]);
    }
  }
};

}  // namespace

template <class T>
Outcome train_shared_candidates(const Examples<T>& examples, const std::int32_t* targets, std::size_t batch,
                                std::size_t threads, const TrainedLayer<T>& layer, const SharedCandidates& candidates,
                                double* loss) {
  if (examples.count == 0) return {};
  SharedTraining<T> training(examples, targets, batch, threads, layer, candidates);
  if (!training.has_memory()) return {Status::kOutOfMemory, 0};
  *loss = training.run();
  return {};
}

template Outcome train_shared_candidates<float>(const Examples<float>&, const std::int32_t*, std::size_t, std::size_t,
                                                const TrainedLayer<float>&, const SharedCandidates&, double*);
template Outcome train_shared_candidates<double>(const Examples<double>&, const std::int32_t*, std::size_t, std::size_t,
                                                 const TrainedLayer<double>&, const SharedCandidates&, double*);

}  // namespace softmax_native
