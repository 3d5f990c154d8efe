#include "linear.hpp"

#include "row_tiles.hpp"

namespace softmax_native {
namespace {

// What is one task: so many rows by so many classes, in whole panels. Multiply-adds that take as long as an element of
// run_tasks.
constexpr std::size_t kSomeRows = 1024, kSomeClasses = 256, kProducts = 16;

}  // namespace

template <class T>
void linear(const LinearLayer<T>& layer, T* logits, std::size_t stride) {
  const LinearProducts<T> products(layer);
  const std::size_t across = pieces_of(layer.classes, kSomeClasses), down = pieces_of(layer.rows, kSomeRows);
  auto task = [&](std::size_t i, std::size_t) {
    alignas(64) T panel[LinearProducts<T>::kScratch];
    const Span classes = piece_of(layer.classes, kSomeClasses, i % across);
    const Span rows = piece_of(layer.rows, kSomeRows, i / across);
    products.logits(rows, classes, logits + rows.first * stride + classes.first, stride, panel);
  };
  const std::size_t work = layer.rows * layer.classes * (layer.depth / kProducts + 1);
  run_tasks(across * down, Pool::shared().threads(), work, task);
}

template void linear<float>(const LinearLayer<float>&, float*, std::size_t);
template void linear<double>(const LinearLayer<double>&, double*, std::size_t);

}  // namespace softmax_native
