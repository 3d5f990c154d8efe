// Attention by the formulas, in long double, a row at a time; each result with what rounding in T may make of it: n
// terms of a sum round as often, a score's error is that of its weight, and so on, to first order.
#pragma once

#include <string>
#include <vector>

#include "../../../native/operations/attention.hpp"
#include "../memory.hpp"
#include "family.hpp"
#include "plain_loss.hpp"

namespace softmax_native::test {

struct ScoreStrides {
  std::size_t batch, head, query, key;
};

template <class T>
struct GivenAttention {
  static constexpr std::int64_t kFar = std::int64_t{1} << 40;
  AttentionShape shape;
  std::vector<T> query{}, key{}, value{}, direction{}, bias{};
  std::vector<std::uint8_t> mask{};
  ScoreStrides mask_strides{}, bias_strides{};
  double scale = 1, softcap = 0, beta = 1;
  std::int64_t first = -kFar, last = kFar;
  NonFinite rule = NonFinite::kLimit;

  std::size_t elements(const ScoreStrides& s) const {
    return 1 + (shape.batch - 1) * s.batch + (shape.heads - 1) * s.head + (shape.queries - 1) * s.query +
           (shape.keys - 1) * s.key;
  }

  Attention<T> call() const {
    Attention<T> call{};
    call.shape = shape;
    call.query = query.data();
    call.key = key.data();
    call.value = value.data();
    const ScoreStrides &m = mask_strides, &b = bias_strides;
    if (!mask.empty()) call.mask = {mask.data(), m.batch, m.head, m.query, m.key};
    if (!bias.empty()) call.bias = {bias.data(), b.batch, b.head, b.query, b.key};
    call.scale = scale;
    call.softcap = softcap;
    call.beta = beta;
    call.first = first;
    call.last = last;
    call.rule = rule;
    return call;
  }

  std::string name() const {
    char text[200];
    std::snprintf(text, sizeof(text),
                  "%zu x %zu (%zu) heads, %zu queries, %zu keys, %zu, %zu, scale %g, cap %g, beta %g, rule %d, %lld to "
                  "%lld, masked %d, biased %d",
                  shape.batch, shape.heads, shape.key_heads, shape.queries, shape.keys, shape.depth, shape.width, scale,
                  softcap, beta, static_cast<int>(rule), static_cast<long long>(first), static_cast<long long>(last),
                  !mask.empty(), !bias.empty());
    return text;
  }
};

template <class T>
struct FoundAttention {
  std::vector<T> output, log_sum_exp, weights, query, key, value, bias;

  const char* difference(const FoundAttention& other) const {
    const auto differ = [](const std::vector<T>& x, const std::vector<T>& y) {
      return x.size() != y.size() || first_difference(x.data(), y.data(), x.size()) != x.size();
    };
    if (differ(output, other.output)) return "output";
    if (differ(log_sum_exp, other.log_sum_exp)) return "log-sum-exp";
    if (differ(weights, other.weights)) return "weights";
    if (differ(query, other.query)) return "query gradient";
    if (differ(key, other.key)) return "key gradient";
    if (differ(value, other.value)) return "value gradient";
    return differ(bias, other.bias) ? "bias gradient" : nullptr;
  }
};

template <class T>
class PlainAttention {
 public:
  explicit PlainAttention(const GivenAttention<T>& given)
      : given_(given), call_(given.call()), s_(given.shape), output_(s_.rows() * s_.width), log_sum_exp_(s_.rows()),
        weights_(s_.rows() * s_.keys), query_(given.query.size()), key_(given.key.size()), value_(given.value.size()),
        bias_(given.bias.size()), row_(s_.keys) {
    for (std::size_t row = 0; row < s_.rows(); ++row) add_row(row);
  }

  void check(const FoundAttention<T>& found) const {
    each("output", found.output, output_);
    each("log-sum-exp", found.log_sum_exp, log_sum_exp_);
    if (!found.weights.empty()) each("weight", found.weights, weights_);
    each("query gradient", found.query, query_);
    each("key gradient", found.key, key_);
    each("value gradient", found.value, value_);
    each("bias gradient", found.bias, bias_);
  }

