// Tokens of rows of logits with any bias, penalties, filters in any order, and draws: the same bits on every table and
// number of threads; and the tokens and numbers of a list that is sorted.
#include "../../../native/operations/tokens.hpp"

#include "../memory.hpp"
#include "each_table.hpp"
#include "layouts.hpp"
#include "plain_tokens.hpp"

namespace softmax_native::test {
namespace {

template <class T>
class TokenFuzz {
 public:
  explicit TokenFuzz(Input& input) : n_(input.length(20000)), rows_(1 + input.below(input.one_in(4) ? 5 : 1)) {
    const Palette kind = palette(input, !input.one_in(4));
    logits_.resize(rows_ * n_);
    for (T& z : logits_) {
      z = element<T>(input, kind);
      // Differences whose products overflow are another matter (README).
      if (std::isfinite(z) && std::fabs(z) > std::numeric_limits<T>::max() / 8192) z /= 8192;
    }
    choose_stages(input);
    const double part[] = {0.9, 0.5, 0.1, 1, 0.999, 1e-6}, least[] = {-3, -0.1, 0, -700, -50};
    s_.top_k = 1 + input.below(n_ < 60 ? n_ : 60);
    s_.top_p = input.one_of(part);
    s_.typical_p = input.one_of(part);
    s_.least_log = input.one_of(least);
    const double repetition[] = {1, 1.2, 0.7, 30}, step[] = {0, 0.1, -0.3, 5};
    s_.repetition = input.one_of(repetition);
    s_.presence = input.one_of(step);
    s_.frequency = input.one_of(step);
    s_.keeps_ties = input.flip();
    s_.replace = input.flip();
    s_.count = 1 + input.below(4);
    s_.top = input.below(n_ < 5 ? n_ + 1 : 6);
    s_.logits = {nullptr, {rows_, n_, 1}, input.one_of(kAnyBeta), static_cast<NonFinite>(input.below(2)),
                 nullptr, {0, 0, 0}};
    for (std::size_t i = 0; i < rows_ * s_.count; ++i) {
      std::uint64_t bits = 0;
      for (int b = 0; b < 7; ++b) bits = bits << 8 | input.byte();
      uniforms_.push_back((static_cast<double>(bits >> 3) + 0.5) * 0x1p-53);
    }
    choose_changes(input);
    threads_ = 1 + input.below(3);
    shifted_ = input.flip();
  }

  void test() {
    const auto wanted = on_each_table(
        threads_, [&] { return run(false); },
        [&](const auto& scalar, const char* table) {
          const Result found = run(shifted_);
          if (found.ids != scalar.ids) report(table, "other tokens", 0, 0, 0);
          const std::size_t i = first_difference(found.values.data(), scalar.values.data(), scalar.values.size());
          if (i != scalar.values.size()) report(table, "value", i, found.values[i], scalar.values[i]);
        });
    for (std::size_t r = 0; r < rows_; ++r) check(r, wanted);
  }

 private:
  struct Result {
    std::vector<std::int32_t> ids;
    std::vector<double> values;
  };

  void choose_stages(Input& input) {
    unsigned order[] = {1, 2, 3, 4, 5, 6, 7};
    for (std::size_t i = 7; i > 1; --i) std::swap(order[i - 1], order[input.below(i)]);
    const std::size_t count = input.below(5);
    for (std::size_t i = 0; i < count; ++i) s_.stages |= std::uint64_t{order[i]} << 3 * i;
  }
  bool has(Stage stage) const {
    for (std::uint64_t stages = s_.stages; stages != 0; stages >>= 3) {
      if (static_cast<Stage>(stages & 7) == stage) return true;
    }
    return false;
  }

  void choose_changes(Input& input) {
    if (has(Stage::kBias)) {
      const double bias[] = {1.5, -2, 100, -kInfiniteBeta};
      const std::size_t step = 1 + input.below(20);
      for (std::size_t id = input.below(n_); id < n_ && biases_.size() < 50; id += step) {
        bias_ids_.push_back(static_cast<std::int32_t>(id));
        biases_.push_back(input.one_of(bias));
      }
    }
    if (has(Stage::kPenalties)) {
      for (std::size_t r = 0; r < rows_; ++r) {
        for (std::size_t i = input.below(12); i != 0; --i)
          history_.push_back(static_cast<std::int32_t>(input.below(n_)));
        offsets_.push_back(static_cast<std::int32_t>(history_.size()));
      }
    }
    if (!input.one_in(4)) return;
    const std::size_t words = (n_ + 31) / 32;
    s_.allowed_stride = input.flip() ? words : 0;
    const std::size_t kept = 1 + input.below(4);
    allowed_.resize(s_.allowed_stride == 0 ? words : rows_ * words);
    for (std::int32_t& word : allowed_) {
      std::uint32_t bits = 0;
      for (int b = 0; b < 4; ++b) bits = bits << 8 | input.byte();
      word = static_cast<std::int32_t>(kept == 1 ? bits & 0x11111111u : kept == 2 ? bits : bits | 0x77777777u);
    }
  }

