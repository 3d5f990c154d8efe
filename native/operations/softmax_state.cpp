#include "softmax_state.hpp"

#include "limits.hpp"
#include "long_rows.hpp"
#include "non_finite.hpp"
#include "predictions.hpp"
#include "scratch.hpp"

namespace softmax_native {
namespace {

// Of the sums of anchored_rest.
constexpr std::size_t kSums = 6;

// Beyond it a difference of logits is right to what the logits themselves are, and e^(beta z) would have no digits
// left.
constexpr double kFarAnchor = 0x1p40;

template <class T>
class StateOf {
 public:
  StateOf(const Logits<T>& logits, double* memory, double* fields)
      : logits_(logits), x_(logits.data), n_(logits.layout.n), k_(kernels().of<T>()), memory_(memory), fields_(fields) {
  }

  static std::size_t doubles(std::size_t n) { return kSums * chunk_count(n); }

  // The greatest key.
  T find_max() {
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      memory_[c] = static_cast<double>(k_.max(x_ + start, length, logits_.negate()));
    });
    const T max = static_cast<T>(kernels().f64.max(memory_, chunk_count(n_), false));
    fields_[kStateMax] = static_cast<double>(max);
    fields_[kStateFirst] = static_cast<double>(first_of(max));
    return max;
  }

  void sum_rest(T max) {
    const double anchor = anchor_of(max);
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      k_.anchored_rest(x_ + start, nullptr, length, max, anchor, logits_.beta, memory_ + c * kSums);
    });
    double high = 0, low = 0;
    CompensatedSum gaps;
    double maxima = 0;
    for (std::size_t c = 0; c < chunk_count(n_); ++c) {
      const double* sums = memory_ + c * kSums;
      const double s = high + sums[0], back = s - high;
      low += ((high - (s - back)) + (sums[0] - back)) + sums[1];
      high = s;
      gaps.add(sums[2]);
      maxima += sums[3];
    }
    fields_[kStateSharers] = maxima;
    fields_[kStateHigh] = high + low;
    fields_[kStateLow] = low - (fields_[kStateHigh] - high);
    fields_[kStateGap] = gaps.total();
    fields_[kStateMantissa] = memory_[4];
    fields_[kStateExponent] = memory_[5];
    fields_[kStateAnchor] = anchor;
  }

  // Weighted by the exponentials, chunk after chunk; `memory` has room for a chunk and three lines.
  void sum_values(T max, const StateWanted<T>& wanted, double* memory) const {
    const bool limit = is_limit(max, logits_.beta);
    const Share<T> sharers = limit ? share(x_, n_, max, logits_) : Share<T>{};
    double *weights = memory, *line = memory + kChunk, *lost = line + wanted.width;
    for (std::size_t j = 0; j < wanted.width; ++j) wanted.value_sums[j] = lost[j] = 0;
    if (limit && sharers.count == 0) return;
    const CancelFlag* flag = current_cancel_flag();
    for (std::size_t start = 0; start < n_ && !is_cancelled(flag); start += kChunk) {
      const std::size_t length = n_ - start < kChunk ? n_ - start : kChunk;
      double sums[kSums];
      if (limit) {
        for (std::size_t i = 0; i < length; ++i) weights[i] = (x_[start + i] == sharers.value) == sharers.by_equal;
      } else {
        k_.anchored_rest(x_ + start, weights, length, max, anchor_of(max), logits_.beta, sums);
      }
      for (std::size_t j = 0; j < wanted.width; ++j) line[j] = 0;
      k_.add_weighted_rows(wanted.values + start * wanted.width, weights, length, wanted.width, line);
      for (std::size_t j = 0; j < wanted.width; ++j) {
        const double before = wanted.value_sums[j], s = before + line[j], back = s - before;
        lost[j] += (before - (s - back)) + (line[j] - back);
        wanted.value_sums[j] = s;
      }
    }
    // An infinite sum has lost Infinity - Infinity.
    for (std::size_t j = 0; j < wanted.width; ++j) wanted.value_sums[j] += lost[j] - lost[j] == 0 ? lost[j] : 0;
  }

 private:
  const Logits<T>& logits_;
  const T* const x_;
  const std::size_t n_;
  const KernelsOf<T>& k_;
  double *const memory_, *const fields_;

  double anchor_of(T max) const {
    const double key = static_cast<double>(max), shift = key * logits_.beta;
    return shift > kFarAnchor || shift < -kFarAnchor ? key : 0;
  }

  // From the first chunk that has it. Of a job that was given up, perhaps none has.
  std::size_t first_of(T max) const {
    std::size_t start = 0;
    while (memory_[start / kChunk] != static_cast<double>(max) && max == max && n_ - start > kChunk) start += kChunk;
    return start + k_.find_equal(x_ + start, n_ - start, logits_.negate() ? -max : max);
  }
};

