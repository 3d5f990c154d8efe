// Full and adaptive softmax as output layers, of any shape: predictions, losses and training give the same bits on
// every table and number of threads; and distributions and losses are those of the definitions in long double, within
// what the rounding of logits may make.
#include "../layer_cases.hpp"
#include "each_table.hpp"
#include "family.hpp"
#include "plain_loss.hpp"

namespace softmax_native::test {
namespace {

LayerShape shape_of(Input& input) {
  LayerShape shape{1 + input.below(input.room(320) / 10), input.length(120), 1 + input.below(input.room(80)), {}, {}};
  std::size_t classes = shape.shortlist;
  for (std::size_t i = input.below(4); i != 0; --i) {
    classes += 1 + input.below(input.room(100));
    shape.cutoffs.push_back(classes);
    shape.widths.push_back(1 + input.below(shape.dim));
  }
  while (shape.rows * classes * shape.dim > input.room(30000) * 2 && shape.rows > 1) shape.rows /= 2;
  return shape;
}

// Log-probabilities of one row by the definitions.
template <class T>
class PlainLayer {
 public:
  explicit PlainLayer(const LayerCase<T>& layer) : layer_(layer), s_(layer.shape()) {}

  // Of the full layer, or of the adaptive one.
  std::vector<Bounded> full(std::size_t r) const {
    return log_softmax(logits(hidden(r), layer_.weight().data(), layer_.bias().data(), s_.classes()));
  }
  std::vector<Bounded> adaptive(std::size_t r) const {
    const T* all = layer_.parameters().data();
    const std::vector<Bounded> head = log_softmax(logits(hidden(r), all, all + s_.bias(), s_.head()));
    std::vector<Bounded> log_p(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(s_.shortlist));
    for (std::size_t i = 0; i < s_.clusters; ++i) {
      const std::vector<Bounded> low = logits(hidden(r), all + s_.projection(i), nullptr, s_.widths[i]);
      const Bounded& cluster = head[s_.shortlist + i];
      for (Bounded one : log_softmax(logits(low, all + s_.tail(i), nullptr, s_.size(i)))) {
        one.value += cluster.value;
        one.allowed += cluster.allowed + kUlp * std::fabs(one.value);
        log_p.push_back(one);
      }
    }
    return log_p;
  }

 private:
  static constexpr Real kUlp = std::numeric_limits<T>::epsilon();
  const LayerCase<T>& layer_;
  const AdaptiveShape& s_;

  std::vector<Bounded> hidden(std::size_t r) const {
    std::vector<Bounded> h(s_.dim);
    for (std::size_t k = 0; k < s_.dim; ++k) h[k].value = layer_.hidden()[r * s_.dim + k];
    return h;
  }

  // Rows of weights times x; n terms round n times.
  static std::vector<Bounded> logits(const std::vector<Bounded>& x, const T* weight, const T* bias, std::size_t count) {
    std::vector<Bounded> all(count);
    for (std::size_t c = 0; c < count; ++c) {
      Bounded& z = all[c];
      z.value = bias == nullptr ? Real(0) : Real(bias[c]);
      Real size = std::fabs(z.value);
      for (std::size_t k = 0; k < x.size(); ++k) {
        const Real w = weight[c * x.size() + k];
        z.value += w * x[k].value;
        z.allowed += std::fabs(w) * x[k].allowed;
        size += std::fabs(w * x[k].value);
      }
      z.allowed += kUlp * Real(x.size() + 3) * size;
    }
    return all;
  }

  static std::vector<Bounded> log_softmax(std::vector<Bounded> z) {
    Real max = -std::numeric_limits<Real>::infinity(), sum = 0, worst = 0;
    for (const Bounded& one : z) {
      max = std::fmax(max, one.value);
      worst = std::fmax(worst, one.allowed);
    }
    for (const Bounded& one : z) sum += std::exp(one.value - max);
    const Real log_sum = std::log(sum), n = Real(z.size());
    for (Bounded& one : z) {
      one.value -= max + log_sum;
      const Real units = 2 * tolerance::rounds(z.size()) + std::log(n) + 4 * std::fabs(one.value) + 4;
      one.allowed += worst + kUlp * units;
    }
    return z;
  }
};

template <class T>
void fuzz_layers(Input& input) {
  const LayerShape shape = shape_of(input);
  Random random(std::uint64_t{input.byte()} << 16 | std::uint64_t{input.byte()} << 8 | input.byte());
  const LayerCase<T> layer(shape, random);
  const std::size_t threads = 1 + input.below(3), rows = layer.rows(), classes = layer.shape().classes();
  const auto report = [&](const char* table, std::size_t i, const char* what, std::size_t at, Real got, Real wanted) {
    wrong("%s %s %s, %zu x %zu, %zu classes, %zu in the head, %zu clusters, %zu threads: %s %zu: %.17Lg, not %.17Lg",
          table, LayerCase<T>::kNames[i], type_name<T>(), rows, layer.shape().dim, classes, layer.shape().head(),
          layer.shape().clusters, threads, what, at, got, wanted);
  };
  // One of the nine operations.
  const std::size_t i = input.below(std::size(LayerCase<T>::kNames));
  const auto wanted = on_each_table(
      threads, [&] { return layer.run(i); },
      [&](const auto& scalar, const char* table) {
        if (!layer.run(i).same(scalar)) report(table, i, "other bits", 0, 0, 0);
      });

  const PlainLayer<T> plain(layer);
  const Real ulp = std::numeric_limits<T>::epsilon();
  const auto near = [&](std::size_t at, Real got, const Bounded& by_definition) {
    const Real allowed = by_definition.allowed + ulp * std::fabs(by_definition.value);
    if (!(std::fabs(got - by_definition.value) <= allowed)) report("", i, "value", at, got, by_definition.value);
  };
  Bounded sum;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::vector<Bounded> log_p = i < 4 ? plain.full(r) : plain.adaptive(r);
    const Bounded of_target = log_p[static_cast<std::size_t>(layer.targets()[r])];
    sum.value -= of_target.value;
    sum.allowed += of_target.allowed + ulp * std::fabs(of_target.value);
    for (std::size_t c = 0; i % 4 == 0 && i < 8 && c < classes; ++c) {
      const Real p = std::exp(log_p[c].value);
      const Bounded of_p{p, p * (log_p[c].allowed + 4 * ulp)};
      near(r * classes + c, wanted.values[r * classes + c], i == 0 ? of_p : log_p[c]);
    }
    for (std::size_t k = 0; i % 4 == 1 && k < wanted.ids.size() / rows; ++k) {
      const std::size_t at = r * (wanted.ids.size() / rows) + k;
      near(at, wanted.values[at], log_p[static_cast<std::size_t>(wanted.ids[at])]);
    }
    if (i == 7) near(r, wanted.values[r], {-of_target.value, of_target.allowed});
  }
  if (i == 7) near(rows, wanted.loss, sum);
}

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    fuzz_layers<float>(input);
  } else {
    fuzz_layers<double>(input);
  }
}

}  // namespace softmax_native::test