  Result run(bool shifted) const {
    const Exactly<T> logits(logits_.size(), shifted, logits_.data());
    const Exactly<double> uniforms(uniforms_.size(), shifted, uniforms_.data());
    const Exactly<double> biases(biases_.size(), shifted, biases_.data());
    const Exactly<std::int32_t> bias_ids(bias_ids_.size(), shifted, bias_ids_.data());
    const Exactly<std::int32_t> history(history_.size(), shifted, history_.data());
    const Exactly<std::int32_t> offsets(offsets_.size(), shifted, offsets_.data());
    const Exactly<std::int32_t> allowed(allowed_.size(), shifted, allowed_.data());
    const Exactly<std::int32_t> ids(rows_ * s_.width(), shifted);
    const Exactly<double> values(rows_ * line(), shifted);
    Sampling<T> s = with(logits.get(), uniforms.get(), allowed.get(), history.get(), offsets.get());
    s.bias_ids = bias_ids.get();
    s.biases = biases.get();
    s.ids = ids.get();
    s.values = values.get();
    const Outcome outcome = sample_tokens(s);
    if (outcome.status != Status::kOk) report("", "refused", 0, 0, 0);
    return {{ids.get(), ids.get() + ids.size()}, {values.get(), values.get() + values.size()}};
  }

  Sampling<T> with(const T* logits, const double* uniforms, const std::int32_t* allowed, const std::int32_t* history,
                   const std::int32_t* offsets) const {
    Sampling<T> s = s_;
    s.source = {logits, nullptr, false};
    s.uniforms = uniforms;
    s.allowed = allowed_.empty() ? nullptr : allowed;
    s.history = offsets_.size() > 1 ? history : nullptr;
    s.offsets = offsets;
    s.history_length = history_.size();
    s.bias_ids = bias_ids_.data();
    s.biases = biases_.data();
    s.bias_count = bias_ids_.size();
    return s;
  }

  std::size_t line() const { return 2 * s_.width() + 3; }

  void check(std::size_t r, const Result& found) const {
    const PlainTokens<T> plain(
        with(logits_.data(), uniforms_.data(), allowed_.data(), history_.data(), offsets_.data()), r);
    if (!plain.decided) return;
    for (std::size_t i = 0; i < s_.width(); ++i) {
      const std::int32_t id = found.ids[r * s_.width() + i];
      if (id != plain.ids[i]) report("", "token", i, id, plain.ids[i]);
    }
    // Where nothing is left to draw the call is refused, whatever its numbers are.
    if (plain.ids[0] == -2) return;
    for (std::size_t i = 0; i < line(); ++i) {
      // Log-probabilities before all stages, and what part of all is kept, are sums in T; the rest is float64.
      const bool raw = i >= s_.width() && i != 2 * s_.width() && i != line() - 1;
      const long double ulp = raw ? std::numeric_limits<T>::epsilon() : std::numeric_limits<double>::epsilon();
      const long double got = found.values[r * line() + i], value = plain.values[i];
      const bool same = got == value || (std::isnan(got) && std::isnan(value));
      if (!same && !(std::fabs(got - value) <= 64 * ulp * (1 + std::fabs(value)))) {
        report("", "value", i, found.values[r * line() + i], value);
      }
    }
  }

  [[noreturn]] void report(const char* table, const char* what, std::size_t i, long double got,
                           long double wanted) const {
    wrong(
        "%s tokens of %zu x %zu %s, beta %g, rule %d, stages %llo, k %zu, p %g, typical %g, least %g, ties %d, replace "
        "%d, count %zu, top %zu, allowed %zu, history %zu, biases %zu, penalties %g %g %g: %s %zu: %.17Lg, not %.17Lg",
        table, rows_, n_, type_name<T>(), s_.logits.beta, static_cast<int>(s_.logits.rule),
        static_cast<unsigned long long>(s_.stages), s_.top_k, s_.top_p, s_.typical_p, s_.least_log, s_.keeps_ties,
        s_.replace, s_.count, s_.top, allowed_.size(), history_.size(), biases_.size(), s_.repetition, s_.presence,
        s_.frequency, what, i, got, wanted);
  }

  std::size_t n_, rows_, threads_ = 1;
  bool shifted_ = false;
  Sampling<T> s_{};
  std::vector<T> logits_;
  std::vector<double> uniforms_, biases_;
  std::vector<std::int32_t> bias_ids_, history_, offsets_{0}, allowed_;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    TokenFuzz<float>(input).test();
  } else {
    TokenFuzz<double>(input).test();
  }
}

}  // namespace softmax_native::test
