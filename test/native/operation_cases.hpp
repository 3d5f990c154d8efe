// The operations of native/operations behind one signature, for the tests that ask the same of all of them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../native/operations/argmax.hpp"
#include "../../native/operations/diagnose.hpp"
#include "../../native/operations/derivatives.hpp"
#include "../../native/operations/log_softmax.hpp"
#include "../../native/operations/log_sum_exp.hpp"
#include "../../native/operations/softmax.hpp"
#include "kernel_cases.hpp"

namespace softmax_native::test {

// All bits of a diagnosis as one whole number: what differs anywhere differs here.
template <class T>
T digest(const double* fields) {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < kDiagnosisFields; ++i) {
    const double field = fields[i] == fields[i] ? fields[i] : 0.125;  // NaN has bits of many kinds
    hash = (hash ^ std::bit_cast<std::uint64_t>(field)) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
  }
  return static_cast<T>(hash >> 44);
}

// Results of any kind as T: `out` has a result for each element, or for each row.
template <class T>
struct Operation {
  const char* name;
  bool per_row, weighted;
  Outcome (*run)(const Logits<T>& logits, const Broadcast<T>& weights, T* out);
};

template <class T>
const std::vector<Operation<T>>& operations() {
  using L = Logits<T>;
  using W = Broadcast<T>;
  static const std::vector<Operation<T>> list = {
      {"softmax", false, false, [](const L& z, const W&, T* out) { return softmax(z, out); }},
      {"log_softmax", false, false, [](const L& z, const W&, T* out) { return log_softmax(z, out); }},
      {"hardmax", false, false, [](const L& z, const W&, T* out) { return hardmax(z, false, out); }},
      {"hardmax split", false, false, [](const L& z, const W&, T* out) { return hardmax(z, true, out); }},
      {"log_sum_exp", true, false, [](const L& z, const W&, T* out) { return log_sum_exp(z, false, out); }},
      {"smooth max", true, false, [](const L& z, const W&, T* out) { return log_sum_exp(z, true, out); }},
      {"argmax", true, false,
       [](const L& z, const W&, T* out) {
         std::vector<std::int32_t> index(z.layout.rows());
         const Outcome outcome = argmax(z, index.data());
         for (std::size_t i = 0; i < index.size(); ++i) out[i] = static_cast<T>(index[i]);
         return outcome;
       }},
      {"diagnose", true, false,
       [](const L& z, const W&, T* out) {
         std::vector<double> fields(z.layout.rows() * kDiagnosisFields);
         const Outcome outcome = diagnose(z, false, fields.data());
         if (outcome.status != Status::kOk) return outcome;
         for (std::size_t i = 0; i < z.layout.rows(); ++i) out[i] = digest<T>(&fields[i * kDiagnosisFields]);
         return outcome;
       }},
      {"weighted log_sum_exp", true, true,
       [](const L& z, const W& w, T* out) {
         std::vector<T> sign(z.layout.rows());
         return weighted_log_sum_exp(z, w, false, out, sign.data());
       }},
      {"weighted smooth max", true, true,
       [](const L& z, const W& w, T* out) {
         std::vector<T> sign(z.layout.rows());
         return weighted_log_sum_exp(z, w, true, out, sign.data());
       }},
      {"weighted log_sum_exp without sign", true, true,
       [](const L& z, const W& w, T* out) { return weighted_log_sum_exp<T>(z, w, false, out, nullptr); }},
      {"sign of the weighted sum", true, true,
       [](const L& z, const W& w, T* sign) {
         std::vector<T> value(z.layout.rows());
         return weighted_log_sum_exp(z, w, false, value.data(), sign);
       }},

      // Derivatives: the weights, which have the layout of the logits, are what is multiplied with.
      {"softmax_vjp", false, true, [](const L& p, const W& g, T* out) { return softmax_vjp(p, g.data, out); }},
      {"log_softmax_vjp", false, true, [](const L& l, const W& g, T* out) { return log_softmax_vjp(l, g.data, out); }},
      {"log_softmax_jvp", false, true, [](const L& l, const W& t, T* out) { return log_softmax_jvp(l, t.data, out); }},
      {"log_sum_exp_vjp", false, true,
       [](const L& z, const W& w, T* out) {
         std::vector<T> g(z.layout.rows());
         for (std::size_t row = 0; row < g.size(); ++row) {
           const std::size_t o = row / z.layout.inner, i = row % z.layout.inner;
           g[row] = z.layout.n == 0 ? T(0) : w.data[o * w.strides.outer + i * w.strides.inner];
         }
         return log_sum_exp_vjp(z, g.data(), out);
       }},
      {"softmax_beta_gradient", false, true,
       [](const L& z, const W&, T* out) { return softmax_beta_gradient(z, out); }},
  };
  return list;
}

// The strides of an array that has the layout itself.
inline Strides strides_of(const Layout& layout) { return {layout.n * layout.inner, layout.inner, 1}; }

// A call on one row.
template <class T>
Logits<T> one_row(const T* x, std::size_t n, double beta, NonFinite rule, const std::uint8_t* mask = nullptr) {
  return {x, {1, n, 1}, beta, rule, mask, {n, 1, 1}};
}

}  // namespace softmax_native::test