// select_best looks for the greatest logits: of a negative beta those of the other sign, in `negated`.
template <class T>
void select_best_keys(const Logits<T>& logits, const StateWanted<T>& wanted, T* negated) {
  const std::size_t n = logits.layout.n;
  const T* keys = logits.data;
  if (negated != nullptr) {
    for (std::size_t i = 0; i < n; ++i) negated[i] = -logits.data[i];
    keys = negated;
  }
  select_best(keys, n, wanted.k, wanted.ids);
  for (std::size_t i = 0; i < wanted.k; ++i) {
    wanted.best[i] = static_cast<double>(logits.data[static_cast<std::size_t>(wanted.ids[i])]);
  }
}

// The kernel's argument is never positive; of NaN it is NaN.
double exp_of(double x) {
  double y = x > 0 ? -x : x;
  kernels().f64.exp(&y, &y, 1);
  return x != x ? x : x > 0 ? 1 / y : y;
}

}  // namespace

template <class T>
Outcome softmax_state(const Logits<T>& logits, const StateWanted<T>& wanted, double* fields) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk) return outcome;
  const std::size_t n = logits.layout.n, sums = StateOf<T>::doubles(n);
  const std::size_t values = wanted.width == 0 ? 0 : kChunk + 2 * wanted.width;
  const Scratch memory(1, (sums + values) * sizeof(double));
  const Scratch keys(1, wanted.k != 0 && logits.negate() ? n * sizeof(T) : 0);
  if (!memory.ok() || !keys.ok()) return {Status::kOutOfMemory, 0};
  for (std::size_t i = 0; i < kStateFields; ++i) fields[i] = 0;
  StateOf<T> state(logits, memory.part<double>(0), fields);
  const T max = state.find_max();
  select_best_keys(logits, wanted, keys.template part<T>(0));
  if (max != max) return {};
  if (is_limit(max, logits.beta)) {
    fields[kStateSharers] = static_cast<double>(share(logits.data, n, max, logits).count);
    const bool looks = logits.beta == 0 && logits.rule == NonFinite::kIeee;
    fields[kStateInfinite] = looks && kernels().of<T>().find_non_finite(logits.data, n) < n ? 1 : 0;
  } else {
    state.sum_rest(max);
  }
  if (wanted.width != 0) state.sum_values(max, wanted, memory.part<double>(0) + sums);
  return {};
}

template <class T>
Outcome state_probabilities(const Logits<T>& logits, double max, double log_total, T* out) {
  const KernelsOf<T>& k = kernels().of<T>();
  const double magnitude = logits.negate() ? -logits.beta : logits.beta;
  each_chunk(logits.layout.n, false, [&](std::size_t, std::size_t start, std::size_t length) {
    const T* x = logits.data + start;
    const T of_chunk = k.max(x, length, logits.negate());
    if (of_chunk - of_chunk == 0) {
      k.exp_sum(x, out + start, length, of_chunk, logits.beta);
      const double factor = exp_of(magnitude * (static_cast<double>(of_chunk) - max) - log_total);
      k.scale(out + start, out + start, length, static_cast<T>(factor), false);
      return;
    }
    // All are -Infinity, or there are NaN and Infinity that the state has not seen.
    for (std::size_t i = 0; i < length; ++i) {
      const double key = static_cast<double>(logits.negate() ? -x[i] : x[i]);
      out[start + i] = static_cast<T>(exp_of(magnitude * (key - max) - log_total));
    }
  });
  return {};
}

template Outcome softmax_state<float>(const Logits<float>&, const StateWanted<float>&, double*);
template Outcome softmax_state<double>(const Logits<double>&, const StateWanted<double>&, double*);
template Outcome state_probabilities<float>(const Logits<float>&, double, double, float*);
template Outcome state_probabilities<double>(const Logits<double>&, double, double, double*);

}  // namespace softmax_native
