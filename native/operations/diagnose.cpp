#include "diagnose.hpp"

#include "each_tile.hpp"
#include "largest_root.hpp"
#include "limits.hpp"
#include "long_rows.hpp"
#include "non_finite.hpp"

namespace softmax_native {
namespace {

// A row whose sum of p (1 - p) is below this is saturated; what would bring it back leaves p_max = 1 / (1 + kOthers).
constexpr double kDead = 1e-3, kOthers = 1.0 / 9;

constexpr double kInfinity = __builtin_inf(), kNaN = __builtin_nan("");

double log1p_of(double x) {
  kernels().f64.log1p(&x, &x, 1);
  return x;
}

// e^-x
double exp_minus(double x) {
  x = -x;
  kernels().f64.exp(&x, &x, 1);
  return x;
}

// Sums over the elements below the maximum: kernels/diagnosis.hpp.
struct GapSums {
  CompensatedSum rest, squares, spread, lost;
  double most_lost = 0, nearest = kInfinity;

  static constexpr std::size_t kCount = 6;

  void add(const double* chunk) {
    rest.add(chunk[0]);
    squares.add(chunk[1]);
    spread.add(chunk[2]);
    lost.add(chunk[3]);
    most_lost = chunk[4] > most_lost ? chunk[4] : most_lost;
    nearest = chunk[5] < nearest ? chunk[5] : nearest;
  }
};

// What a row needs besides itself: its exponentials, and sums for each chunk.
struct RowMemory {
  double *e, *parts;

  RowMemory(double* memory, std::size_t n) : e(memory), parts(memory + n) {}
  static std::size_t doubles(std::size_t n) { return n + GapSums::kCount * chunk_count(n); }
};

template <class T>
class Diagnose {
 public:
  Diagnose(const Logits<T>& logits, const RowTiles<T>& tiles, bool in_float64)
      : logits_(logits), tiles_(tiles), n_(logits.layout.n), beta_(logits.beta), magnitude_(beta_ < 0 ? -beta_ : beta_),
        k_(kernels().of<T>()), in_float64_(in_float64 || kWide || n_ <= kInFloat64) {}

  void row(std::size_t number, const T* x, double* memory, double* out) const {
    const T max = k_.max(x, n_, logits_.negate());
    out[kMax] = logit(max);
    out[kFirstNonFinite] = first_non_finite(number, x);
    if (is_nan_row(logits_, tiles_, number, x, max)) return undefined(out);
    if (max == -static_cast<T>(kInfinity)) return nothing(out);
    if (is_limit(max, beta_)) return limit(x, max, out);
    finite(x, max, RowMemory(memory, n_), out);
  }

  // A row in which nothing takes part. The greatest of nothing is -Infinity in terms of keys.
  void nothing(double* out) const {
    const double first = out[kFirstNonFinite];
    for (std::size_t i = 0; i < kDiagnosisFields; ++i) out[i] = 0;
    out[kMax] = logits_.negate() ? kInfinity : -kInfinity;
    out[kGap] = kInfinity;
    out[kSuggestedScale] = 1;
    out[kFirstNonFinite] = first;
  }

 private:
  // Rows up to here are computed in float64 whatever their type (kernels/short_rows.hpp).
  static constexpr std::size_t kInFloat64 = 8;
  static constexpr bool kWide = sizeof(T) == sizeof(double);
  static constexpr double kRoundoff = kWide ? 0x1p-53 : 0x1p-24;

  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const std::size_t n_;
  const double beta_, magnitude_;
  const KernelsOf<T>& k_;
  const bool in_float64_;  // what softmax computes in

  double logit(T key) const { return static_cast<double>(logits_.negate() ? -key : key) + 0.0; }

  // Masked elements of x are infinite, too: of a masked row each is looked at beside its mask.
  double first_non_finite(std::size_t number, const T* x) const {
    std::size_t j = 0;
    if (logits_.mask == nullptr) {
      j = k_.find_non_finite(x, n_);
    } else {
      const Strides& s = logits_.mask_strides;
      const std::size_t inner = logits_.layout.inner;
      const std::uint8_t* mask = logits_.mask + number / inner * s.outer + number % inner * s.inner;
      while (j < n_ && !(static_cast<int>(x[j] - x[j] != 0) & static_cast<int>(mask[j * s.n] != 0))) ++j;
    }
    return j < n_ ? static_cast<double>(j) : -1;
  }

