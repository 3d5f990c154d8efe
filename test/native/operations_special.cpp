// NaN, infinities, ties, masks, empty rows, beta = 0 and +-Infinity, under each rule, against the definitions written
// out in plain_rows.hpp: all short rows over an alphabet of special values, and long rows with a few of them.
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>
#include <vector>

#include "distributions.hpp"
#include "exact.hpp"
#include "memory.hpp"
#include "operation_cases.hpp"
#include "plain_rows.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kBetas[] = {1, -1, 0.5, -2, 0, kInfinite, -kInfinite};
constexpr NonFinite kRules[] = {NonFinite::kLimit, NonFinite::kIeee, NonFinite::kThrow};

const char* name_of(NonFinite rule) {
  return rule == NonFinite::kLimit ? "limit" : rule == NonFinite::kIeee ? "ieee" : "throw";
}

template <class T>
class SpecialRow {
 public:
  void test(const std::vector<T>& z, const std::vector<std::uint8_t>* mask, double beta, NonFinite rule) {
    z_ = &z;
    mask_ = mask;
    beta_ = beta;
    rule_ = rule;
    const std::size_t n = z.size();
    const std::uint8_t* bytes = mask == nullptr ? nullptr : mask->data();
    const PlainRow plain(z.data(), bytes, n, beta, rule);
    const bool refused = rule == NonFinite::kThrow && plain.refused();
    std::vector<T> out(n + 1);
    for (const Operation<T>& operation : operations<T>()) {
      if (operation.weighted) continue;
      const std::string_view name = operation.name;
      if (n == 0 && name == "argmax") continue;  // refused before it comes here
      out.assign(n + 1, T(77));
      const Outcome outcome = operation.run(one_row(z.data(), n, beta, rule, bytes), {}, out.data());
      if ((outcome.status == Status::kNonFinite) != refused || outcome.row != 0)
        report(operation.name, "refused", 0, 0, refused);
      if (refused) {
        for (const T v : out) {
          if (v != T(77) && name != "argmax") report(operation.name, "written though refused", 0, double(v), 0);
        }
        continue;
      }
      if (name == "softmax")
        elements(operation.name, out, plain.softmax(),
                 [&](long double y) { return tolerance::softmax(n, double(std::log(y))); });
      if (name == "log_softmax")
        elements(operation.name, out, plain.log_softmax(),
                 [&](long double y) { return tolerance::log_softmax(n, double(y)); });
      if (name == "hardmax") elements(operation.name, out, plain.hardmax(false), [](long double) { return 0; });
      if (name == "hardmax split") elements(operation.name, out, plain.hardmax(true), [](long double) { return 0.5; });
      if (name == "argmax") sum(operation.name, out[0], plain.argmax(), 0, 0);
      if (name == "log_sum_exp")
        sum(operation.name, out[0], plain.log_sum_exp(false), plain.scaled_max(), tolerance::log_sum_exp(n));
      if (name == "smooth max") {
        sum(operation.name, out[0], plain.log_sum_exp(true), plain.scaled_max() / beta, tolerance::log_sum_exp(n));
      }
    }
  }

  void use(const KernelTable& table) {
    table_ = &table;
    select_table(table.name);
  }

 private:
  template <class Tolerance>
  void elements(const char* name, const std::vector<T>& got, const std::vector<long double>& wanted,
                const Tolerance& tolerance) {
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      const double error = ulp_error(got[j], Quad(wanted[j]));
      if (!(error == 0 || error <= tolerance(wanted[j]))) report(name, "element", j, double(got[j]), double(wanted[j]));
    }
    if (got[wanted.size()] != T(77)) report(name, "wrote beyond its end", wanted.size(), 0, 0);
  }

  void sum(const char* name, T got, long double wanted, long double max, double tolerance) {
    const double size =
        std::isfinite(max) ? std::fmax(double(std::fabs(max)), double(std::fabs(wanted))) : double(wanted);
    const double error = ulp_error(got, Quad(wanted), size);
    if (!(error <= tolerance)) report(name, "value", 0, double(got), double(wanted));
  }

  void report(const char* name, const char* what, std::size_t at, double got, double wanted) const {
    char row[160] = "";
    int used = 0;
    for (std::size_t j = 0; j < z_->size() && j < 6; ++j) {
      const bool masked = mask_ != nullptr && (*mask_)[j] == 0;
      used += std::snprintf(row + used, sizeof(row) - static_cast<std::size_t>(used), masked ? " (%g)" : " %g",
                            double((*z_)[j]));
    }
    fail("%s %s %s, %s, beta %g, n %zu [%s ]: %s %zu is %.17g, not %.17g", table_->name, name, type_name<T>(),
         name_of(rule_), beta_, z_->size(), row, what, at, got, wanted);
  }

  const KernelTable* table_ = nullptr;
  const std::vector<T>* z_ = nullptr;
  const std::vector<std::uint8_t>* mask_ = nullptr;
  double beta_ = 1;
  NonFinite rule_ = NonFinite::kLimit;
};

