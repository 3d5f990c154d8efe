#include "../random/philox.hpp"
#include "tree_paths.hpp"

namespace softmax_native {
namespace {

// A way down the tree that is still open: a leaf, or a node above leaves none of which is more probable.
struct Open {
  double log_probability;
  std::int32_t child;
};

// Whether a comes out first: what is more probable; then nodes, which may have a leaf that is as probable; then leaves
// of lower id. A child is a class, or the complement of a node and so less than all classes.
bool is_before(const Open& a, const Open& b) {
  return a.log_probability > b.log_probability || (a.log_probability == b.log_probability && a.child < b.child);
}

// A binary heap. It cannot hold more than a tree has leaves: each node that is taken out is replaced by two.
class Frontier {
 public:
  explicit Frontier(Open* open) : open_(open) {}

  bool empty() const { return size_ == 0; }

  void push(const Open& entry) {
    std::size_t at = size_++;
    for (; at != 0 && is_before(entry, open_[(at - 1) / 2]); at = (at - 1) / 2) open_[at] = open_[(at - 1) / 2];
    open_[at] = entry;
  }

  Open pop() {
    const Open best = open_[0], last = open_[--size_];
    std::size_t at = 0;
    for (;;) {
      std::size_t next = 2 * at + 1;
      if (next >= size_) break;
      if (next + 1 < size_ && is_before(open_[next + 1], open_[next])) ++next;
      if (!is_before(open_[next], last)) break;
      open_[at] = open_[next];
      at = next;
    }
    open_[at] = last;
    return best;
  }

 private:
  Open* open_;
  std::size_t size_ = 0;
};

template <class T>
void ask_for_child(const TreeLayer<T>& layer, std::int32_t child) {
  if (child < 0) ask_for_row(layer.row(~child), layer.dim);
}

template <class T>
void search(const TreeLayer<T>& layer, const T* hidden, std::size_t k, Frontier frontier, std::int32_t* ids,
            T* log_probabilities) {
  std::size_t found = 0;
  frontier.push({0, layer.tree.root});
  while (found < k) {
    const Open best = frontier.pop();
    if (best.child >= 0) {
      ids[found] = best.child;
      log_probabilities[found++] = static_cast<T>(best.log_probability);
      continue;
    }
    const std::int32_t node = ~best.child;
    const std::int32_t zero = layer.tree.child(node, 0), one = layer.tree.child(node, 1);
    ask_for_child(layer, zero);
    ask_for_child(layer, one);
    const T score = score_of(layer, hidden, node);
    // The more probable bit b loses softplus(-|a|), the other |a| more.
    const std::uint8_t bit = score < 0 ? 1 : 0;
    T g;
    const double little = kernels().of<T>().logistic(&score, &bit, &g, 1);
    const double much = little + static_cast<double>(bit == 0 ? score : -score);
    frontier.push({best.log_probability - (bit == 0 ? little : much), zero});
    frontier.push({best.log_probability - (bit == 0 ? much : little), one});
  }
}

}  // namespace

template <class T>
Outcome tree_top_k(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, std::size_t k, std::int32_t* ids,
                   T* log_probabilities) {
  const std::size_t threads = rows == 1 ? 1 : Pool::shared().threads();
  const Scratch open(threads, layer.tree.classes * sizeof(Open));
  if (!open.ok()) return {Status::kOutOfMemory, 0};
  auto task = [&](std::size_t r, std::size_t slot) {
    const Frontier frontier(open.template part<Open>(slot));
    search(layer, hidden + r * layer.dim, k, frontier, ids + r * k, log_probabilities + r * k);
  };
  run_tasks(rows, threads, rows * (k + 1) * (layer.dim + 64), task);
  return {};
}

template <class T>
Outcome tree_sample(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, std::uint64_t seed,
                    std::int32_t* ids) {
  auto task = [&](std::size_t r, std::size_t) {
    Philox random(seed, r);
    std::int32_t child = layer.tree.root;
    while (child < 0) {
      const T score = score_of(layer, hidden + r * layer.dim, ~child);
      const std::uint8_t bit = 1;
      T zero;  // sigma(a)
      kernels().of<T>().logistic(&score, &bit, &zero, 1);
      child = layer.tree.child(~child, random.uniform() < static_cast<double>(zero) ? 0 : 1);
    }
    ids[r] = child;
  };
  run_tasks(rows, Pool::shared().threads(), rows * (layer.dim + 64), task);
  return {};
}

template Outcome tree_top_k<float>(const TreeLayer<float>&, const float*, std::size_t, std::size_t, std::int32_t*,
                                   float*);
template Outcome tree_top_k<double>(const TreeLayer<double>&, const double*, std::size_t, std::size_t, std::int32_t*,
                                    double*);
template Outcome tree_sample<float>(const TreeLayer<float>&, const float*, std::size_t, std::uint64_t, std::int32_t*);
template Outcome tree_sample<double>(const TreeLayer<double>&, const double*, std::size_t, std::uint64_t,
                                     std::int32_t*);

}  // namespace softmax_native
