// The scores of a block of queries and a tile of keys, queries along the lanes (kernels/attention.hpp), and what the
// options make of them.
#pragma once

#include <cstring>

#include "../core/dispatch.hpp"
#include "attention.hpp"
#include "row_tiles.hpp"

namespace softmax_native {

// Keys of a tile. Part of the numeric contract: each tile has a sum of its own. 128 gain nothing more.
inline constexpr std::size_t kTileKeys = 64;
// Queries of a block, which are lanes: two registers of a product by two, or four lines of half the size. Not part of
// the contract: lanes know nothing of each other.
template <class T>
inline constexpr std::size_t kBlockQueries = 4 * kPanel<T>;
// Elements of a tile of scores.
template <class T>
inline constexpr std::size_t kTileScores = kTileKeys * kBlockQueries<T>;

// Neighbouring queries of a head, or keys.
struct TileRange {
  std::size_t begin, end;
  std::size_t count() const { return end - begin; }
};

template <class T>
class AttentionScores {
 public:
  explicit AttentionScores(const Attention<T>& call)
      : call_(call), shape_(call.shape), k_(kernels().of<T>()),
        factor_(call.softcap == 0 ? call.scale * finite_beta() : call.scale) {}

  // By what a query is multiplied before its products with keys.
  double factor() const { return factor_; }
  // What is left of beta for the score as a whole: its sign where it is infinite, 1 where it is 0.
  double finite_beta() const {
    if (call_.beta == 0) return 1;
    return call_.beta - call_.beta == 0 ? call_.beta : call_.beta < 0 ? -1 : 1;
  }
  // Whether the weights are equal shares: of the greatest scores, or of all.
  bool shares() const { return call_.beta == 0 || call_.beta - call_.beta != 0; }

  std::size_t blocks() const { return divide_up(shape_.queries, kBlockQueries<T>); }
  TileRange block(std::size_t i) const {
    const std::size_t begin = i * kBlockQueries<T>, left = shape_.queries - begin;
    return {begin, begin + (left < kBlockQueries<T> ? left : kBlockQueries<T>)};
  }
  // Lanes that are computed for so many queries.
  static std::size_t lanes(std::size_t queries) { return divide_up(queries, kPanel<T>) * kPanel<T>; }

  // The keys that the window leaves to query i.
  TileRange window(std::size_t i) const {
    const std::int64_t at = static_cast<std::int64_t>(i);
    const std::size_t begin = clamp(at + call_.first), end = clamp(at + call_.last + 1);
    return {begin, end < begin ? begin : end};
  }
  // The keys of any query of the block.
  TileRange window(TileRange queries) const {
    const TileRange first = window(queries.begin), last = window(queries.end - 1);
    return {first.begin, last.end < first.begin ? first.begin : last.end};
  }

  const T* query(std::size_t head, std::size_t i) const {
    return call_.query + (head * shape_.queries + i) * shape_.depth;
  }
  const T* key(std::size_t head, std::size_t j) const {
    return call_.key + (shape_.key_head(head) * shape_.keys + j) * shape_.depth;
  }
  const T* value(std::size_t head, std::size_t j) const {
    return call_.value + (shape_.key_head(head) * shape_.keys + j) * shape_.width;
  }

  // Queries times factor() as `scaled` [count, depth], and along the lanes as `packed` [depth, kBlockQueries], where
  // lanes without a query are 0. Each element is rounded once.
  void pack(const T* queries, std::size_t count, T* scaled, T* packed) const {
    const std::size_t depth = shape_.depth;
    for (std::size_t i = 0; i < count * depth; ++i)
      scaled[i] = static_cast<T>(factor_ * static_cast<double>(queries[i]));
    if (count < kBlockQueries<T>) std::memset(packed, 0, depth * kBlockQueries<T> * sizeof(T));
    k_.transpose(scaled, depth, packed, kBlockQueries<T>, count, depth);
  }

  // Elements of scratch memory that `write` needs.
  static constexpr std::size_t kScratch = kTileScores<T>;

  // scores[(j - keys.begin) * kBlockQueries + i - queries.begin] = beta score, and -Infinity for what takes no part.
  // With equal shares for all, every finite score is 0. `products` are those before capping, where wanted.
  void write(std::size_t head, TileRange queries, TileRange keys, const T* packed, T* scores, T* scratch,
             T* products = nullptr) const {
    const std::size_t columns = lanes(queries.count()), rows = keys.count();
    k_.tile_product(key(head, keys.begin), shape_.depth, 1, packed, kBlockQueries<T>, nullptr, 0, nullptr, scores,
                    kBlockQueries<T>, rows, shape_.depth, columns);
    if (call_.softcap != 0) cap(rows * kBlockQueries<T>, scores, products);
    if (call_.bias.data != nullptr) add_bias(head, queries, keys, scores, scratch);
    if (call_.beta == 0) level(rows * kBlockQueries<T>, scores);
    if (call_.mask.data != nullptr) exclude_masked(head, queries, keys, scores);
    exclude_outside(queries, keys, scores);
  }

