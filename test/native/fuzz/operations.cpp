// Any operation on logits in any layout, with any mask: the same bits on every table and number of threads, in place or
// not, and those of each row by itself; the same row refused; nothing outside its arrays.
#include "../loss_cases.hpp"
#include "../memory.hpp"
#include "each_table.hpp"
#include "layouts.hpp"

namespace softmax_native::test {
namespace {

template <class T>
class OperationCase {
 public:
  OperationCase(const Operation<T>& operation, Input& input)
      : operation_(operation), logits_(input, layout_of(input, 6000), input.one_of(kAnyBeta), false),
        weights_(logits_.z.size()), width_(operation.per_row ? 1 : logits_.layout.n) {
    const Palette kind = palette(input, false);
    for (T& w : weights_) w = input.one_in(8) ? T(0) : element<T>(input, kind);
    threads_ = 1 + input.below(3);
    shifted_ = input.flip();
    in_place_ = !operation.per_row && input.flip();
    some_row_ = input.below(logits_.layout.rows());
  }

  void test() {
    const auto wanted = on_each_table(
        threads_, [&] { return run(false, false, wanted_); },
        [&](const auto& scalar, const char* table) {
          std::vector<T> out;
          const Outcome outcome = run(shifted_, in_place_, out);
          if (outcome.status != scalar.status || outcome.row != scalar.row)
            report(table, "outcome of row", outcome.row);
          if (in_place_ && outcome.status != Status::kOk) return;
          const std::size_t i = first_difference(out.data(), wanted_.data(), out.size());
          if (i != out.size()) report(table, "element", i);
        });
    by_itself(wanted.status == Status::kOk ? some_row_ : wanted.row, wanted.status);
  }

 private:
  std::size_t size() const { return logits_.layout.rows() * width_; }

  Outcome run(bool shifted, bool in_place, std::vector<T>& result) const {
    const Exactly<T> x(logits_.z.size(), shifted, logits_.z.data()), w(weights_.size(), !shifted, weights_.data());
    const Exactly<T> out(size(), shifted);
    const Exactly<std::uint8_t> mask(logits_.mask.size(), shifted, logits_.mask.data());
    T* to = in_place ? x.get() : out.get();
    const Outcome outcome = operation_.run(logits_.at(x.get(), mask.get()), {w.get(), strides_of(logits_.layout)}, to);
    result.assign(to, to + size());
    return outcome;
  }

  // The row without its layout.
  void by_itself(std::size_t r, Status wanted) const {
    const std::size_t n = logits_.layout.n;
    const std::vector<T> x = logits_.row(logits_.z, r), w = logits_.row(weights_, r);
    const std::vector<std::uint8_t> mask = logits_.mask_row(r);
    std::vector<T> out(width_);
    const Logits<T> alone{x.data(), {1, n, 1}, logits_.beta, logits_.rule, logits_.masked ? mask.data() : nullptr,
                          {n, 1, 1}};
    const Outcome outcome = operation_.run(alone, {w.data(), {n, 1, 1}}, out.data());
    if (outcome.status != wanted) report("by itself", "outcome of row", r);
    if (wanted != Status::kOk) return;
    for (std::size_t j = 0; j < width_; ++j) {
      const std::size_t i = operation_.per_row ? r : logits_.place(r, j);
      if (!same_bits(out[j], wanted_[i])) report("by itself", "element", i);
    }
  }

  [[noreturn]] void report(const char* where, const char* what, std::size_t i) const {
    const Layout& l = logits_.layout;
    wrong("%s %s %s, [%zu, %zu, %zu], beta %g, rule %d, masked %d, %zu threads, in place %d: %s %zu", where,
          operation_.name, type_name<T>(), l.outer, l.n, l.inner, logits_.beta, static_cast<int>(logits_.rule),
          logits_.masked, threads_, in_place_, what, i);
  }

  const Operation<T>& operation_;
  AnyLogits<T> logits_;
  std::vector<T> weights_, wanted_;
  std::size_t width_, threads_ = 1, some_row_ = 0;
  bool shifted_ = false, in_place_ = false;
};

template <class T>
void fuzz_operation(Input& input) {
  static const std::vector<Operation<T>> all = every_operation<T>();
  OperationCase<T>(all[input.below(all.size())], input).test();
}

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    fuzz_operation<float>(input);
  } else {
    fuzz_operation<double>(input);
  }
}

}  // namespace softmax_native::test
