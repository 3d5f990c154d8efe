// Every kernel of kernels.def gives the same bits on every table, at every alignment, in place or not. The scalar table
// at a register's boundary is what the others are compared with; accuracy_*.cpp and comparisons.cpp say that it is
// right. (Tiles of short rows, transposes and products, whose calls look different: short_rows.cpp, comparisons.cpp,
// products.cpp.)
#include <set>
#include <string>
#include <vector>

#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

constexpr std::size_t kLargest = 4097;
constexpr std::size_t kOffsets = 9;
constexpr double kBetas[] = {1, 0.7, -2, 30, 1e-10, 1e10, -1};

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> list;
  for (std::size_t n = 0; n <= 300; ++n) list.push_back(n);
  for (const std::size_t n : {std::size_t{1000}, std::size_t{4095}, std::size_t{4096}, kLargest}) list.push_back(n);
  return list;
}

// The rows of one distribution: every length is a prefix of another start in the same data.
template <class T>
struct Data {
  std::vector<T> x, weight;
  std::vector<std::uint8_t> mask;

  Data(const Needs& needs, Distribution distribution, double beta, Random& random)
      : x(kLargest + kShift), weight(x.size()), mask(x.size()) {
    fill(distribution, random, x.data(), x.size());
    restrict_to(needs.domain, beta, x.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      mask[i] = random.chance(0.3) ? std::uint8_t{0} : static_cast<std::uint8_t>(random.next());
      weight[i] = random.chance(0.2) ? T(random.chance(0.5) ? 0.0 : -0.0) : static_cast<T>(random.normal());
      // What has no weight takes no part, whatever it is.
      if (needs.weight && weight[i] == 0) x[i] = draw<T>(Distribution::special, random);
    }
  }
  static constexpr std::size_t kShift = 97;
  static std::size_t start(std::size_t n) { return n * 13 % kShift; }
};

template <class T>
class Matcher {
 public:
  Matcher(const Case<T>& tested, Distribution distribution, double beta, const Data<T>& data)
      : case_(tested), distribution_(distribution), beta_(beta), data_(data) {}

  void match(std::size_t n, std::size_t variant) {
    const std::size_t start = Data<T>::start(n);
    n_ = n;
    x_ = data_.x.data() + start;
    weight_ = data_.weight.data() + start;
    mask_ = data_.mask.data() + start;
    flag_ = variant % 2 != 0;
    value_ = n == 0 ? T(0) : x_[n * 7 / 10];
    max_ = max_key(x_, case_.needs.weight ? weight_ : nullptr, n, beta_);
    expected_ = call(table_named("scalar"), 0, 0, false);
    wanted_.assign(result_, result_ + (case_.needs.out ? n : 0));
    for (const KernelTable* table : tables()) {
      // Every offset for the table in use, one of them for those whose code does not know of alignment.
      const bool all = table == *tables().begin();
      for (std::size_t offset = all ? 0 : (n + variant) % kOffsets; offset < kOffsets; offset += all ? 1 : kOffsets) {
        for (const bool in_place : {false, true}) {
          if (!in_place || case_.needs.out) compare(*table, offset, in_place);
        }
      }
    }
  }

 private:
  static const KernelTable& table_named(const char* name) {
    for (const KernelTable* table : tables()) {
      if (std::string(table->name) == name) return *table;
    }
    fail("no table named %s", name);
    return **tables().begin();
  }

  Call<T> call(const KernelTable& table, std::size_t x_offset, std::size_t out_offset, bool in_place) {
    Call<T> c;
    c.n = n_;
    T* x = x_block_.place(x_offset, x_, n_);
    c.x = x;
    c.out = result_ = in_place ? x : out_block_.place(out_offset, n_);
    c.weight = weight_block_.place(out_offset, weight_, n_);
    c.mask = mask_block_.place(x_offset, mask_, n_);
    c.max = max_;
    c.value = value_;
    c.beta = beta_;
    c.flag = flag_;
    case_.run(table.of<T>(), c);
    return c;
  }