  void undefined(double* out) const {
    const double first = out[kFirstNonFinite];
    for (std::size_t i = 0; i < kDiagnosisFields; ++i) out[i] = kNaN;
    out[kTies] = out[kSaturated] = 0;
    out[kFirstNonFinite] = first;
  }

  // +Infinity logits, beta = 0 or +-Infinity: `count` classes share the mass equally, and nothing else has any.
  void limit(const T* x, T max, double* out) const {
    const double count = static_cast<double>(share(x, n_, max, logits_).count);
    const std::size_t taking = n_ - k_.count_equal(x, n_, excluded_key(logits_));
    const bool flat = beta_ == 0 || magnitude_ == kInfinity;
    // Where beta is infinite the derivative is 0 almost everywhere; where one class has it all, it is 0, too.
    const bool dead = beta_ != 0 && taking > 1 && (magnitude_ == kInfinity || count == 1);
    out[kGap] = kInfinity;
    out[kTies] = count;
    out[kPMax] = 1 / count;
    out[kOneMinusPMax] = (count - 1) / count;
    out[kEntropy] = log_of(count);
    out[kEffectiveClasses] = count;
    out[kJacobianTrace] = flat ? 0 : magnitude_ * ((count - 1) / count);
    out[kJacobianNorm] = flat || count == 1 ? 0 : magnitude_ / count;
    out[kSaturated] = dead ? 1 : 0;
    out[kSuggestedScale] = dead ? 0 : 1;
    out[kRelativeErrorBound] = count == 1 ? 0 : kSlack * kRoundoff;
  }

  void finite(const T* x, T max, const RowMemory& memory, double* out) const {
    const double ties = static_cast<double>(k_.count_equal(x, n_, logits_.negate() ? -max : max));
    const GapSums sums = gap_sums(x, max, beta_, memory);
    const double below = sums.rest.total(), rest = (ties - 1) + below, sum = ties + below;
    const double squares = sums.squares.total(), spread = sums.spread.total() / sum;
    // Sum of p (1 - p) without 1 - sum p^2. S^2 of it are S - 1 for each maximum and e (S - e) for every other, where
    // S - e >= S / 2.
    const double mixed = (ties * rest + (sum * below - squares)) / sum / sum;
    out[kGap] = sums.nearest;
    out[kTies] = ties;
    out[kPMax] = 1 / sum;
    out[kOneMinusPMax] = rest / sum;
    out[kEntropy] = log1p_of(rest) + spread;
    out[kEffectiveClasses] = sum / exp_minus(spread);
    out[kJacobianTrace] = magnitude_ * mixed;
    // Of several maxima the differences are eigenvectors, of p_max.
    const double root = ties > 1 ? 1 : norm(below, squares, memory);
    out[kJacobianNorm] = magnitude_ * root / sum;
    out[kSaturated] = mixed < kDead && sums.nearest < kInfinity ? 1 : 0;
    out[kSuggestedScale] = out[kSaturated] == 0 ? 1 : scale_for_others(x, max, sums.nearest, memory);
    out[kRelativeErrorBound] = error_bound(sums, below / sum, sum);
  }

  GapSums gap_sums(const T* x, T max, double beta, const RowMemory& memory) const {
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      const T chunk_max = n_ <= kChunk ? max : k_.max(x + start, length, logits_.negate());
      double wide[kWide ? 1 : kChunk];
      const double* z = widened(x + start, length, wide);
      kernels().f64.gap_sums(z, memory.e + start, length, static_cast<double>(chunk_max), static_cast<double>(max),
                             beta, !in_float64_, memory.parts + c * GapSums::kCount);
    });
    GapSums sums;
    for (std::size_t c = 0; c < chunk_count(n_); ++c) sums.add(memory.parts + c * GapSums::kCount);
    return sums;
  }

