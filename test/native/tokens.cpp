// Tokens: the same bits on every table and with any number of threads, and of one row what it is in a batch; draws from
// weights. That they are the right ones, the tests in TypeScript say, which know a reference.
#include "../../native/operations/tokens.hpp"

#include <vector>

#include "../../native/operations/token_wheel.hpp"
#include "../../native/parallel/pool.hpp"
#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

// The stages, the first lowest.
constexpr std::uint64_t stages_of(std::initializer_list<Stage> stages) {
  std::uint64_t code = 0;
  unsigned at = 0;
  for (const Stage stage : stages) code |= std::uint64_t{static_cast<unsigned>(stage)} << 3 * at++;
  return code;
}

constexpr std::uint64_t kStages[] = {
    0,
    stages_of({Stage::kTemperature}),
    stages_of({Stage::kPenalties, Stage::kTemperature, Stage::kTopK, Stage::kTopP}),
    stages_of({Stage::kBias, Stage::kTemperature, Stage::kMinP}),
    stages_of({Stage::kTemperature, Stage::kTopP}),
    stages_of({Stage::kTypicalP, Stage::kTopK, Stage::kTemperature}),
};

template <class T>
struct TokenCase {
  std::size_t rows, n;
  std::vector<T> logits;
  std::vector<double> uniforms, biases{1.5, -__builtin_inf()};
  std::vector<std::int32_t> history, offsets{0}, bias_ids, allowed;

  static constexpr std::size_t kCount = 2, kTop = 3, kWidth = kCount + kTop, kLine = 2 * kWidth + 3;

  TokenCase(std::size_t row_count, std::size_t length, Random& random) : rows(row_count), n(length) {
    for (std::size_t i = 0; i < rows * n; ++i) logits.push_back(static_cast<T>(3 * random.normal()));
    for (std::size_t i = 0; i < rows * kCount; ++i) uniforms.push_back(random.uniform());
    for (std::size_t r = 0; r < rows; ++r) {
      for (int i = 0; i < 40; ++i) history.push_back(static_cast<std::int32_t>(random.below(n)));
      offsets.push_back(static_cast<std::int32_t>(history.size()));
    }
    bias_ids = {static_cast<std::int32_t>(n - 1), 0};
    for (std::size_t i = 0; i < (n + 31) / 32; ++i) allowed.push_back(i % 3 == 1 ? 0x7fff7fff : -1);
  }

  struct Result {
    std::vector<std::int32_t> ids;
    std::vector<double> values;
  };

  // Of `count` rows from `first` on.
  Result run(std::uint64_t stages, std::size_t first, std::size_t count) const {
    Result result{std::vector<std::int32_t>(count * kWidth), std::vector<double>(count * kLine)};
    Sampling<T> s{};
    s.logits = {nullptr, {count, n, 1}, 0.7, NonFinite::kLimit, nullptr, {0, 0, 0}};
    s.source = {logits.data() + first * n, nullptr, false};
    s.stages = stages;
    s.top_k = n < 50 ? n : 50;
    s.top_p = s.typical_p = 0.9;
    s.least_log = -3;
    s.repetition = 1.2;
    s.presence = s.frequency = 0.1;
    s.replace = true;
    s.count = kCount;
    s.top = kTop;
    s.uniforms = uniforms.data() + first * kCount;
    s.history = history.data();
    s.offsets = offsets.data() + first;
    s.history_length = history.size();
    s.bias_ids = bias_ids.data();
    s.biases = biases.data();
    s.bias_count = bias_ids.size();
    s.allowed = stages == kStages[1] ? allowed.data() : nullptr;
    s.ids = result.ids.data();
    s.values = result.values.data();
    CHECK(sample_tokens(s).status == Status::kOk);
    return result;
  }
};

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && first_difference(a.data(), b.data(), a.size()) == a.size();
}

template <class T>
void test_bits(std::size_t rows, std::size_t n) {
  Random random(seed());
  const TokenCase<T> tested(rows, n, random);
  using Case = TokenCase<T>;
  for (const std::uint64_t stages : kStages) {
    select_table("scalar");
    Pool::shared().set_threads(1);
    const auto wanted = tested.run(stages, 0, rows);
    for (const KernelTable* table : tables()) {
      select_table(table->name);
      for (const std::size_t threads : {1, 2, 3}) {
        Pool::shared().set_threads(threads);
        const auto found = tested.run(stages, 0, rows);
        if (found.ids != wanted.ids || !same(found.values, wanted.values)) {
          fail("%s of %zu, %s, %zu threads: other tokens", type_name<T>(), n, table->name, threads);
        }
      }
    }
    for (std::size_t r = 0; r < rows; ++r) {
      const auto alone = tested.run(stages, r, 1);
      for (std::size_t i = 0; i < Case::kWidth; ++i) CHECK(alone.ids[i] == wanted.ids[r * Case::kWidth + i]);
      for (std::size_t i = 0; i < Case::kLine; ++i) {
        CHECK(same_bits(alone.values[i], wanted.values[r * Case::kLine + i]));
      }
    }
  }
  select_table((*tables().begin())->name);
  Pool::shared().set_threads(0);
}

TEST(tokens_bits_float32) {
  test_bits<float>(3, 9000);
  test_bits<float>(1, 70000);
  test_bits<float>(5, 40);
}
TEST(tokens_bits_float64) { test_bits<double>(3, 9000); }

TEST(wheel_draws) {
  std::vector<double> weights(1000), sums(Wheel::blocks(1000)), ends(Wheel::blocks(1000));
  weights[3] = 1;
  weights[700] = 2;
  weights[999] = 1;
  Wheel wheel(weights.data(), weights.size(), sums.data(), ends.data());
  wheel.measure();
  CHECK(wheel.total() == 4);
  CHECK(wheel.draw(0x1p-54) == 3);
  CHECK(wheel.draw(0.25) == 3);
  CHECK(wheel.draw(0.25 + 0x1p-50) == 700);
  CHECK(wheel.draw(0.75) == 700);
  CHECK(wheel.draw(1 - 0x1p-53) == 999);
  wheel.remove(700);
  CHECK(wheel.total() == 2);
  CHECK(wheel.draw(0.5) == 3);
  CHECK(wheel.draw(0.51) == 999);
}

}  // namespace
}  // namespace softmax_native::test
