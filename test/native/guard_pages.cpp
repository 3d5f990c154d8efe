// No kernel reads or writes outside its arrays: each array in turn ends, and starts, at the border of a page that may
// not be touched, and the rest of its page must stay as it was. This is what sees masked loads and stores, for which
// sanitizers are blind.
#include <cstring>

#include "distributions.hpp"
#include "fault_handler.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

// Where the arrays of a call lie, and what is asked of it.
struct Placement {
  bool at_end, in_place;
};

constexpr Placement kPlacements[] = {{true, false}, {true, true}, {false, false}, {false, true}};
constexpr std::size_t kMostRows = 33, kLongest = 300, kCapacity = 64 * 64;

template <class T>
class GuardedCall {
 public:
  GuardedCall(const KernelTable& table, const Case<T>& tested) : table_(table), case_(tested) {}

  void row(std::size_t n, double beta, bool flag, Placement placement) {
    shape_ = Call<T>{};
    shape_.n = n;
    shape_.beta = beta;
    shape_.flag = flag;
    run(n, n, n, placement);
  }
  // Contiguous rows of n.
  void tile(std::size_t n, std::size_t rows, double beta, Placement placement) {
    shape_ = Call<T>{};
    shape_.n = n;
    shape_.rows = rows;
    shape_.beta = beta;
    const std::size_t results = case_.needs.log_sum ? rows : rows * n;
    run(rows * n, results, rows, placement);
  }
  // Rows of a matrix of n columns that is made from n numbers.
  void outer(std::size_t n, std::size_t rows, bool flag, bool at_end) {
    shape_ = Call<T>{};
    shape_.n = n;
    shape_.rows = rows;
    shape_.flag = flag;
    run(n, rows * n, 0, {at_end, false});
  }
  // A matrix whose rows lie `gap` elements apart, transposed to columns that do.
  void matrix(std::size_t rows, std::size_t columns, std::size_t gap, bool at_end) {
    shape_ = Call<T>{};
    shape_.n = columns;
    shape_.rows = rows;
    shape_.x_stride = columns + gap;
    shape_.out_stride = rows + gap;
    run((rows - 1) * shape_.x_stride + columns, (columns - 1) * shape_.out_stride + rows, 0, {at_end, false});
    for (std::size_t c = 0; c + 1 < columns; ++c) {
      if (!is_canary(shape_.out + c * shape_.out_stride + rows, gap)) report("wrote between columns");
    }
  }
  // [rows, depth] by a packed panel, from a matrix that lies by rows or by columns.
  void product(std::size_t rows, std::size_t depth, std::size_t columns, bool by_columns, bool at_end) {
    shape_ = Call<T>{};
    shape_.n = columns;
    shape_.rows = rows;
    shape_.depth = depth;
    shape_.x_stride = by_columns ? 1 : depth + 1;
    shape_.x_step = by_columns ? rows + 1 : 1;
    shape_.out_stride = columns + 2;
    shape_.flag = by_columns;
    weights_ = depth * kPanel<T>;
    run((rows - 1) * shape_.x_stride + (depth - 1) * shape_.x_step + 1, (rows - 1) * shape_.out_stride + columns, 0,
        {at_end, false});
    for (std::size_t r = 0; r + 1 < rows; ++r) {
      if (!is_canary(shape_.out + r * shape_.out_stride + columns, 2)) report("wrote between rows");
    }
  }

 private:
  void run(std::size_t inputs, std::size_t outputs, std::size_t sums, Placement placement) {
    placement_ = placement;
    x_pages_.writable(true);
    T* x = x_pages_.place<T>(inputs, placement.at_end);
    const std::size_t weights = weights_ == 0 ? inputs : weights_;
    T* weight = weight_pages_.place<T>(weights, placement.at_end);
    std::uint8_t* mask = mask_pages_.place<std::uint8_t>(inputs, placement.at_end);
    for (std::size_t i = 0; i < inputs; ++i) {
      x[i] = -static_cast<T>(i % 29) / T(3);
      mask[i] = i % 5 != 0;
    }
    for (std::size_t i = 0; i < weights; ++i) weight[i] = static_cast<T>(i % 3);
    if (case_.needs.domain == Domain::not_negative) restrict_to(Domain::not_negative, 1, x, inputs);
    shape_.x = x;
    shape_.weight = weight;
    shape_.mask = mask;
    shape_.log_sum = sum_pages_.place<double>(sums, placement.at_end);
    shape_.out = placement.in_place ? x : out_pages_.place<T>(outputs, placement.at_end);
    shape_.max = max_key(x, case_.needs.weight && weights_ == 0 ? weight : nullptr, inputs, shape_.beta);
    shape_.value = T(1000);  // not there: a search goes to the very end
    x_pages_.writable(placement.in_place);
    if (sigsetjmp(before_call, 1) != 0) return report("touched a guard page, or wrote its input");
    case_.run(table_.of<T>(), shape_);
    if (!x_pages_.intact() || !sum_pages_.intact() || (!placement.in_place && !out_pages_.intact())) {
      report("wrote beside its output");
    }
  }

