// softmax: exponentials are kept in the result and scaled there. Making them twice and writing past the caches saves
// traffic and loses time, even for a row of 10^7.
#include "softmax.hpp"

#include "each_tile.hpp"
#include "limits.hpp"
#include "long_rows.hpp"
#include "non_finite.hpp"

namespace softmax_native {
namespace {

// Results from this size on are written past the caches.
constexpr std::size_t kStreamBytes = std::size_t{16} << 20;

template <class T>
class Softmax {
 public:
  Softmax(const Logits<T>& logits, const RowTiles<T>& tiles)
      : logits_(logits), tiles_(tiles), n_(logits.layout.n), k_(kernels().of<T>()),
        stream_(tiles.direct() && logits.layout.size() * sizeof(T) >= kStreamBytes) {}

  // `first` is the number of the first of `count` rows.
  void rows(std::size_t first, std::size_t count, const T* x, T* out, double* chunks) const {
    std::size_t r = 0;
    const bool short_rows = n_ <= kShort && logits_.beta != 0 && logits_.beta_is_finite();
    while (r < count) {
      if (short_rows) r += k_.softmax_short(x + r * n_, out + r * n_, count - r, n_, logits_.beta);
      if (r == count) return;
      if (n_ <= kChunk) {
        row(first + r, x + r * n_, out + r * n_);
      } else {
        long_row(first + r, x + r * n_, out + r * n_, chunks);
      }
      ++r;
    }
  }

 private:
  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const std::size_t n_;
  const KernelsOf<T>& k_;
  const bool stream_;

  void row(std::size_t number, const T* x, T* out) const {
    const T max = k_.max(x, n_, logits_.negate());
    if (is_limit(max, logits_.beta)) return limit_row(number, x, out, max);
    T kept[kChunk];
    T* e = stream_ ? kept : out;
    const double sum = k_.exp_sum(x, e, n_, max, logits_.beta);
    k_.scale(e, out, n_, static_cast<T>(1 / sum), stream_);
  }

  void limit_row(std::size_t number, const T* x, T* out, T max) const {
    if (is_nan_row(logits_, tiles_, number, x, max)) return fill(out, n_, static_cast<T>(__builtin_nan("")));
    const Share<T> s = share(x, n_, max, logits_);
    write_share(x, out, n_, s, static_cast<T>(1 / static_cast<double>(s.count)), T(0));
  }

  void long_row(std::size_t number, const T* x, T* out, double* memory) const {
    const std::size_t chunks = chunk_count(n_);
    const ChunkParts parts(memory, chunks);
    if (logits_.beta == 0 || !logits_.beta_is_finite()) {
      return limit_row(number, x, out, k_.max(x, n_, logits_.negate()));
    }
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      const T max = k_.max(x + start, length, logits_.negate());
      parts.max[c] = max;
      parts.sum[c] = 0;
      // A chunk without finite maximum is left as it is: with the exponentials kept in place of the logits, it is all
      // that a row with an infinity needs.
      if (max - max != 0) return;
      parts.sum[c] = k_.exp_sum(x + start, out + start, length, max, logits_.beta);
    });
    const double max = row_max(parts, chunks);
    if (max - max != 0) return limit_long_row(x, out, parts, max);
    weigh(parts, chunks, max, logits_.beta);
    CompensatedSum sum;
    for (std::size_t c = 0; c < chunks; ++c) sum.add(parts.sum[c] * parts.weight[c]);
    const double total = sum.total();
    each_chunk(n_, true, [&](std::size_t c, std::size_t start, std::size_t length) {
      // A chunk of nothing but -Infinity was left as it is.
      if (parts.max[c] == -__builtin_inf()) return fill(out + start, length, T(0));
      k_.scale(out + start, out + start, length, static_cast<T>(parts.weight[c] / total), false);
    });
  }

  // A row with NaN or infinite maximum, whose chunks of finite maximum may be overwritten already.
  void limit_long_row(const T* x, T* out, const ChunkParts& parts, double max) const {
    const T infinity = static_cast<T>(__builtin_inf());
    if (max != max || logits_.rule == NonFinite::kIeee) return fill(out, n_, static_cast<T>(__builtin_nan("")));
    const T shared = logits_.negate() ? -infinity : infinity;
    std::size_t count = 0;
    for (std::size_t c = 0, start = 0; start < n_; ++c, start += kChunk) {
      const std::size_t length = n_ - start < kChunk ? n_ - start : kChunk;
      if (parts.max[c] == __builtin_inf()) count += k_.count_equal(x + start, length, shared);
    }
    const T with = static_cast<T>(1 / static_cast<double>(count));
    for (std::size_t c = 0, start = 0; start < n_; ++c, start += kChunk) {
      const std::size_t length = n_ - start < kChunk ? n_ - start : kChunk;
      if (parts.max[c] == __builtin_inf()) {
        k_.select_equal(x + start, out + start, length, shared, with, T(0));
      } else {
        fill(out + start, length, T(0));
      }
    }
  }
};

}  // namespace

template <class T>
Outcome softmax(const Logits<T>& logits, T* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk || logits.layout.size() == 0) return outcome;
  const RowTiles<T> tiles(logits);
  const Softmax<T> operation(logits, tiles);
  return write_tiles(logits, tiles, out, [&](RowTile tile, const T* x, T* rows, const Workspace<T>& workspace) {
    operation.rows(tile.first, tile.count, x, rows, workspace.chunks);
  });
}

template Outcome softmax<float>(const Logits<float>&, float*);
template Outcome softmax<double>(const Logits<double>&, double*);

}  // namespace softmax_native