  // Scores from the products, which stay as `products` where wanted.
  void cap(std::size_t n, T* scores, T* products) const {
    if (products != nullptr) std::memcpy(products, scores, n * sizeof(T));
    k_.softcap(scores, scores, n, call_.softcap);
    if (finite_beta() != 1) k_.scale(scores, scores, n, static_cast<T>(finite_beta()), false);
  }

  // What is finite becomes 0.
  static void level(std::size_t n, T* scores) {
    for (std::size_t i = 0; i < n; ++i) scores[i] = scores[i] - scores[i] == 0 ? T(0) : scores[i];
  }

 private:
  static constexpr std::size_t kStride = kBlockQueries<T>;
  static constexpr T kNever = -static_cast<T>(__builtin_inf());

  const Attention<T>& call_;
  const AttentionShape& shape_;
  const KernelsOf<T>& k_;
  const double factor_;

  std::size_t clamp(std::int64_t j) const {
    const std::int64_t keys = static_cast<std::int64_t>(shape_.keys);
    return static_cast<std::size_t>(j < 0 ? 0 : j > keys ? keys : j);
  }

  void add_bias(std::size_t head, TileRange queries, TileRange keys, T* scores, T* scratch) const {
    const ScoreBroadcast<T>& b = call_.bias;
    const T* first = b.at(shape_, head, queries.begin, keys.begin);
    const T beta = static_cast<T>(finite_beta());
    const std::size_t rows = keys.count(), columns = queries.count();
    if (b.key == 1 && b.query != 0) {
      k_.transpose(first, b.query, scratch, kStride, columns, rows);
    } else {
      for (std::size_t j = 0; j < rows; ++j) {
        for (std::size_t i = 0; i < columns; ++i) scratch[j * kStride + i] = first[i * b.query + j * b.key];
      }
    }
    for (std::size_t j = 0; j < rows; ++j) {
      T* to = scores + j * kStride;
      const T* from = scratch + j * kStride;
      for (std::size_t i = 0; i < columns; ++i) to[i] += beta * from[i];
    }
  }

  // Whether eight bytes all are other than 0.
  static bool all_taking(const std::uint8_t* bytes) {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof(word));
    return ((word - 0x0101010101010101u) & ~word & 0x8080808080808080u) == 0;
  }

  void exclude_masked(std::size_t head, TileRange queries, TileRange keys, T* scores) const {
    const ScoreBroadcast<std::uint8_t>& m = call_.mask;
    const std::uint8_t* first = m.at(shape_, head, queries.begin, keys.begin);
    const std::size_t rows = keys.count(), columns = queries.count();
    if (m.query == 0) {
      for (std::size_t j = 0; j < rows; ++j) {
        if (first[j * m.key] == 0) fill(scores + j * kStride, columns);
      }
      return;
    }
    for (std::size_t i = 0; i < columns; ++i) {
      const std::uint8_t* row = first + i * m.query;
      for (std::size_t j = 0; j < rows; ++j) {
        if (m.key == 1 && j % 8 == 0 && rows - j >= 8 && all_taking(row + j)) {
          j += 7;
        } else if (row[j * m.key] == 0) {
          scores[j * kStride + i] = kNever;
        }
      }
    }
  }

  // Of each key the queries that it is too far ahead of come first, those that it is too far behind last.
  void exclude_outside(TileRange queries, TileRange keys, T* scores) const {
    const std::size_t columns = queries.count();
    const auto within = [&](std::int64_t i) {
      const std::int64_t from = i - static_cast<std::int64_t>(queries.begin);
      return static_cast<std::size_t>(from < 0                                    ? 0
                                      : from > static_cast<std::int64_t>(columns) ? static_cast<std::int64_t>(columns)
                                                                                  : from);
    };
    for (std::size_t j = keys.begin; j < keys.end; ++j) {
      const std::int64_t at = static_cast<std::int64_t>(j);
      const std::size_t begin = within(at - call_.last), end = within(at - call_.first + 1);
      T* row = scores + (j - keys.begin) * kStride;
      fill(row, begin);
      if (end < columns) fill(row + end, columns - end);
    }
  }

  static void fill(T* x, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) x[i] = kNever;
  }
};

}  // namespace softmax_native