  void report(const char* what) const {
    fail("%s %s %s, n %zu, rows %zu, beta %g, flag %d, array at the %s of its pages%s: %s", table_.name, case_.name,
         type_name<T>(), shape_.n, shape_.rows, shape_.beta, shape_.flag, placement_.at_end ? "end" : "start",
         placement_.in_place ? ", in place" : "", what);
  }

  const KernelTable& table_;
  const Case<T>& case_;
  Call<T> shape_;
  Placement placement_ = kPlacements[0];
  std::size_t weights_ = 0;  // elements, where not as many as inputs
  GuardedPages x_pages_{kCapacity * sizeof(T)}, out_pages_{kCapacity * sizeof(T)}, weight_pages_{kCapacity * sizeof(T)};
  GuardedPages mask_pages_{kCapacity}, sum_pages_{kCapacity * sizeof(double)};
};

template <class T>
void guard_case(const KernelTable& table, const Case<T>& tested) {
  GuardedCall<T> guarded(table, tested);
  for (const Placement placement : kPlacements) {
    const Needs& needs = tested.needs;
    if (placement.in_place && (!needs.out || needs.log_sum)) continue;
    switch (needs.kind) {
      case Kind::row:
        for (std::size_t n = 0; n <= kLongest; ++n) {
          if ((n + tested.name[0]) % kEveryCase != 0) continue;
          for (const double beta : {1.0, -0.7}) {
            if (beta != 1 && !needs.beta) continue;
            for (const bool flag : {false, true}) {
              if (!flag || needs.flag) guarded.row(n, beta, flag, placement);
            }
          }
        }
        break;
      case Kind::tile:
        for (std::size_t n = 1; n <= kShort; ++n) {
          if ((n + tested.name[0]) % kEveryCase != 0) continue;
          for (std::size_t rows = 0; rows <= kMostRows; ++rows) guarded.tile(n, rows, rows % 2 ? 1 : -0.7, placement);
        }
        break;
      case Kind::outer:
        if (placement.in_place) break;
        for (std::size_t n = 1; n <= kMostRows; ++n) {
          for (std::size_t rows = 0; rows <= n; ++rows) guarded.outer(n, rows, (n + rows) % 2 != 0, placement.at_end);
        }
        break;
      case Kind::matrix:
        if (placement.in_place) break;
        for (std::size_t rows = 1; rows <= kMostRows; ++rows) {
          for (std::size_t columns = 1; columns <= kMostRows; ++columns) {
            for (const std::size_t gap : {0, 1, 3}) guarded.matrix(rows, columns, gap, placement.at_end);
          }
        }
        break;
      case Kind::attention:
        break;  // in attention_kernels.cpp
      case Kind::product:
        if (placement.in_place) break;
        for (std::size_t rows = 1; rows <= 14; ++rows) {
          for (std::size_t columns = 1; columns <= kPanel<T>; ++columns) {
            for (const bool by_columns : {false, true}) {
              guarded.product(rows, 1 + (rows + columns) % 5, columns, by_columns, placement.at_end);
            }
          }
        }
        break;
    }
  }
}

template <class T>
void guard_all() {
  const FaultHandler handler;
  for (const KernelTable* table : tables()) {
    for (const Case<T>& tested : cases<T>()) guard_case(*table, tested);
  }
}

TEST(no_kernel_leaves_its_arrays_float32) { guard_all<float>(); }
TEST(no_kernel_leaves_its_arrays_float64) { guard_all<double>(); }

// The harness itself: a kernel that reads one element too far, or writes one, is seen.
TEST(the_guard_pages_are_seen) {
  const FaultHandler handler;
  GuardedPages pages(100);
  for (const bool at_end : {false, true}) {
    float* p = pages.place<float>(10, at_end);
    volatile float* beside = at_end ? p + 10 : p - 1;
    bool faulted = false;
    if (sigsetjmp(before_call, 1) == 0) {
      (void)*beside;
    } else {
      faulted = true;
    }
    CHECK(faulted);
    CHECK(pages.intact());
    *(at_end ? p - 1 : p + 10) = 1;
    CHECK(!pages.intact());
  }
}

}  // namespace
}  // namespace softmax_native::test
