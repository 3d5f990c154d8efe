// Full and adaptive softmax as output layers: each operation on one set of arrays, and all that it gives, as one
// vector.
#pragma once

#include <string>
#include <vector>

#include "../../native/operations/layer_training.hpp"
#include "../../native/operations/linear.hpp"
#include "distributions.hpp"
#include "memory.hpp"

namespace softmax_native::test {

struct LayerShape {
  std::size_t rows, dim, shortlist;
  std::vector<std::size_t> cutoffs, widths;
};

template <class T>
struct LayerResult {
  Status status = Status::kOk;
  std::vector<T> values;
  std::vector<std::int32_t> ids;
  double loss = 0;

  bool same(const LayerResult& other) const {
    return status == other.status && same_bits(loss, other.loss) && ids == other.ids &&
           values.size() == other.values.size() &&
           first_difference(values.data(), other.values.data(), values.size()) == values.size();
  }
};

template <class T>
class LayerCase {
 public:
  LayerCase(const LayerShape& shape, Random& random) : rows_(shape.rows) {
    shape_.dim = shape.dim;
    shape_.shortlist = shape.shortlist;
    shape_.clusters = shape.cutoffs.size();
    shape_.has_bias = true;
    for (std::size_t i = 0; i < shape.cutoffs.size(); ++i) {
      shape_.cutoffs[i] = shape.cutoffs[i];
      shape_.widths[i] = shape.widths[i];
    }
    fill(parameters_, shape_.parameters(), random);
    fill(weight_, shape_.classes() * shape_.dim, random);
    fill(bias_, shape_.classes(), random);
    fill(hidden_, rows_ * shape_.dim, random);
    for (std::size_t r = 0; r < rows_; ++r) {
      targets_.push_back(static_cast<std::int32_t>(random.below(shape_.classes())));
      uniforms_.push_back(random.uniform());
      // Bags of two rows of the table, which is the hidden vectors; some rows several times.
      offsets_.push_back(static_cast<std::int32_t>(2 * r));
      for (int i = 0; i < 2; ++i) named_.push_back(static_cast<std::int32_t>(random.below(rows_)));
    }
    offsets_.push_back(static_cast<std::int32_t>(2 * rows_));
  }

  static constexpr const char* kNames[] = {"linear",          "best",          "sample",
                                           "train",           "adaptive",      "adaptive best",
                                           "adaptive sample", "adaptive loss", "adaptive train"};

  // Operation number i.
  LayerResult<T> run(std::size_t i) const {
    const LinearLayer<T> layer{hidden_.data(), weight_.data(), bias_.data(), rows_, shape_.classes(), shape_.dim};
    const AdaptiveLayer<T> adaptive{shape_, hidden_.data(), parameters_.data(), rows_};
    const std::size_t k = shape_.classes() < 7 ? shape_.classes() : 7;
    LayerResult<T> result;
    std::vector<T>& values = result.values;
    if (i % 4 != 3 || i == 7) values.resize(rows_ * (i == 0 || i == 4 ? shape_.classes() : i == 7 ? 1 : k));
    if (i != 0 && i != 4) result.ids.resize(rows_ * (i == 1 || i == 5 ? k : 1));
    const Best<T> best_of{k, result.ids.data(), values.data()};
    switch (i) {
      case 0:
        result.status = distribution(LinearLogits<T>(layer), Form::kProbabilities, values.data()).status;
        break;
      case 1:
        result.status = best(LinearLogits<T>(layer), best_of).status;
        break;
      case 2:
        result.status = sample<T>(LinearLogits<T>(layer), uniforms_.data(), result.ids.data()).status;
        break;
      case 3:
        train(result, {&weight_, &bias_});
        break;
      case 4:
        result.status = distribution(AdaptiveLogits<T>(adaptive), Form::kLogProbabilities, values.data()).status;
        break;
      case 5:
        result.status = adaptive_best(adaptive, best_of).status;
        break;
      case 6:
        result.status = sample<T>(AdaptiveLogits<T>(adaptive), uniforms_.data(), result.ids.data()).status;
        break;
      case 7: {
        std::vector<T> hidden(hidden_.size()), gradient(parameters_.size());
        AdaptiveLoss<T> loss{values.data(), hidden.data(), gradient.data(), 0.1, 0};
        result.status = adaptive_cross_entropy(adaptive, targets_.data(), loss).status;
        result.loss = loss.loss;
        values.insert(values.end(), hidden.begin(), hidden.end());
        values.insert(values.end(), gradient.begin(), gradient.end());
        break;
      }
      default:
        train(result, {&parameters_});
    }
    return result;
  }

  std::size_t rows() const { return rows_; }
  const AdaptiveShape& shape() const { return shape_; }
  const std::vector<T>& parameters() const { return parameters_; }
  const std::vector<T>& weight() const { return weight_; }
  const std::vector<T>& bias() const { return bias_; }
  const std::vector<T>& hidden() const { return hidden_; }
  const std::vector<std::int32_t>& targets() const { return targets_; }

  // What training gives that changes nothing.
  std::vector<T> untrained(std::size_t i) const {
    std::vector<T> all = hidden_;
    for (const std::vector<T>* part : i == 3 ? std::vector<const std::vector<T>*>{&weight_, &bias_}
                                             : std::vector<const std::vector<T>*>{&parameters_}) {
      all.insert(all.end(), part->begin(), part->end());
    }
    return all;
  }

 private:
  const std::size_t rows_;
  AdaptiveShape shape_;
  std::vector<T> parameters_, weight_, bias_, hidden_;
  std::vector<std::int32_t> targets_, named_, offsets_;
  std::vector<double> uniforms_;

  static void fill(std::vector<T>& values, std::size_t n, Random& random) {
    for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<T>(0.4 * random.normal()));
  }

  // The table and all parameters after a step on half the examples and one on the others.
  void train(LayerResult<T>& result, const std::vector<const std::vector<T>*>& parameters) const {
    std::vector<T> table = hidden_;
    std::vector<std::vector<T>> own;
    for (const std::vector<T>* part : parameters) own.push_back(*part);
    const Examples<T> examples{table.data(), shape_.dim, named_.data(), offsets_.data(), rows_, 0.2};
    const std::size_t batch = (rows_ + 1) / 2;
    const Outcome outcome =
        own.size() == 2 ? train_full(examples, targets_.data(), shape_.classes(), own[0].data(), own[1].data(), batch,
                                     0.1, &result.loss)
                        : train_adaptive(examples, targets_.data(), shape_, own[0].data(), batch, 0.1, &result.loss);
    result.status = outcome.status;
    result.values = table;
    for (const std::vector<T>& part : own) result.values.insert(result.values.end(), part.begin(), part.end());
  }
};

}  // namespace softmax_native::test