 private:
  static constexpr Real kUlp = std::numeric_limits<T>::epsilon(), kLeast = std::numeric_limits<T>::min();

  struct Score {
    bool counts;
    Real s, error, slope, slope_error, p, p_error, g, g_size;
  };

  // Roundings of a sum of so many terms, in half ulps of the terms' magnitudes.
  static Real of_sum(std::size_t terms) { return Real(terms) + 3; }

  void score(std::size_t head, std::size_t i, std::size_t j, const T* q, const T* k) {
    Score& one = row_[j];
    const std::int64_t ahead = static_cast<std::int64_t>(j) - static_cast<std::int64_t>(i);
    const bool masked = call_.mask.data != nullptr && *call_.mask.at(s_, head, i, j) == 0;
    one.counts = !masked && ahead >= call_.first && ahead <= call_.last;
    Real dot = 0, size = 0;
    for (std::size_t c = 0; c < s_.depth; ++c) {
      dot += Real(q[c]) * Real(k[c]);
      size += std::fabs(Real(q[c]) * Real(k[c]));
    }
    const Real scale = call_.scale, cap = call_.softcap, x = scale * dot;
    one.error = kUlp * (of_sum(s_.depth) * size * std::fabs(scale) + std::fabs(x));
    one.s = x;
    one.slope = 1;
    one.slope_error = 0;
    if (cap != 0) {
      const Real t = std::tanh(x / cap), far = std::fabs(x / cap), e = std::exp(-2 * far);
      one.s = cap * t;
      one.slope = 4 * e / ((1 + e) * (1 + e));
      one.slope_error =
          one.slope * (2 * one.error / cap + kUlp * (tolerance::kSoftcapSlope<T> * (1 + 2 * far) + 2)) + kLeast;
      one.error = one.error + 2 * kUlp * tolerance::kSoftcap<T> * std::fabs(one.s);
    }
    const Real bias = call_.bias.data == nullptr ? Real(0) : Real(*call_.bias.at(s_, head, i, j));
    one.s += bias;
    one.error += kUlp * (std::fabs(one.s) + std::fabs(bias));
  }

  void add_row(std::size_t row) {
    const std::size_t head = row / s_.queries, i = row % s_.queries, first = s_.key_head(head) * s_.keys;
    const T *q = call_.query + row * s_.depth, *out = given_.direction.data() + row * s_.width;
    const Real beta = call_.beta, infinity = std::numeric_limits<Real>::infinity();
    Real max = -infinity, worst = 0, sum = 0;
    for (std::size_t j = 0; j < s_.keys; ++j) {
      score(head, i, j, q, call_.key + (first + j) * s_.depth);
      if (!row_[j].counts) continue;
      max = std::fmax(max, beta * row_[j].s);
      worst = std::fmax(worst, std::fabs(beta) * row_[j].error);
    }
    if (max == -infinity) return empty(row);
    for (Score& one : row_) sum += one.p = one.counts ? std::exp(beta * one.s - max) : 0;
    for (Score& one : row_) {
      const Real rounded = 2 * worst + kUlp * (2 * std::fabs(beta * one.s) + 2 * std::fabs(beta * one.s - max) + 8);
      one.p /= sum;
      one.p_error = one.counts ? one.p * (rounded + kUlp * of_sum(s_.keys)) + kLeast : 0;
    }
    Real log_error = worst + kUlp * (4 + of_sum(s_.keys) + std::fabs(max));
    for (const Score& one : row_) log_error += one.p_error;
    log_sum_exp_[row] = {max + std::log(sum), log_error};
    mix(row, first, out);
    differentiate(row, head, i, first, q);
  }

  // Nothing takes part: 'limit' gives zeros, 'ieee' no numbers.
  void empty(std::size_t row) {
    const Real nan = std::numeric_limits<Real>::quiet_NaN();
    const bool ieee = call_.rule == NonFinite::kIeee;
    log_sum_exp_[row] = {-std::numeric_limits<Real>::infinity(), 0};
    if (!ieee) return;
    for (std::size_t c = 0; c < s_.width; ++c) output_[row * s_.width + c].value = nan;
    for (std::size_t j = 0; j < s_.keys; ++j) weights_[row * s_.keys + j].value = nan;
    for (std::size_t c = 0; c < s_.depth; ++c) query_[row * s_.depth + c].value = nan;
  }

