// What is asked of a distribution over classes, for each row: probabilities, the best classes, or one drawn class.
//
// A Source has rows(), classes() and make(rows, out), which writes logits of those rows, one after the other: numbers
// whose softmax is the distribution. There are a group of rows of them at a time, where the result is not all of them.
#pragma once

#include "linear_products.hpp"
#include "log_softmax.hpp"
#include "scratch.hpp"
#include "softmax.hpp"

namespace softmax_native {

enum class Form { kLogits, kProbabilities, kLogProbabilities };

// The `k` best classes of each row, best first; of equals the lower id.
template <class T>
struct Best {
  std::size_t k;
  std::int32_t* ids;
  T* log_probabilities;
};

template <class T>
Logits<T> whole_rows(const T* data, std::size_t rows, std::size_t classes) {
  return {data, {rows, classes, 1}, 1, NonFinite::kLimit, nullptr, {0, 0, 0}};
}

// out, logits of whole rows, in another form.
template <class T>
Outcome in_form(Form form, std::size_t rows, std::size_t classes, T* out) {
  if (form == Form::kProbabilities) return softmax(whole_rows<T>(out, rows, classes), out);
  if (form == Form::kLogProbabilities) return log_softmax(whole_rows<T>(out, rows, classes), out);
  return {};
}

// The ids of the k <= n greatest x, best first. What is NaN counts as the least of all.
template <class T>
void select_best(const T* x, std::size_t n, std::size_t k, std::int32_t* ids);

// A class from probabilities that sum to about 1, by a number in (0, 1): never one of probability 0. -1 where the
// probabilities are NaN.
template <class T>
std::int32_t draw(const T* p, std::size_t n, double uniform);

// Calls work(rows, logits) for a group of rows after the other.
template <class T, class Source, class Work>
Outcome each_group(const Source& source, const Work& work) {
  constexpr std::size_t kElements = std::size_t{1} << 20;
  const std::size_t rows = source.rows(), classes = source.classes();
  const std::size_t fit = kElements / (classes == 0 ? 1 : classes), group = fit == 0 ? 1 : fit < rows ? fit : rows;
  const Scratch memory(1, group * classes * sizeof(T));
  if (!memory.ok()) return {Status::kOutOfMemory, 0};
  T* logits = memory.template part<T>(0);
  for (std::size_t i = 0; i < pieces_of(rows, group); ++i) {
    const Span some = piece_of(rows, group, i);
    Outcome outcome = source.make(some, logits);
    if (outcome.status == Status::kOk) outcome = work(some, logits);
    if (outcome.status != Status::kOk) return outcome;
  }
  return {};
}

template <class T, class Source>
Outcome distribution(const Source& source, Form form, T* out) {
  const Outcome outcome = source.make({0, source.rows()}, out);
  return outcome.status == Status::kOk ? in_form(form, source.rows(), source.classes(), out) : outcome;
}

template <class T, class Source>
Outcome best(const Source& source, const Best<T>& result) {
  const std::size_t n = source.classes(), k = result.k;
  return each_group<T>(source, [&](Span rows, T* logits) {
    std::int32_t* ids = result.ids + rows.first * k;
    for (std::size_t r = 0; r < rows.count; ++r) select_best(logits + r * n, n, k, ids + r * k);
    const Outcome outcome = in_form(Form::kLogProbabilities, rows.count, n, logits);
    for (std::size_t i = 0; i < rows.count * k; ++i) {
      result.log_probabilities[rows.first * k + i] = logits[i / k * n + static_cast<std::size_t>(ids[i])];
    }
    return outcome;
  });
}

template <class T, class Source>
Outcome sample(const Source& source, const double* uniforms, std::int32_t* ids) {
  const std::size_t n = source.classes();
  return each_group<T>(source, [&](Span rows, T* logits) {
    const Outcome outcome = in_form(Form::kProbabilities, rows.count, n, logits);
    for (std::size_t r = 0; r < rows.count; ++r) {
      ids[rows.first + r] = draw(logits + r * n, n, uniforms[rows.first + r]);
    }
    return outcome;
  });
}

}  // namespace softmax_native
