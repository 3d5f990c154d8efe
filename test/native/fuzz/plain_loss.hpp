// The losses of one row by the book, in long double, each with what rounding in T may make of it: the published bounds
// of softmax and of its logarithm, carried through the formulas of lib/reference.
#pragma once

#include <vector>

#include "../../../native/operations/losses.hpp"
#include "../tolerances.hpp"

namespace softmax_native::test {

using Real = long double;

struct Bounded {
  Real value = 0, allowed = 0;
};

// What a row's target is, and what its classes weigh.
template <class T>
struct LossRow {
  std::vector<T> x;           // logits, or log-probabilities
  std::vector<bool> counts;   // what is not masked
  const T* y = nullptr;       // probabilities; nullptr = `named`
  std::int32_t named = -1;    // negative = ignored
  std::int32_t ignored = -1;  // of probabilities: the class whose mass does not count
  const T* weight = nullptr;
};

template <class T>
class PlainLoss {
 public:
  static constexpr Real kUlp = std::numeric_limits<T>::epsilon(), kLeast = std::numeric_limits<T>::denorm_min();

  Bounded loss, log_sum_exp;
  std::vector<Bounded> gradient, target_gradient;
  Real row_weight = 0;
  bool is_ignored = false, is_empty = false;

  PlainLoss(const LossRow<T>& row, const LossOptions<T>& options, Real beta)
      : row_(row), options_(options), beta_(beta), n_(row.x.size()), u_(n_), u_size_(n_), kept_size_(n_) {
    gradient.resize(n_);
    target_gradient.resize(n_);
    weigh();
    if (is_ignored) return;
    soften();
    if (!is_empty) differentiate();
  }

 private:
  const LossRow<T>& row_;
  const LossOptions<T>& options_;
  const Real beta_;
  const std::size_t n_;
  std::vector<Real> u_, u_size_, kept_size_, log_p_, d_, capped_;
  Real kept_ = 1, of_capping_ = 0, log_sum_ = 0, lse_error_ = 0;

  Real weight(std::size_t c) const { return row_.weight == nullptr ? Real(1) : Real(row_.weight[c]); }
  std::size_t named() const { return static_cast<std::size_t>(row_.named); }

  void weigh() {
    Real taking = 0;
    for (const bool one : row_.counts) taking += one ? 1 : 0;
    const Real others = options_.over_others ? taking - 1 : taking, eps = options_.smoothing;
    const Real all = eps > 0 && others > 0 ? eps / others : 0;
    kept_ = !options_.over_others ? 1 - eps : others > 0 ? 1 - eps - all : 1;
    const bool by_index = row_.y == nullptr, drops = !by_index && row_.ignored >= 0;
    const std::size_t dropped = static_cast<std::size_t>(row_.ignored);
    bool elsewhere = false;
    for (std::size_t c = 0; c < n_; ++c) {
      const Real y = by_index ? (row_.named >= 0 && named() == c) : drops && dropped == c ? Real(0) : Real(row_.y[c]);
      elsewhere = elsewhere || (!by_index && c != dropped && row_.y[c] != 0);
      const Real share = row_.counts[c] ? all : 0;
      u_[c] = weight(c) * (kept_ * y + share);
      // With smoothing over others the factor of y is itself a difference.
      kept_size_[c] = weight(c) * (options_.over_others ? 1 + all * taking : kept_);
      u_size_[c] = kept_size_[c] * y + weight(c) * share;
      if (by_index && y != 0 && options_.over_others && others > 0) u_[c] = weight(c) * (1 - eps);
    }
    is_ignored = by_index ? row_.named < 0 : drops && dropped < n_ && !elsewhere && row_.y[dropped] != 0;
    row_weight = is_ignored ? 0 : by_index ? weight(named()) : 1;
  }