  void compare(const KernelTable& table, std::size_t offset, bool in_place) {
    const Call<T> c = call(table, offset, in_place ? offset : (offset * 5 + 3) % kOffsets, in_place);
    const std::size_t i = first_difference(c.out, wanted_.data(), wanted_.size());
    if (i < wanted_.size()) report(table, offset, in_place, "element", i, c.out[i], wanted_[i]);
    for (std::size_t k = 0; k < 2; ++k) {
      if (same_bits(c.number[k], expected_.number[k])) continue;
      report(table, offset, in_place, "number", k, c.number[k], expected_.number[k]);
    }
    if (!x_block_.intact() || (!in_place && !out_block_.intact())) {
      report(table, offset, in_place, "canary around", 0, 0, 0);
    }
    if (!in_place && first_difference(c.x, x_, n_) != n_) report(table, offset, in_place, "x changed", 0, 0, 0);
  }

  void report(const KernelTable& table, std::size_t offset, bool in_place, const char* what, std::size_t index,
              double got, double wanted) const {
    fail("%s %s %s, %s, beta %g, n %zu, offset %zu%s, flag %d, max %a: %s %zu is %a, not %a", table.name, case_.name,
         type_name<T>(), name_of(distribution_), beta_, n_, offset, in_place ? ", in place" : "", flag_,
         static_cast<double>(max_), what, index, got, wanted);
  }

  const Case<T>& case_;
  Distribution distribution_;
  double beta_;
  const Data<T>& data_;
  std::size_t n_ = 0;
  const T* x_ = nullptr;
  const T* weight_ = nullptr;
  const std::uint8_t* mask_ = nullptr;
  bool flag_ = false;
  T max_ = 0, value_ = 0;
  T* result_ = nullptr;
  Call<T> expected_;
  std::vector<T> wanted_;
  Block<T> x_block_{kLargest}, out_block_{kLargest}, weight_block_{kLargest};
  Block<std::uint8_t> mask_block_{kLargest};
};

template <class T>
void match_case(const Case<T>& tested) {
  Random random(seed());
  std::size_t turn = 0;
  for (const Distribution distribution : kDistributions) {
    for (const double beta : kBetas) {
      if (beta != 1 && !tested.needs.beta) continue;
      ++turn;
      const Data<T> data(tested.needs, distribution, beta, random);
      Matcher<T> matcher(tested, distribution, beta, data);
      for (const std::size_t n : lengths()) {
        if ((n + turn) % kEveryCase != 0) continue;
        for (std::size_t variant = 0; variant < (tested.needs.flag ? 2 : 1); ++variant) matcher.match(n, variant);
      }
    }
  }
}

template <class T>
void match_rows() {
  for (const Case<T>& tested : cases<T>()) {
    if (tested.needs.kind == Kind::row && !tested.needs.log_sum) match_case(tested);
  }
}

TEST(row_kernels_have_the_same_bits_on_every_table_float32) { match_rows<float>(); }
TEST(row_kernels_have_the_same_bits_on_every_table_float64) { match_rows<double>(); }

TEST(every_table_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (const KernelTable* table : tables()) names.insert(table->name);
  CHECK(names.size() == tables().count);
  CHECK(names.count("scalar") == 1 && names.count("emulated") == 1);
}

TEST(every_table_has_every_kernel) {
  for (const KernelTable* table : tables()) {
#define KERNEL(name, result, arguments) CHECK(table->f32.name != nullptr && table->f64.name != nullptr);
#include "../../native/core/kernels.def"
#undef KERNEL
  }
}

TEST(tables_are_selected_by_name) {
  for (const KernelTable* table : tables()) {
    CHECK(select_table(table->name));
    CHECK(&kernels() == table);
    CHECK(!select_table("no such set"));
    CHECK(&kernels() == table);
  }
  CHECK(select_table((*tables().begin())->name));
}

}  // namespace
}  // namespace softmax_native::test
