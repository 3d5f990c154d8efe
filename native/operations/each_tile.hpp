// How every operation walks its rows: tiles to tasks, tasks to threads.
#pragma once

#include "row_tiles.hpp"

namespace softmax_native {

// Memory of one thread: tiles of rows, one for each array of the operation, and the chunks of a long row.
template <class T>
struct Workspace {
  T* rows;
  double* chunks;
  std::size_t stride;  // elements from the tile of one array to that of the next
  std::byte* own;      // the operation's own

  T* array(std::size_t i) const { return rows + i * stride; }
};

// Doubles that the chunks of one row of n take: four for each (long_rows.hpp).
inline std::size_t chunk_doubles(std::size_t n) { return n > kChunk ? 4 * divide_up(n, kChunk) : 0; }

// Calls work(tile, x, workspace) for each tile of rows, x being the tile's rows one after the other, on as many threads
// as pay: small work is one tile, without division or lock on its way. Where there are too few tiles for the threads,
// the tiles are done in turn and a long row is split instead (each_chunk in long_rows.hpp): inside a task of the pool
// such a split finds the pool taken and does nothing. `arrays` is how many tiles the workspace has where rows are not
// used as they stand, the logits' the first; `own` how many bytes of its own it has.
template <class T, class Work>
Outcome each_tile(const Logits<T>& logits, const RowTiles<T>& tiles, const Work& work, std::size_t arrays = 1,
                  std::size_t own = 0) {
  const std::size_t n = logits.layout.n;
  if (logits.layout.rows() == 0) return {};
  if (tiles.direct() && own == 0 && n <= kChunk && logits.layout.size() < kParallel) {
    work(RowTile{0, logits.layout.outer}, logits.data, Workspace<T>{});
    return {};
  }
  const std::size_t count = tiles.count();
  // Read once: another environment may change it while the scratch memory has this many parts.
  const std::size_t threads = Pool::shared().threads();
  const bool split_rows = n > kChunk && count < 2 * threads;
  const std::size_t slots = split_rows ? 1 : threads < count ? threads : count;
  const std::size_t stride = tiles.scratch_size();
  const std::size_t row_bytes = arrays * stride * sizeof(T);
  const std::size_t chunk_bytes = chunk_doubles(n) * sizeof(double);
  const Scratch rows(row_bytes == 0 ? 0 : slots, row_bytes), chunks(chunk_bytes == 0 ? 0 : slots, chunk_bytes);
  const Scratch owned(own == 0 ? 0 : slots, own);
  if (!rows.ok() || !chunks.ok() || !owned.ok()) return {Status::kOutOfMemory, 0};
  auto task = [&](std::size_t i, std::size_t slot) {
    const RowTile tile = tiles[i];
    const Workspace<T> workspace{rows.template part<T>(slot), chunks.template part<double>(slot), stride,
                                 owned.template part<std::byte>(slot)};
    work(tile, tiles.read(tile, workspace.rows), workspace);
  };
  if (split_rows) {
    for (std::size_t i = 0; i < count; ++i) task(i, 0);
  } else {
    run_tasks(count, slots, logits.layout.size(), task);
  }
  return {};
}

// The whole of an operation whose result has the layout of the logits: write(tile, x, rows of the result, workspace)
// for each tile, where the rows of the result are in out itself or in scratch, from which they are copied back.
template <class T, class Write>
Outcome write_tiles(const Logits<T>& logits, const RowTiles<T>& tiles, T* out, const Write& write,
                    std::size_t arrays = 1) {
  const auto work = [&](RowTile tile, const T* x, const Workspace<T>& workspace) {
    if (tiles.direct()) return write(tile, x, out + tile.first * logits.layout.n, workspace);
    write(tile, x, workspace.rows, workspace);
    tiles.scatter(workspace.rows, tile, out);
  };
  return each_tile(logits, tiles, work, arrays);
}

}  // namespace softmax_native