  static const double* widened(const T* x, std::size_t n, double* wide) {
    if constexpr (kWide) {
      return x;
    } else {
      for (std::size_t j = 0; j < n; ++j) wide[j] = static_cast<double>(x[j]);
      return wide;
    }
  }

  // S times the greatest eigenvalue of diag(p) - p p^T, for one maximum.
  double norm(double rest, double squares, const RowMemory& memory) const {
    const double second = kernels().f64.max(memory.e, n_, false);
    // Reciprocals of subnormals would overflow.
    const double up = second < 1e-200 ? 0x1p600 : 1;
    return largest_root(second, rest, squares, [&](double t) {
      each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
        kernels().f64.secular_sums(memory.e + start, length, second, t, up, memory.parts + 2 * c);
      });
      CompensatedSum value, slope;
      for (std::size_t c = 0; c < chunk_count(n_); ++c) {
        value.add(memory.parts[2 * c]);
        slope.add(memory.parts[2 * c + 1]);
      }
      return Secular{value.total(), slope.total()};
    });
  }

  // The factor c on the logits at which all but the maximum have kOthers of its mass: Newton's method on the logarithm
  // of sum e^(-c d), which is convex, from the left, where the nearest alone would have that.
  double scale_for_others(const T* x, T max, double nearest, const RowMemory& memory) const {
    double c = log_of(1 / kOthers) / nearest;
    for (int i = 0; i < 40 && c > 0; ++i) {
      const GapSums sums = gap_sums(x, max, c * beta_, memory);
      const double rest = sums.rest.total(), step = c * log_of(rest / kOthers) * rest / sums.spread.total();
      c += step;
      if (!(step > 1e-5 * c)) break;
    }
    return c;
  }

  // The roundings on the way of each softmax (operations/softmax.cpp, kernels/softmax.hpp) to first order, and a little
  // for the rest; u is half an ulp of 1. `below` is the mass beside the maxima, whose exponentials are exactly 1, and
  // so is their sum.
  double error_bound(const GapSums& sums, double below, double sum) const {
    // The factor 1 / S and the product with it; an exponential, 1.05 ulp (in float64 2, which the functions without a
    // binary may lose); the sum: the halvings of a group of 64, in float64 also the eight lanes, and the chunks with
    // exponentials of their own.
    const double u = in_float64_ ? 0x1p-53 : 0x1p-24, exponential = in_float64_ ? 4 : 2.1;
    const double halvings = !in_float64_ || n_ <= kInFloat64 ? 3 : n_ <= kChunk ? 7 : 13;
    const double steps = 2 + (below > 0 ? halvings + exponential * (1 + below) : 0);
    const double narrowed = in_float64_ && !kWide ? kRoundoff : 0;
    return kSlack * (u * steps + sums.most_lost + sums.lost.total() / sum + narrowed);
  }

  // What is of second order.
  static constexpr double kSlack = 1.001;
};

}  // namespace

template <class T>
Outcome diagnose(const Logits<T>& logits, bool in_float64, double* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk) return outcome;
  const std::size_t n = logits.layout.n, rows = logits.layout.rows();
  const RowTiles<T> tiles(logits);
  const Diagnose<T> operation(logits, tiles, in_float64);
  if (n == 0) {
    for (std::size_t r = 0; r < rows; ++r) {
      out[r * kDiagnosisFields + kFirstNonFinite] = -1;
      operation.nothing(out + r * kDiagnosisFields);
    }
    return {};
  }
  const auto work = [&](RowTile tile, const T* x, const Workspace<T>& workspace) {
    for (std::size_t r = 0; r < tile.count; ++r) {
      operation.row(tile.first + r, x + r * n, reinterpret_cast<double*>(workspace.own),
                    out + (tile.first + r) * kDiagnosisFields);
    }
  };
  return each_tile(logits, tiles, work, 1, RowMemory::doubles(n) * sizeof(double));
}

template Outcome diagnose<float>(const Logits<float>&, bool, double*);
template Outcome diagnose<double>(const Logits<double>&, bool, double*);

}  // namespace softmax_native
