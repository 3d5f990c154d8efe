// log-softmax: beta (z - max) - log1p(rest). At the maximum this is -log1p(rest), right to a relative ulp, where
// z - logsumexp(z) would round to 0.
#include "log_softmax.hpp"

#include "each_tile.hpp"
#include "halves.hpp"
#include "non_finite.hpp"
#include "row_sums.hpp"

namespace softmax_native {
namespace {

// Results from this size on are written past the caches, which otherwise would first read what is to be overwritten.
constexpr std::size_t kStreamBytes = std::size_t{4} << 20;

template <class T>
class LogSoftmax {
 public:
  LogSoftmax(const Logits<T>& logits, const RowTiles<T>& tiles)
      : logits_(logits), tiles_(tiles), sums_(logits), n_(logits.layout.n), k_(kernels().of<T>()),
        stream_(tiles.direct() && logits.layout.size() * sizeof(T) >= kStreamBytes) {}

  void rows(std::size_t first, std::size_t count, const T* x, T* out, double* chunks) const {
    const bool short_rows = n_ <= kShort && logits_.beta != 0 && logits_.beta_is_finite();
    T max[RowSums<T>::kRows];
    double log_sum[RowSums<T>::kRows];
    std::size_t r = 0;
    while (r < count) {
      if (short_rows) r += k_.log_softmax_short(x + r * n_, out + r * n_, count - r, n_, logits_.beta);
      if (r == count) return;
      const std::size_t left = count - r, some = short_rows ? 1 : left < sums_.kRows ? left : sums_.kRows;
      sums_.of(x + r * n_, some, max, log_sum, chunks);
      for (std::size_t i = 0; i < some; ++i, ++r) row(first + r, x + r * n_, out + r * n_, max[i], log_sum[i]);
    }
  }

 private:
  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const RowSums<T> sums_;
  const std::size_t n_;
  const KernelsOf<T>& k_;
  const bool stream_;

  void row(std::size_t number, const T* x, T* out, T max, double log_sum) const {
    if (is_limit(max, logits_.beta)) return limit_row(number, x, out, max);
    const T by = static_cast<T>(log_sum);
    if (n_ <= kChunk) return k_.log_softmax(x, out, n_, max, logits_.beta, by, stream_);
    each_chunk(n_, true, [&](std::size_t, std::size_t start, std::size_t length) {
      k_.log_softmax(x + start, out + start, length, max, logits_.beta, by, stream_);
    });
  }

  void limit_row(std::size_t number, const T* x, T* out, T max) const {
    if (is_nan_row(logits_, tiles_, number, x, max)) return fill(out, n_, static_cast<T>(__builtin_nan("")));
    const Share<T> s = share(x, n_, max, logits_);
    write_share(x, out, n_, s, static_cast<T>(-log_of(static_cast<double>(s.count))), static_cast<T>(-__builtin_inf()));
  }
};

template <class T>
Outcome log_softmax_of(const Logits<T>& logits, T* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk || logits.layout.size() == 0) return outcome;
  const RowTiles<T> tiles(logits);
  const LogSoftmax<T> operation(logits, tiles);
  return write_tiles(logits, tiles, out, [&](RowTile tile, const T* x, T* rows, const Workspace<T>& workspace) {
    operation.rows(tile.first, tile.count, x, rows, workspace.chunks);
  });
}

}  // namespace

template <class T>
Outcome log_softmax(const Logits<T>& logits, T* out) {
  if (!needs_halves(logits)) return log_softmax_of(logits, out);
  return with_halves(logits, [=](const Logits<T>& halves) { return log_softmax_of(halves, out); });
}

template Outcome log_softmax<float>(const Logits<float>&, float*);
template Outcome log_softmax<double>(const Logits<double>&, double*);

}  // namespace softmax_native