template <class T, class Rows>
void each_table(const Rows& rows) {
  for (const KernelTable* table : tables()) {
    SpecialRow<T> special;
    special.use(*table);
    rows(special);
  }
  select_table((*tables().begin())->name);
}

// Every row of up to four elements of the alphabet, with every mask.
template <class T>
void test_short_rows(SpecialRow<T>& special) {
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T alphabet[] = {T(-0.0), T(1.5), T(-3), infinity, -infinity, nan};
  constexpr std::size_t kLetters = 6;
  std::size_t words = 1;
  for (std::size_t n = 0; n <= 4; ++n, words *= kLetters) {
    for (std::size_t word = 0; word < words; word += n == 4 ? kEveryCase : 1) {
      std::vector<T> z(n);
      std::size_t rest = word;
      for (T& v : z) {
        v = alphabet[rest % kLetters];
        rest /= kLetters;
      }
      for (const double beta : kBetas) {
        for (const NonFinite rule : kRules) {
          special.test(z, nullptr, beta, rule);
          for (unsigned bits = 0; bits < 1u << n && n <= 3; ++bits) {
            std::vector<std::uint8_t> mask(n);
            for (std::size_t j = 0; j < n; ++j) mask[j] = static_cast<std::uint8_t>((bits >> j & 1) * 0x40);
            special.test(z, &mask, beta, rule);
          }
        }
      }
    }
  }
}

TEST(all_short_rows_float32) { each_table<float>(test_short_rows<float>); }
TEST(all_short_rows_float64) { each_table<double>(test_short_rows<double>); }

// Long rows with a few special elements, wherever they fall: in a tail, in a chunk of their own, all over a chunk.
template <class T>
void test_long_rows(SpecialRow<T>& special) {
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T values[] = {infinity, -infinity, nan, T(3), T(-0.0)};
  Random random(seed());
  for (const std::size_t n : {20, 64, 65, 200, 4096, 4097, 9000, 40000}) {
    for (int i = 0; i < (n < 1000 ? 60 : n < 10000 ? 12 : 5); ++i) {
      std::vector<T> z(n);
      for (T& v : z) v = static_cast<T>(3 * random.normal());
      if (i % 8 == 7) {
        const T all = values[random.below(std::size(values))];
        z.assign(n, all);
      }
      const T value = values[random.below(std::size(values))];
      // Single elements, and a run that may fill whole chunks.
      for (std::size_t k = random.below(4); k > 0; --k) z[random.below(n)] = value;
      if (i % 3 == 0) {
        const std::size_t start = random.below(n), length = random.below(n - start);
        for (std::size_t j = start; j < start + length; ++j) z[j] = i % 2 ? value : -infinity;
      }
      std::vector<std::uint8_t> mask(n);
      for (std::uint8_t& m : mask) m = random.chance(0.8);
      const double beta = kBetas[random.below(std::size(kBetas))];
      for (const NonFinite rule : kRules) {
        special.test(z, nullptr, beta, rule);
        special.test(z, &mask, beta, rule);
      }
    }
  }
}

// Layouts in which some extent is 0: no rows, or rows of nothing, whose log-sum-exp is -Infinity.
template <class T>
void test_nothing() {
  const T z[8] = {};
  const std::uint8_t mask[8] = {};
  for (std::size_t shape = 0; shape < 27; ++shape) {
    const Layout layout{shape / 9, shape / 3 % 3, shape % 3};
    if (layout.size() != 0) continue;
    for (const double beta : {1.0, -2.0, 0.0, -kInfinite}) {
      for (const bool masked : {false, true}) {
        for (const Operation<T>& operation : operations<T>()) {
          T out[8];
          for (T& v : out) v = T(77);
          const Strides strides = strides_of(layout);
          const Logits<T> logits{z, layout, beta, NonFinite::kLimit, masked ? mask : nullptr, strides};
          const std::string_view name = operation.name;
          // Refused before they come here: the index of nothing. And no public function divides a weighted sum by beta.
          // A diagnosis has numbers of its own: diagnosis.cpp.
          if ((layout.rows() != 0 && name == "argmax") || name == "weighted smooth max" || name == "diagnose") continue;
          CHECK(operation.run(logits, {z, strides}, out).status == Status::kOk);
          const std::size_t written = operation.per_row ? layout.rows() : 0;
          const bool over_beta = name.find("smooth") != std::string_view::npos;
          const T nothing = static_cast<T>(over_beta && beta < 0 ? kInfinite : -kInfinite);
          for (std::size_t i = 0; i < written; ++i) {
            if (out[i] != (name.substr(0, 4) == "sign" ? T(0) : nothing)) {
              fail("%s %s of nothing, beta %g: %g", operation.name, type_name<T>(), beta, double(out[i]));
            }
          }
          CHECK(out[written] == T(77));
        }
      }
    }
  }
}

TEST(nothing_float32) { test_nothing<float>(); }
TEST(nothing_float64) { test_nothing<double>(); }

TEST(long_rows_float32) { each_table<float>(test_long_rows<float>); }
TEST(long_rows_float64) { each_table<double>(test_long_rows<double>); }

}  // namespace
}  // namespace softmax_native::test