  static void add(Bounded& to, Real term, Real allowed) {
    to.value += term;
    to.allowed += allowed;
  }

  // The mean of the values, its gradient, and what each key's value has in common with the direction.
  void mix(std::size_t row, std::size_t first, const T* out) {
    const Real of_keys = kUlp * of_sum(s_.keys), of_rows = kUlp * of_sum(s_.queries * s_.group());
    for (std::size_t j = 0; j < s_.keys; ++j) {
      Score& one = row_[j];
      one.g = one.g_size = 0;
      if (!one.counts) continue;
      weights_[row * s_.keys + j] = {one.p, one.p_error};
      for (std::size_t c = 0; c < s_.width; ++c) {
        const Real v = call_.value[(first + j) * s_.width + c], g = out[c];
        add(output_[row * s_.width + c], one.p * v, (one.p_error + one.p * of_keys) * std::fabs(v));
        add(value_[(first + j) * s_.width + c], one.p * g, (one.p_error + one.p * of_rows) * std::fabs(g));
        one.g += v * g;
        one.g_size += std::fabs(v * g);
      }
    }
  }

  void differentiate(std::size_t row, std::size_t head, std::size_t i, std::size_t first, const T* q) {
    const Real beta = call_.beta, scale = call_.scale, all = of_sum(s_.width) + of_sum(s_.keys) + 4;
    Real mean = 0, mean_size = 0, mean_error = 0;
    for (const Score& one : row_) {
      mean += one.p * one.g;
      mean_size += one.p * one.g_size;
      mean_error += one.p_error * one.g_size;
    }
    for (std::size_t j = 0; j < s_.keys; ++j) {
      const Score& one = row_[j];
      if (!one.counts || beta == 0) continue;
      const Real size = one.g_size + mean_size, slope = beta * one.p * (one.g - mean);
      const Real error = std::fabs(beta) * (one.p_error * size + one.p * (kUlp * all * size + mean_error));
      if (call_.bias.data != nullptr) {
        const std::size_t at = static_cast<std::size_t>(call_.bias.at(s_, head, i, j) - call_.bias.data);
        add(bias_[at], slope, error + kUlp * of_sum(s_.rows()) * std::fabs(slope) + kLeast);
      }
      const Real step = scale * slope * one.slope, sums = of_sum(s_.keys) + of_sum(s_.rows());
      const Real allowed = std::fabs(scale) * (error * one.slope + (std::fabs(slope) + error) * one.slope_error) +
                           kUlp * sums * std::fabs(step) + kLeast;
      for (std::size_t c = 0; c < s_.depth; ++c) {
        const Real k = call_.key[(first + j) * s_.depth + c];
        add(query_[row * s_.depth + c], step * k, allowed * std::fabs(k));
        add(key_[(first + j) * s_.depth + c], step * Real(q[c]), allowed * std::fabs(Real(q[c])));
      }
    }
  }

  void each(const char* what, const std::vector<T>& got, const std::vector<Bounded>& wanted) const {
    for (std::size_t i = 0; i < got.size(); ++i) {
      const Real value = wanted[i].value, allowed = wanted[i].allowed + kUlp * std::fabs(value) + kLeast;
      if (static_cast<T>(value) == got[i] || std::fabs(Real(got[i]) - value) <= allowed) continue;
      if (std::isnan(value) && std::isnan(got[i])) continue;
      wrong("attention %s, %s: %s %zu is %.17g, not %.17g, allowed %.3g", sizeof(T) == 4 ? "float32" : "float64",
            given_.name().c_str(), what, i, double(got[i]), double(value), double(allowed));
    }
  }

  const GivenAttention<T>& given_;
  const Attention<T> call_;
  const AttentionShape& s_;
  std::vector<Bounded> output_, log_sum_exp_, weights_, query_, key_, value_, bias_;
  std::vector<Score> row_;
};

}  // namespace softmax_native::test
