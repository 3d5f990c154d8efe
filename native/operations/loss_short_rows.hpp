// Cross-entropy of many short rows by class index: the kernels of short rows take them a register of rows at a time,
// and per row little remains but the class that its index names. A row on its own takes 100 nanoseconds, however short.
#pragma once

#include "loss_masses.hpp"

namespace softmax_native {

template <class T>
class LossShortRows {
 public:
  LossShortRows(const Logits<T>& logits, const RowTiles<T>& tiles, const LossTargets<T>& targets,
                const LossOptions<T>& options, double scale)
      : tiles_(tiles), n_(logits.layout.n), beta_(logits.beta), ieee_(logits.rule == NonFinite::kIeee),
        masses_(n_, targets, options), targets_(targets), options_(options), scale_(scale), k_(kernels().of<T>()) {}

  // Whether rows of these options are such rows.
  bool apply() const {
    return !ieee_ && n_ > 0 && n_ <= kShort && masses_.by_index() && !masses_.smooths() && options_.softcap == 0 &&
           beta_ != 0 && beta_ - beta_ == 0;
  }

  // Does rows first, first + 1, ... of x, at most kRows, and returns how many: fewer where one's maximum is not finite.
  // out (nullptr = not wanted) may be x. Losses and log-sum-exp are of all rows.
  static constexpr std::size_t kRows = 64;
  std::size_t rows(std::size_t first, std::size_t count, const T* x, T* out, double* losses, T* log_sum_exp) const {
    const std::size_t some = count < kRows ? count : kRows;
    T max[kRows], named_logit[kRows], named_gradient[kRows];
    double log_sum[kRows], factor[kRows];
    for (std::size_t r = 0; r < some; ++r) named_logit[r] = x[r * n_ + named(first + r)];
    const std::size_t done = k_.log_sum_exp_short(x, some, n_, beta_, max, log_sum);
    const double sign = beta_ < 0 ? -1 : 1;
    bool alike = true;
    for (std::size_t r = 0; r < done; ++r) {
      const std::size_t row = first + r;
      const bool ignored = masses_.ignored(row);
      const double key = static_cast<double>(max[r]), weight = masses_.row_weight(row);
      // log sum e^a = |beta| max + log_sum
      const double lse = sign * beta_ * key + log_sum[r], pull = options_.z_loss * lse;
      const double gap = sign * static_cast<double>(named_logit[r]) - key;
      losses[row] = weight == 0 ? 0 : weight * (log_sum[r] - sign * beta_ * gap + pull * lse);
      log_sum_exp[row] = ignored ? T(0) : static_cast<T>(lse);
      factor[r] = ignored ? 0 : scale_ * beta_ * weight * (1 + 2 * pull);
      alike = alike && factor[r] == factor[0];
    }
    if (out == nullptr || done == 0) return done;
    k_.softmax_short(x, out, done, n_, beta_);
    for (std::size_t r = 0; r < done; ++r) named_gradient[r] = of_named(first + r, out + r * n_, factor[r]);
    if (alike) multiply(out, done * n_, static_cast<T>(factor[0]));
    for (std::size_t r = 0; r < done; ++r) {
      if (!alike) multiply(out + r * n_, n_, static_cast<T>(factor[r]));
      out[r * n_ + named(first + r)] = named_gradient[r];
    }
    return done;
  }

 private:
  const RowTiles<T>& tiles_;
  const std::size_t n_;
  const double beta_;
  const bool ieee_;
  const LossMasses<T> masses_;
  const LossTargets<T> targets_;
  const LossOptions<T> options_;
  const double scale_;
  const KernelsOf<T>& k_;

  std::size_t named(std::size_t row) const {
    return masses_.ignored(row) ? 0 : static_cast<std::size_t>(targets_.index[row]);
  }

  void multiply(T* out, std::size_t count, T factor) const {
    if (factor > 0) return k_.scale(out, out, count, factor, false);
    k_.loss_gradient(out, nullptr, nullptr, out, count, factor, T(0), T(0), false);  // 0 stays +0
  }

  // The gradient of the named class: what it lacks of 1 is the sum of the others where it is near 1.
  T of_named(std::size_t row, const T* p, double factor) const {
    if (masses_.ignored(row)) return 0;
    const std::size_t t = named(row);
    if (!tiles_.takes_part(row, t)) return 0;
    const double mine = static_cast<double>(p[t]), mass = scale_ * beta_ * masses_.row_weight(row);
    double others = 1 - mine;
    if (mine > 0.5) {
      others = 0;
      for (std::size_t j = 0; j < n_; ++j) others += j == t ? 0 : static_cast<double>(p[j]);
    }
    return static_cast<T>(mine * (factor - mass) - mass * others);
  }
};

}  // namespace softmax_native
