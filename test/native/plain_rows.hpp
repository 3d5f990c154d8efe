// The operations on one row by the book, in long double: definitions and limits written out, nothing clever. What the
// operations' special rows are compared with.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../native/operations/call.hpp"

namespace softmax_native::test {

inline constexpr long double kInf = std::numeric_limits<long double>::infinity();
inline constexpr long double kNotANumber = std::numeric_limits<long double>::quiet_NaN();

class PlainRow {
 public:
  // Masked elements are left out from the start; what is left is kept with its place in the row.
  template <class T>
  PlainRow(const T* z, const std::uint8_t* mask, std::size_t n, double beta, NonFinite rule)
      : n_(n), beta_(beta), sign_(beta < 0 ? -1 : 1), ieee_(rule == NonFinite::kIeee) {
    for (std::size_t j = 0; j < n; ++j) {
      if (mask != nullptr && mask[j] == 0) continue;
      const long double key = sign_ * static_cast<long double>(z[j]);
      place_.push_back(j);
      key_.push_back(key);
      if (std::isnan(key)) nan_ = true;
      if (std::isinf(key)) infinite_ = true;
      if (key > max_) max_ = key;
    }
    for (const long double key : key_) {
      if (key > -kInf && !std::isnan(key)) ++taking_part_;
      if (key == max_) ++maxima_;
    }
  }

  bool refused() const { return nan_ || infinite_ || taking_part_ == 0; }

  std::vector<long double> softmax() const {
    const bool ieee_nan = ieee_ && (max_ == kInf || taking_part_ == 0 || (beta_ == 0 && infinite_));
    if (nan_ || ieee_nan) return std::vector<long double>(n_, kNotANumber);
    std::vector<long double> y(n_, 0);
    for (std::size_t i = 0; i < key_.size(); ++i) y[place_[i]] = taking_part_ == 0 ? 0 : weight(i) / total();
    return y;
  }

  std::vector<long double> log_softmax() const {
    std::vector<long double> y = softmax();
    if (nan_ || taking_part_ == 0) {
      for (long double& v : y) v = std::isnan(v) ? v : -kInf;
      return y;
    }
    if (std::isnan(y[0])) return y;
    if (shared()) {
      for (long double& v : y) v = std::log(v);
      return y;
    }
    y.assign(n_, -kInf);
    for (std::size_t i = 0; i < key_.size(); ++i) y[place_[i]] = exponent(i) - std::log1p(rest());
    return y;
  }

  long double log_sum_exp(bool over_beta) const {
    const long double by = over_beta ? beta_ : 1;
    if (nan_) return kNotANumber;
    if (ieee_ && beta_ == 0 && infinite_) return kNotANumber;
    if (taking_part_ == 0) return over_beta ? -kInf * sign_ : -kInf;
    if (max_ == kInf) return over_beta ? kInf * sign_ : kInf;
    if (beta_ == 0) {
      if (!over_beta) return std::log(static_cast<long double>(taking_part_));
      return taking_part_ == 1 ? max_ : kInf;
    }
    if (std::isinf(beta_)) {
      if (over_beta) return sign_ * max_;
      return max_ == 0 ? std::log(static_cast<long double>(maxima_)) : max_ > 0 ? kInf : -kInf;
    }
    return (std::fabs(static_cast<long double>(beta_)) * max_ + std::log1p(rest())) / by;
  }

  // |beta| max, with which the error of a log-sum-exp is measured.
  long double scaled_max() const { return std::fabs(static_cast<long double>(beta_)) * max_; }

  // The first greatest, the first NaN, -1 where all is masked.
  long double argmax() const {
    if (key_.empty()) return -1;
    for (std::size_t i = 0; i < key_.size(); ++i) {
      if (nan_ ? std::isnan(key_[i]) : greatest(i)) return static_cast<long double>(place_[i]);
    }
    return static_cast<long double>(place_[0]);  // all -Infinity
  }

  std::vector<long double> hardmax(bool split) const {
    if (nan_) return std::vector<long double>(n_, kNotANumber);
    std::vector<long double> y(n_, 0);
    std::size_t count = 0;
    for (std::size_t i = 0; i < key_.size(); ++i) count += greatest(i);
    for (std::size_t i = 0; i < key_.size(); ++i) {
      if (!greatest(i)) continue;
      y[place_[i]] = split ? 1.0L / static_cast<long double>(count) : 1.0L;
      if (!split) break;
    }
    return y;
  }

 private:
  bool shared() const { return max_ == kInf || std::isinf(beta_); }

  // Whether element i is one of those that beta = +-Infinity leaves; at beta = 0 all finite ones tie.
  bool greatest(std::size_t i) const {
    if (key_[i] == -kInf) return false;
    return beta_ == 0 && max_ < kInf ? true : key_[i] == max_;
  }

  long double exponent(std::size_t i) const {
    if (key_[i] == -kInf) return -kInf;
    return beta_ == 0 ? 0 : std::fabs(static_cast<long double>(beta_)) * (key_[i] - max_);
  }
  long double weight(std::size_t i) const {
    if (shared()) return key_[i] == max_ ? 1 : 0;
    return std::exp(exponent(i));
  }
  // The sum of the weights without one maximum, which is 1: next to it the others may be lost.
  long double rest() const {
    if (rest_ >= 0) return rest_;
    rest_ = 0;
    bool left_out = false;
    for (std::size_t i = 0; i < key_.size(); ++i) {
      const bool maximum = !left_out && weight(i) == 1;
      left_out = left_out || maximum;
      rest_ += maximum ? 0 : weight(i);
    }
    return rest_;
  }
  long double total() const { return 1 + rest(); }

  std::size_t n_, taking_part_ = 0, maxima_ = 0;
  double beta_;
  int sign_;
  bool ieee_, nan_ = false, infinite_ = false;
  long double max_ = -kInf;
  mutable long double rest_ = -1;
  std::vector<std::size_t> place_;
  std::vector<long double> key_;
};

}  // namespace softmax_native::test
