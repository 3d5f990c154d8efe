#include "softmax.hpp"

#include "halves.hpp"
#include "non_finite.hpp"
#include "softmax_rows.hpp"

namespace softmax_native {

namespace {

template <class T>
Outcome softmax_of(const Logits<T>& logits, T* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk || logits.layout.size() == 0) return outcome;
  const RowTiles<T> tiles(logits);
  const bool stream = tiles.direct() && logits.layout.size() * sizeof(T) >= kSoftmaxStreamBytes;
  const SoftmaxRows<T> operation(logits, tiles, stream);
  return write_tiles(logits, tiles, out, [&](RowTile tile, const T* x, T* rows, const Workspace<T>& workspace) {
    operation.rows(tile.first, tile.count, x, rows, workspace.chunks);
  });
}

}  // namespace

template <class T>
Outcome softmax(const Logits<T>& logits, T* out) {
  if (!needs_halves(logits)) return softmax_of(logits, out);
  return with_halves(logits, [=](const Logits<T>& halves) { return softmax_of(halves, out); });
}

template Outcome softmax<float>(const Logits<float>&, float*);
template Outcome softmax<double>(const Logits<double>&, double*);

}  // namespace softmax_native
