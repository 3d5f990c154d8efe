// The memory in which a thread draws the tokens of a row.
#pragma once

#include <cstddef>

#include "token_keys.hpp"
#include "token_wheel.hpp"

namespace softmax_native {

// One block for all, so that it is the largest that a call asks for: glibc keeps pages for as much as twice the largest
// block that was freed, and returns the others, which then cost a page fault each in the next call.
template <class T>
struct TokenMemory {
  T *row, *copy;  // `row` only for rows of 16 bits
  std::int32_t* ids;
  Candidate* list;
  Changed* changed;
  std::int32_t* slots;
  std::size_t slot_count;
  double *exponents, *weights, *scores, *sums, *ends, *chunks, *row_chunks, *maxima, *changed_terms;
  std::size_t bytes = 0;

  // Of rows of n, of which so many logits change; from `start` on, or only measured where that is nullptr.
  TokenMemory(std::byte* start, std::size_t n, std::size_t changes, bool widens)
      : slot_count(ChangedLogits::slots(changes)) {
    const auto take = [this, start](auto** part, std::size_t count) {
      if (start != nullptr) *part = reinterpret_cast<std::remove_reference_t<decltype(*part)>>(start + bytes);
      bytes += divide_up(count * sizeof(**part), kLine) * kLine;
    };
    take(&row, widens ? n : 0);
    take(&exponents, n);
    take(&weights, n);
    take(&sums, Wheel::blocks(n));
    take(&ends, Wheel::blocks(n));
    take(&chunks, 4 * chunk_count(n));
    take(&row_chunks, 4 * chunk_count(n));
    take(&maxima, TokenKeys<T>::maxima(n));
    take(&changed_terms, changes);
    take(&changed, changes);
    take(&slots, slot_count);
    take(&copy, n);
    take(&ids, n);
    take(&scores, n);
    take(&list, n);
  }

 private:
  static constexpr std::size_t kLine = 64;
};

}  // namespace softmax_native