  // log p, and how wrong it may be.
  void soften() {
    const Real infinity = std::numeric_limits<Real>::infinity();
    const Real cap = options_.softcap;
    Real max = -infinity, rest = 0;
    capped_.resize(n_);
    for (std::size_t c = 0; c < n_; ++c) {
      const Real x = row_.x[c];
      capped_[c] = cap == 0 ? x : cap * std::tanh(x / cap);
      if (row_.counts[c]) max = std::fmax(max, (beta_ < 0 ? -1 : 1) * capped_[c]);
    }
    is_empty = max == -infinity;
    if (is_empty) return;
    log_p_.assign(n_, -infinity);
    d_.assign(n_, infinity);
    // Without one of the maxima, as long double, too, loses what is small beside 1.
    bool left_out = false;
    for (std::size_t c = 0; c < n_; ++c) {
      if (!row_.counts[c]) continue;
      d_[c] = std::fabs(beta_) * (max - (beta_ < 0 ? -1 : 1) * capped_[c]);
      if (left_out || d_[c] != 0) rest += std::exp(-d_[c]);
      left_out = left_out || d_[c] == 0;
    }
    log_sum_ = std::log1p(rest);
    for (std::size_t c = 0; c < n_; ++c) log_p_[c] = -d_[c] - log_sum_;
    of_capping_ = cap == 0 ? 0 : 2 * tolerance::kSoftcap<T> * std::fabs(beta_) * cap;
    lse_error_ = kUlp * (tolerance::rounds(n_) + 2 + std::log(Real(n_)) + of_capping_);
    log_sum_exp = {std::fabs(beta_) * max + log_sum_, 0};
    log_sum_exp.allowed = lse_error_ + kUlp * std::fabs(beta_ * max) + 2 * kUlp * std::fabs(log_sum_exp.value) + kLeast;
    const Real z = options_.z_loss * row_weight;
    for (std::size_t c = 0; c < n_; ++c) {
      if (u_[c] == 0) continue;
      loss.value -= u_[c] * log_p_[c];
      if (!(d_[c] < infinity)) continue;
      loss.allowed += u_size_[c] * (lse_error_ + 4 * kUlp * (d_[c] + log_sum_) + kUlp * of_capping_) + 4 * kLeast;
    }
    loss.value += z * log_sum_exp.value * log_sum_exp.value;
    loss.allowed += 3 * z * std::fabs(log_sum_exp.value) * log_sum_exp.allowed + 2 * kUlp * std::fabs(loss.value);
  }

  void differentiate() {
    const Real pull = 2 * row_weight * options_.z_loss * log_sum_exp.value;
    const Real pull_error = 2 * row_weight * options_.z_loss * log_sum_exp.allowed;
    Real mass = 0, mass_size = 0;
    for (std::size_t c = 0; c < n_; ++c) {
      mass += u_[c];
      mass_size += u_size_[c];
    }
    for (std::size_t c = 0; c < n_; ++c) {
      const Real far = std::isfinite(log_p_[c]) ? std::fabs(log_p_[c]) : 0;
      const bool drops = row_.y != nullptr && row_.ignored >= 0 && static_cast<std::size_t>(row_.ignored) == c;
      const Real of_target = drops || !row_.counts[c] ? Real(0) : weight(c) * kept_;
      if (of_target != 0) {
        target_gradient[c] = {-of_target * log_p_[c], kept_size_[c] * (lse_error_ + 6 * kUlp * (far + log_sum_))};
        target_gradient[c].allowed += kUlp * of_capping_ * kept_size_[c] + 4 * kLeast;
      }
      if (!row_.counts[c]) continue;
      const Real p = std::exp(log_p_[c]), size = mass_size + std::fabs(pull);
      Real slope = 1, slope_error = 0;
      if (options_.softcap != 0) {
        const Real t = std::fabs(Real(row_.x[c]) / options_.softcap), e = std::exp(-2 * t);
        slope = 4 * e / ((1 + e) * (1 + e));
        slope_error = kUlp * tolerance::kSoftcapSlope<T> * (1 + 2 * t);
      }
      const Real units = tolerance::rounds(n_) + far + std::log(Real(n_)) + 6 + of_capping_;
      const Real value = beta_ * (p * (mass + pull) - u_[c]);
      const Real allowed = std::fabs(beta_) * (2 * kUlp * units * p * size + 4 * kUlp * u_size_[c] + p * pull_error);
      gradient[c].value = slope * value;
      gradient[c].allowed = slope * allowed + slope_error * std::fabs(slope * value) +
                            4 * kLeast * (1 + std::fabs(beta_)) * (1 + size) * (1 + std::fabs(slope));
    }
  }
};

}  // namespace softmax_native::test
