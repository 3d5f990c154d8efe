// The softmax family against the definitions in long double, within the published bounds: any row, however it lies,
// with any mask, under any rule.
#include <string_view>

#include "../exact.hpp"
#include "../operation_cases.hpp"
#include "../plain_rows.hpp"
#include "../tolerances.hpp"
#include "layouts.hpp"

namespace softmax_native::test {
namespace {

template <class T>
class SoftmaxCase {
 public:
  explicit SoftmaxCase(Input& input)
      : logits_(input, layout_of(input, 3000), input.one_of(kAnyBeta), input.flip()), n_(logits_.layout.n) {
    // Differences that overflow are another matter (README).
    for (T& x : logits_.z) {
      if (std::isfinite(x) && std::fabs(x) > std::numeric_limits<T>::max() / 4) x /= 4;
    }
  }

  void test() {
    for (std::size_t r = 0; r < logits_.layout.rows(); ++r) {
      const std::vector<T> z = logits_.row(logits_.z, r);
      const std::vector<std::uint8_t> mask = logits_.mask_row(r);
      plain_.emplace_back(z.data(), mask.data(), n_, logits_.beta, logits_.rule);
      if (refused_ == kNone && logits_.rule == NonFinite::kThrow && plain_.back().refused()) refused_ = r;
    }
    for (const Operation<T>& operation : operations<T>()) {
      if (!operation.weighted && operation.name[0] != 'd') check(operation);
    }
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void check(const Operation<T>& operation) {
    operation_ = &operation;
    const std::string_view name = operation.name;
    const Exactly<T> x(logits_.z.size(), true, logits_.z.data());
    const Exactly<T> out(operation.per_row ? plain_.size() : logits_.z.size());
    const Exactly<std::uint8_t> mask(logits_.mask.size(), true, logits_.mask.data());
    const Outcome outcome = operation.run(logits_.at(x.get(), mask.get()), {}, out.get());
    if (outcome.status != (refused_ == kNone ? Status::kOk : Status::kNonFinite)) report("outcome", 0, 0, 0, 0);
    if (refused_ != kNone) {
      if (outcome.row != refused_) report("refused", outcome.row, 0, 0, 0);
      return;
    }
    for (std::size_t r = 0; r < plain_.size(); ++r) {
      const PlainRow& plain = plain_[r];
      if (name == "softmax") {
        elements(r, out, plain.softmax(), [&](long double y) { return tolerance::softmax(n_, double(std::log(y))); });
      } else if (name == "log_softmax") {
        elements(r, out, plain.log_softmax(), [&](long double y) { return tolerance::log_softmax(n_, double(y)); });
      } else if (name == "hardmax") {
        elements(r, out, plain.hardmax(false), [](long double) { return 0.0; });
      } else if (name == "hardmax split") {
        elements(r, out, plain.hardmax(true), [](long double) { return 0.5; });
      } else if (name == "argmax") {
        number(r, out[r], plain.argmax(), 0, 0);
      } else if (name == "log_sum_exp") {
        log_of_sum(r, out[r], plain.log_sum_exp(false), plain.scaled_max());
      } else if (name == "smooth max") {
        log_of_sum(r, out[r], plain.log_sum_exp(true), plain.scaled_max(), logits_.beta);
      }
    }
  }

  template <class Tolerance>
  void elements(std::size_t r, const Exactly<T>& out, const std::vector<long double>& wanted,
                const Tolerance& allowed) {
    for (std::size_t j = 0; j < n_; ++j) {
      const T got = out[logits_.place(r, j)];
      const double error = ulp_error(got, Quad(wanted[j]));
      if (!(error == 0 || error <= allowed(wanted[j]))) report("element", r, j, double(got), double(wanted[j]));
    }
  }

  void number(std::size_t r, T got, long double wanted, long double max, double allowed) {
    const double size =
        std::isfinite(max) ? std::fmax(double(std::fabs(max)), double(std::fabs(wanted))) : double(wanted);
    const double error = ulp_error(got, Quad(wanted), size);
    if (!(error <= allowed)) report("value", r, 0, double(got), double(wanted));
  }

  // `got` and `wanted` are divided by beta, `max` is not.
  void log_of_sum(std::size_t r, T got, long double wanted, long double max, long double beta = 1) {
    number(r, got, wanted, max / beta, tolerance::log_sum_exp(n_, double(beta * wanted), double(max)));
  }

  [[noreturn]] void report(const char* what, std::size_t r, std::size_t j, double got, double wanted) const {
    const Layout& l = logits_.layout;
    wrong("%s %s, [%zu, %zu, %zu], beta %g, rule %d, masked %d: %s of row %zu, %zu: %.17g, not %.17g", operation_->name,
          type_name<T>(), l.outer, l.n, l.inner, logits_.beta, static_cast<int>(logits_.rule), logits_.masked, what, r,
          j, got, wanted);
  }

  AnyLogits<T> logits_;
  std::size_t n_, refused_ = kNone;
  std::vector<PlainRow> plain_;
  const Operation<T>* operation_ = nullptr;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    SoftmaxCase<float>(input).test();
  } else {
    SoftmaxCase<double>(input).test();
  }
}

}  // namespace softmax_native::test
