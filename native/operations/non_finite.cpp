#include "non_finite.hpp"

#include "row_tiles.hpp"

namespace softmax_native {

template <class T>
bool is_refused_row(const Logits<T>& logits, std::size_t row) {
  const Layout& layout = logits.layout;
  const RowTiles<T> tiles(logits);
  const T* x = logits.data + row / layout.inner * layout.n * layout.inner + row % layout.inner;
  bool any = false;
  for (std::size_t j = 0; j < layout.n; ++j) {
    if (!tiles.takes_part(row, j)) continue;
    any = true;
    const T z = x[j * layout.inner];
    if (z - z != 0) return true;
  }
  return !any;
}

template <class T>
std::size_t first_refused_row(const Logits<T>& logits) {
  const Layout& layout = logits.layout;
  const std::size_t rows = layout.rows(), n = layout.n;
  if (n == 0) return 0;
  const KernelsOf<T>& k = kernels().of<T>();
  if (logits.mask == nullptr) {
    // In memory order; of several offenders the one with the least row number is wanted.
    std::size_t least = rows, start = 0;
    for (const std::size_t size = layout.size(); start < size;) {
      const std::size_t at = start + k.find_non_finite(logits.data + start, size - start);
      if (at == size) break;
      const std::size_t row = at / (n * layout.inner) * layout.inner + at % layout.inner;
      least = row < least ? row : least;
      if (row % layout.inner == 0) break;
      start = at + 1;
      // Rows of later outer indices are all greater.
      if (start / (n * layout.inner) > least / layout.inner) break;
    }
    return least;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    if (is_refused_row(logits, row)) return row;
  }
  return rows;
}

template bool is_refused_row<float>(const Logits<float>&, std::size_t);
template bool is_refused_row<double>(const Logits<double>&, std::size_t);
template std::size_t first_refused_row<float>(const Logits<float>&);
template std::size_t first_refused_row<double>(const Logits<double>&);

}  // namespace softmax_native
