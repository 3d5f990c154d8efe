#include "argmax.hpp"

#include "each_tile.hpp"
#include "limits.hpp"
#include "non_finite.hpp"

namespace softmax_native {
namespace {

// Logits of which only the order matters: every beta but 0 is as good as an infinite one.
template <class T>
Logits<T> as_order(Logits<T> logits) {
  if (logits.beta != 0) logits.beta = logits.negate() ? -__builtin_inf() : __builtin_inf();
  logits.rule = NonFinite::kLimit;
  return logits;
}

// The index of the first x that shares the mass; n where nothing does.
template <class T>
std::size_t first_sharing(const T* x, const Share<T>& s, std::size_t n) {
  if (s.count == 0) return n;
  if (s.by_equal) return kernels().of<T>().find_equal(x, n, s.value);
  std::size_t j = 0;
  while (j < n && x[j] == s.value) ++j;
  return j;
}

template <class T>
std::int32_t argmax_row(const Logits<T>& logits, const RowTiles<T>& tiles, std::size_t row, const T* x) {
  const std::size_t n = logits.layout.n;
  const T max = kernels().of<T>().max(x, n, logits.negate());
  if (max != max) return static_cast<std::int32_t>(kernels().of<T>().find_equal(x, n, max));
  std::size_t index = first_sharing(x, share(x, n, max, logits), n);
  if (index == n) {
    // Every key is -Infinity: the first of them that is not masked is as great as any.
    for (index = 0; index < n && !tiles.takes_part(row, index);) ++index;
  }
  return index == n ? -1 : static_cast<std::int32_t>(index);
}

}  // namespace

template <class T>
Outcome argmax(const Logits<T>& logits, std::int32_t* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk) return outcome;
  const Logits<T> order = as_order(logits);
  const RowTiles<T> tiles(order);
  return each_tile(order, tiles, [&](RowTile tile, const T* x, const Workspace<T>&) {
    for (std::size_t r = 0; r < tile.count; ++r) {
      out[tile.first + r] = argmax_row(order, tiles, tile.first + r, x + r * order.layout.n);
    }
  });
}

template <class T>
Outcome hardmax(const Logits<T>& logits, bool split, T* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk) return outcome;
  if (logits.layout.size() == 0) return {};
  const Logits<T> order = as_order(logits);
  const RowTiles<T> tiles(order);
  const std::size_t n = order.layout.n;
  return write_tiles(order, tiles, out, [&](RowTile tile, const T* x, T* rows, const Workspace<T>&) {
    for (std::size_t r = 0; r < tile.count; ++r) {
      const T* z = x + r * n;
      T* y = rows + r * n;
      const T max = kernels().of<T>().max(z, n, order.negate());
      if (max != max) {
        fill(y, n, max);
        continue;
      }
      const Share<T> s = share(z, n, max, order);
      if (split) {
        write_share(z, y, n, s, static_cast<T>(1 / static_cast<double>(s.count)), T(0));
      } else {
        const std::size_t index = first_sharing(z, s, n);
        fill(y, n, T(0));
        if (index < n) y[index] = T(1);
      }
    }
  });
}

template Outcome argmax<float>(const Logits<float>&, std::int32_t*);
template Outcome argmax<double>(const Logits<double>&, std::int32_t*);
template Outcome hardmax<float>(const Logits<float>&, bool, float*);
template Outcome hardmax<double>(const Logits<double>&, bool, double*);

}  // namespace softmax_native
