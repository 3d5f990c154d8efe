// Dense Jacobians. First the softmax of each row and the diagonals, n numbers each; then the matrices, whose rows go to
// threads in fixed ranges, as there may be one matrix or very many.
#include "derivatives.hpp"

#include "non_finite.hpp"
#include "softmax_rows.hpp"

namespace softmax_native {
namespace {

// Matrices of this size on are written past the caches.
constexpr std::size_t kStreamBytes = std::size_t{16} << 20;

// Elements of a task, which take a quarter of the time of those of other operations.
constexpr std::size_t kElements = 4 * kTask;

// What a matrix is made of: factor left[i] right[j] off the diagonal.
template <class T>
struct Parts {
  T *right, *diagonal;
  const T* left;  // for softmax, right
};

template <class T>
class Jacobian {
 public:
  Jacobian(const Logits<T>& logits, const RowTiles<T>& tiles, bool of_log)
      : logits_(logits), tiles_(tiles), of_log_(of_log), n_(logits.layout.n),
        // At +-Infinity as at 0, all is 0 but NaN.
        beta_(logits.beta_is_finite() ? logits.beta : 0), k_(kernels().of<T>()), softmax_(logits, tiles, false) {}

  // The probabilities of a tile's rows, and with them the rest; left is nullptr but for log-softmax.
  void prepare(RowTile tile, const T* x, T* p, T* left, T* diagonal, double* chunks) const {
    softmax_.rows(tile.first, tile.count, x, p, chunks);
    for (std::size_t r = 0; r < tile.count; ++r) {
      const std::size_t at = r * n_;
      if (of_log_) mark(tile.first + r, x + at, left + at);
      fill_diagonal(p + at, of_log_ ? left + at : p + at, diagonal + at);
    }
    if (logits_.mask == nullptr) return;
    tiles_.exclude(tile, T(0), p);
    tiles_.exclude(tile, T(0), diagonal);
  }

  void write(const Parts<T>& parts, std::size_t first, std::size_t count, T* out, bool stream) const {
    const T factor = static_cast<T>(-beta_);
    for (std::size_t done = 0; done < count;) {
      const std::size_t matrix = (first + done) / n_, i = (first + done) % n_;
      const std::size_t rows = n_ - i < count - done ? n_ - i : count - done;
      const T *left = parts.left + matrix * n_, *right = parts.right + matrix * n_;
      k_.outer(left, right, parts.diagonal + matrix * n_, i, out + done * n_, rows, n_, factor, stream);
      if (logits_.mask != nullptr) clear_masked(matrix, right, i, rows, out + done * n_);
      done += rows;
    }
  }

 private:
  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const bool of_log_;
  const std::size_t n_;
  const double beta_;
  const KernelsOf<T>& k_;
  const SoftmaxRows<T> softmax_;

  // beta left (1 - p). The class that has more than half of the mass comes last: the mass of the others is their sum,
  // where 1 - p would round it off.
  void fill_diagonal(T* p, const T* left, T* diagonal) const {
    for (std::size_t i = 0; i < n_; ++i) {
      diagonal[i] = static_cast<T>(beta_ * static_cast<double>(left[i]) * (1 - static_cast<double>(p[i]))) + T(0);
    }
    const T greatest = k_.max(p, n_, false);
    if (!(greatest > T(0.5))) return;
    const std::size_t i = k_.find_equal(p, n_, greatest);
    const double factor = beta_ * static_cast<double>(left[i]);
    p[i] = 0;
    diagonal[i] = static_cast<T>(factor * k_.part_sum(p, p, n_, true)) + T(0);
    p[i] = greatest;
  }

  // 1 where log-softmax's result is above -Infinity, else 0: a constant has no derivative. Under 'ieee' 1 but for what
  // is masked.
  void mark(std::size_t row, const T* x, T* left) const {
    if (logits_.rule == NonFinite::kIeee) {
      for (std::size_t i = 0; i < n_; ++i) left[i] = tiles_.takes_part(row, i) ? T(1) : T(0);
      return;
    }
    const T max = k_.max(x, n_, logits_.negate());
    if (max - max == 0) return k_.select_equal(x, left, n_, excluded_key(logits_), T(0), T(1));
    // The logits that are infinite share, or nothing takes part.
    write_share(x, left, n_, share(x, n_, max, logits_), T(1), T(0));
  }

  // In a matrix of NaN the masked classes are 0 all the same.
  void clear_masked(std::size_t matrix, const T* p, std::size_t first, std::size_t rows, T* out) const {
    if (k_.find_non_finite(p, n_) == n_) return;
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < n_; ++j) {
        if (!tiles_.takes_part(matrix, first + i) || !tiles_.takes_part(matrix, j)) out[i * n_ + j] = 0;
      }
    }
  }
};

template <class T>
Outcome jacobian(const Logits<T>& logits, bool of_log, T* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk || logits.layout.size() == 0) return outcome;
  const std::size_t n = logits.layout.n, size = logits.layout.size(), rows = size;
  const Scratch scratch(of_log ? 3 : 2, size * sizeof(T));
  if (!scratch.ok()) return {Status::kOutOfMemory, 0};
  T *p = scratch.template part<T>(0), *diagonal = scratch.template part<T>(1);
  T* left = of_log ? scratch.template part<T>(2) : nullptr;
  const RowTiles<T> tiles(logits);
  const Jacobian<T> operation(logits, tiles, of_log);
  const Outcome prepared = each_tile(logits, tiles, [&](RowTile tile, const T* x, const Workspace<T>& workspace) {
    const std::size_t at = tile.first * n;
    operation.prepare(tile, x, p + at, of_log ? left + at : nullptr, diagonal + at, workspace.chunks);
  });
  if (prepared.status != Status::kOk) return prepared;
  const Parts<T> parts{p, diagonal, of_log ? left : p};
  const bool stream = rows * n * sizeof(T) >= kStreamBytes;
  const std::size_t height = n < kElements ? kElements / n : 1;
  auto task = [&](std::size_t i, std::size_t) {
    const std::size_t first = i * height, count = rows - first < height ? rows - first : height;
    operation.write(parts, first, count, out + first * n, stream);
  };
  run_tasks(divide_up(rows, height), Pool::shared().threads(), rows * n / (kElements / kTask), task);
  return {};
}

}  // namespace

template <class T>
Outcome softmax_jacobian(const Logits<T>& logits, T* out) {
  return jacobian(logits, false, out);
}

template <class T>
Outcome log_softmax_jacobian(const Logits<T>& logits, T* out) {
  return jacobian(logits, true, out);
}

template Outcome softmax_jacobian<float>(const Logits<float>&, float*);
template Outcome softmax_jacobian<double>(const Logits<double>&, double*);
template Outcome log_softmax_jacobian<float>(const Logits<float>&, float*);
template Outcome log_softmax_jacobian<double>(const Logits<double>&, double*);

}  // namespace softmax_native
