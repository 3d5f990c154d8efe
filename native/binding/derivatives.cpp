#include "derivatives.hpp"

#include "../operations/derivatives.hpp"

namespace softmax_native {
namespace {

// The positions that a result may be the same as.
constexpr unsigned kPoint = 1u << 0, kDirection = 1u << 3;

// A point and a direction of one layout, and a result of it. Nothing is staged: there is room for one input.
template <class Operation>
void product(Arguments& call, const Operation& operation) {
  by_type(call, [&](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> point = arguments.logits<T>();
    const T* direction = arguments.input<T>(3, point.layout.size());
    T* out = arguments.output<T>(1, point.layout.size(), kPoint | kDirection);
    if (arguments.ok()) arguments.finish(operation(point, direction, out));
  });
}

// Elements of a matrix for each row: more than any array has where the product is beyond all bounds.
std::size_t matrices_size(const Layout& layout) {
  return layout.n != 0 && layout.size() > SIZE_MAX / layout.n ? SIZE_MAX : layout.size() * layout.n;
}

template <class Operation>
void matrices(Arguments& call, const Operation& operation) {
  by_type(call, [&](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    T* out = arguments.output<T>(1, matrices_size(logits.layout), 0);
    if (arguments.ok()) arguments.finish(operation(logits, out));
  });
}

}  // namespace

void softmax_vjp_row(Arguments& call) {
  product(call, [](const auto& p, const auto* g, auto* out) { return softmax_vjp(p, g, out); });
}

void log_softmax_vjp_row(Arguments& call) {
  product(call, [](const auto& l, const auto* g, auto* out) { return log_softmax_vjp(l, g, out); });
}

void log_softmax_jvp_row(Arguments& call) {
  product(call, [](const auto& l, const auto* t, auto* out) { return log_softmax_jvp(l, t, out); });
}

void log_sum_exp_vjp_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    const T* g = arguments.input<T>(3, logits.layout.rows());
    T* out = arguments.output<T>(1, logits.layout.size(), kPoint);
    if (arguments.ok()) arguments.finish(log_sum_exp_vjp(logits, g, out));
  });
}

void softmax_beta_gradient_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    T* out = arguments.output<T>(1, logits.layout.size(), kPoint);
    if (arguments.ok()) arguments.finish(softmax_beta_gradient(logits, out));
  });
}

void softmax_jacobian_row(Arguments& call) {
  matrices(call, [](const auto& logits, auto* out) { return softmax_jacobian(logits, out); });
}

void log_softmax_jacobian_row(Arguments& call) {
  matrices(call, [](const auto& logits, auto* out) { return log_softmax_jacobian(logits, out); });
}

}  // namespace softmax_native
