// Linear layers with targets and options, and one call of linear_cross_entropy on them with everything it returns.
#pragma once

#include <cmath>
#include <vector>

#include "../../native/operations/linear_cross_entropy.hpp"
#include "distributions.hpp"
#include "memory.hpp"

namespace softmax_native::test {

struct LinearShape {
  std::size_t rows, depth, classes;
};

// What is asked besides the plain loss.
enum class Extras { kNone, kMaskedAndCapped, kProbabilities };

template <class T>
struct LinearResult {
  std::vector<T> losses, log_sum_exp, hidden, weight, bias;
  double loss = 0, total_weight = 0;
  Status status = Status::kOk;

  // The first array in which the two differ in a bit, nullptr where there is none.
  const char* difference(const LinearResult& other) const {
    const auto differ = [](const std::vector<T>& a, const std::vector<T>& b) {
      return a.size() != b.size() || first_difference(a.data(), b.data(), a.size()) != a.size();
    };
    if (differ(losses, other.losses)) return "losses";
    if (differ(log_sum_exp, other.log_sum_exp)) return "log-sum-exps";
    if (differ(hidden, other.hidden)) return "hidden gradient";
    if (differ(weight, other.weight)) return "weight gradient";
    if (differ(bias, other.bias)) return "bias gradient";
    return same_bits(loss, other.loss) ? nullptr : "loss";
  }
};

template <class T>
class LinearCase {
 public:
  LinearCase(LinearShape shape, Extras extras, Random& random)
      : shape_(shape), extras_(extras), hidden_(shape.rows * shape.depth), weight_(shape.classes * shape.depth),
        bias_(shape.classes), index_(shape.rows) {
    const double size = 3 / std::sqrt(static_cast<double>(shape.depth + 1));
    for (T& x : hidden_) x = static_cast<T>(random.normal());
    for (T& x : weight_) x = static_cast<T>(size * random.normal());
    for (T& x : bias_) x = static_cast<T>(random.normal());
    for (std::int32_t& t : index_) t = random.chance(0.2) ? -1 : static_cast<std::int32_t>(random.below(shape.classes));
    if (extras == Extras::kMaskedAndCapped) {
      mask_.resize(shape.rows * shape.classes);
      for (std::uint8_t& m : mask_) m = random.chance(0.9);
    }
    if (extras == Extras::kProbabilities) {
      probability_.resize(shape.rows * shape.classes);
      for (T& y : probability_) y = random.chance(0.5) ? T(0) : static_cast<T>(random.uniform());
    }
  }

  // `offset` elements from a register's boundary, on rows [first, first + count).
  LinearResult<T> run(std::size_t offset, bool in_place, std::size_t first, std::size_t count) const {
    const std::size_t d = shape_.depth, n = shape_.classes;
    LinearResult<T> result;
    result.losses.resize(count);
    result.log_sum_exp.resize(count);
    result.bias.resize(n);
    Block<T> hidden(count * d), weight(n * d), of_hidden(count * d), of_weight(n * d);
    T* h = hidden.place(offset, hidden_.data() + first * d, count * d);
    T* hidden_gradient = in_place ? h : of_hidden.place(offset + 1, count * d);
    T* weight_gradient = of_weight.place(offset + 2, n * d);
    const LinearLayer<T> layer{h, weight.place(offset + 3, weight_.data(), n * d), bias_.data(), count, n, d};
    const bool masks = !mask_.empty(), likely = !probability_.empty();
    const Logits<T> logits{
        nullptr, {count, n, 1}, beta(), NonFinite::kLimit, masks ? mask_.data() + first * n : nullptr, {n, 1, 1}};
    const LossTargets<T> targets{likely ? nullptr : index_.data() + first,
                                 likely ? probability_.data() + first * n : nullptr, -1, nullptr};
    LinearLoss<T> loss{
        result.losses.data(), result.log_sum_exp.data(), {hidden_gradient, weight_gradient, result.bias.data()}, 0, 0};
    result.status = linear_cross_entropy(layer, logits, targets, options(), loss).status;
    result.loss = loss.loss;
    result.total_weight = loss.total_weight;
    result.hidden.assign(hidden_gradient, hidden_gradient + count * d);
    result.weight.assign(weight_gradient, weight_gradient + n * d);
    intact_ = weight.intact() && of_weight.intact() && hidden.intact() && (in_place || of_hidden.intact());
    return result;
  }
  LinearResult<T> run() const { return run(0, false, 0, shape_.rows); }
  // Whether the last run left what is around its arrays as it was.
  bool intact() const { return intact_; }

  const LinearShape& shape() const { return shape_; }
  const std::vector<T>& hidden() const { return hidden_; }
  const std::vector<T>& weight() const { return weight_; }
  const std::vector<T>& bias() const { return bias_; }
  const std::vector<std::int32_t>& index() const { return index_; }
  // Empty where the extras have none.
  const std::vector<T>& probability() const { return probability_; }
  const std::vector<std::uint8_t>& mask() const { return mask_; }
  double beta() const { return mask_.empty() ? 1 : -0.7; }
  LossOptions<T> options() const {
    const bool masks = !mask_.empty(), likely = !probability_.empty();
    return {nullptr, likely ? 0.1 : 0, false, masks ? 0.01 : 0, masks ? 4.0 : 0, Reduction::kSum};
  }

 private:
  LinearShape shape_;
  Extras extras_;
  std::vector<T> hidden_, weight_, bias_, probability_;
  std::vector<std::int32_t> index_;
  std::vector<std::uint8_t> mask_;
  mutable bool intact_ = true;
};

}  // namespace softmax_native::test
