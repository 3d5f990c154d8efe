// Any kernel on any arguments that its contract allows: the same bits on every table, and nothing outside its arrays.
#include "../kernel_cases.hpp"

#include "../memory.hpp"
#include "family.hpp"

namespace softmax_native::test {
namespace {

constexpr double kBetas[] = {1, 0.7, -2, 30, 1e-10, 1e10, -1, -0.01};

template <class T>
class KernelCase {
 public:
  KernelCase(const Case<T>& tested, Input& input) : case_(tested), needs_(tested.needs), call_(shape(input)) {
    call_.beta = needs_.beta ? input.one_of(kBetas) : 1;
    call_.flag = needs_.flag && input.flip();
    x_.resize(size_of_x());
    weight_.resize(needs_.kind == Kind::product ? call_.depth * kPanel<T> : x_.size());
    mask_.resize(x_.size());
    // The kernels of short rows stop before a row without a finite maximum, whatever stands in it.
    for (T& x : x_) x = element<T>(input, palette_);
    restrict_to(needs_.domain, call_.beta, x_.data(), x_.size());
    const Palette of_weights = palette(input, false);
    for (T& w : weight_) w = input.one_in(5) ? T(0) : element<T>(input, of_weights);
    for (std::uint8_t& m : mask_) m = input.one_in(3) ? std::uint8_t{0} : input.byte();
    const T* counts = needs_.weight && needs_.kind == Kind::row ? weight_.data() : nullptr;
    call_.max = max_key(x_.data(), counts, x_.size(), call_.beta);
    call_.value = x_.empty() || input.flip() ? element<T>(input, palette_) : x_[input.below(x_.size())];
    shifted_ = input.flip();
    in_place_ = input.flip() && needs_.kind == Kind::row && needs_.out;
  }

  void test() {
    for (const KernelTable* table : tables()) {
      if (table->name[0] == 's') run(*table, false, false, wanted_);
    }
    for (const KernelTable* table : tables()) {
      Result result;
      run(*table, shifted_, in_place_, result);
      compare(*table, result);
    }
  }

 private:
  struct Result {
    Call<T> call;
    std::vector<T> out;
    std::vector<double> sums;
  };

  Call<T> shape(Input& input) {
    palette_ = palette(input, false);
    Call<T> c;
    c.n = input.length(needs_.kind == Kind::row ? kChunk : needs_.kind == Kind::tile ? kShort : 40) - 1;
    switch (needs_.kind) {
      case Kind::row:
      case Kind::attention:
        break;
      case Kind::tile:
        ++c.n;
        c.rows = input.below(input.room(40) + 1);
        break;
      case Kind::outer:
        ++c.n;
        c.rows = input.below(input.room(c.n + 1));
        break;
      case Kind::matrix:
        ++c.n;
        c.rows = 1 + input.below(input.room(40));
        c.x_stride = c.n + input.below(4);
        c.out_stride = c.rows + input.below(4);
        break;
      case Kind::product:
        c.n = 1 + input.below(kPanel<T>);
        c.rows = 1 + input.below(14);
        c.depth = 1 + input.below(input.room(input.one_in(8) ? kDepth : 20));
        c.x_stride = input.flip() ? 1 : c.depth + input.below(3);
        c.x_step = c.x_stride == 1 ? c.rows + input.below(3) : 1;
        c.out_stride = c.n + input.below(3);
        break;
    }
    return c;
  }

  std::size_t size_of_x() const {
    const Call<T>& c = call_;
    switch (needs_.kind) {
      case Kind::tile:
        return c.rows * c.n;
      case Kind::matrix:
        return (c.rows - 1) * c.x_stride + c.n;
      case Kind::product:
        return (c.rows - 1) * c.x_stride + (c.depth - 1) * c.x_step + 1;
      default:
        return c.n;
    }
  }
  std::size_t size_of_out() const {
    const Call<T>& c = call_;
    switch (needs_.kind) {
      case Kind::tile:
        return needs_.log_sum ? c.rows : c.rows * c.n;
      case Kind::matrix:
        return (c.n - 1) * c.out_stride + c.rows;
      case Kind::product:
        return (c.rows - 1) * c.out_stride + c.n;
      case Kind::outer:
        return c.rows * c.n;
      default:
        return c.n;
    }
  }

  void run(const KernelTable& table, bool shifted, bool in_place, Result& result) const {
    const Exactly<T> x(x_.size(), shifted, x_.data()), weight(weight_.size(), !shifted, weight_.data());
    const Exactly<T> out(size_of_out(), shifted);
    const Exactly<std::uint8_t> mask(mask_.size(), shifted, mask_.data());
    const Exactly<double> sums(needs_.kind == Kind::tile ? call_.rows : call_.n, shifted);
    Call<T>& c = result.call = call_;
    c.x = x.get();
    c.weight = weight.get();
    c.mask = mask.get();
    c.log_sum = sums.get();
    c.out = in_place ? x.get() : out.get();
    case_.run(table.of<T>(), c);
    // A tile's kernel says how many rows it did; what follows is as it was.
    result.out.assign(c.out, c.out + (needs_.out ? out.size() : 0));
    result.sums.assign(sums.get(), sums.get() + (needs_.log_sum ? sums.size() : 0));
    const std::size_t changed = in_place ? x_.size() : first_difference(x.get(), x_.data(), x_.size());
    if (changed != x_.size()) report(table, "input changed at", changed);
  }

  void compare(const KernelTable& table, const Result& result) const {
    const std::size_t n = wanted_.out.size();
    std::size_t i = first_difference(result.out.data(), wanted_.out.data(), n);
    // In place, what a search or a stop leaves is the input.
    if (i != n) report(table, "element", i);
    i = first_difference(result.sums.data(), wanted_.sums.data(), wanted_.sums.size());
    if (i != wanted_.sums.size()) report(table, "sum", i);
    for (std::size_t k = 0; k < 2; ++k) {
      if (!same_bits(result.call.number[k], wanted_.call.number[k])) report(table, "number", k);
    }
  }

  [[noreturn]] void report(const KernelTable& table, const char* what, std::size_t i) const {
    wrong("%s %s %s, n %zu, rows %zu, depth %zu, beta %g, flag %d, in place %d, max %a: %s %zu", table.name, case_.name,
          type_name<T>(), call_.n, call_.rows, call_.depth, call_.beta, call_.flag, in_place_, double(call_.max), what,
          i);
  }

  const Case<T>& case_;
  const Needs& needs_;
  Palette palette_ = Palette::kEighths;
  Call<T> call_;
  std::vector<T> x_, weight_;
  std::vector<std::uint8_t> mask_;
  bool shifted_ = false, in_place_ = false;
  Result wanted_;
};

template <class T>
void fuzz_kernel(Input& input) {
  const std::vector<Case<T>>& all = cases<T>();
  const Case<T>& tested = all[input.below(all.size())];
  // Tiles of attention are many small arrays: attention_kernels.cpp tests them at random.
  if (tested.needs.kind != Kind::attention) KernelCase<T>(tested, input).test();
}

}  // namespace

void fuzz(Input& input) {
  input.grow(4);
  if (input.flip()) {
    fuzz_kernel<float>(input);
  } else {
    fuzz_kernel<double>(input);
  }
}

}  // namespace softmax_native::test
