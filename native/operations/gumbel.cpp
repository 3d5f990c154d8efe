#include "gumbel.hpp"

#include "argmax.hpp"
#include "derivatives.hpp"
#include "softmax.hpp"

namespace softmax_native {
namespace {

// Noise in the order of the stream, gathered.
template <class T>
void add_gathered(const Perturbed<T>& z, const double* noise, T* to, std::size_t start, std::size_t length) {
  const T* x = z.source.read(start, length, to + start);
  for (std::size_t i = 0; i < length; ++i) {
    to[start + i] = static_cast<T>(static_cast<double>(x[i]) + noise[static_cast<std::size_t>(z.positions[start + i])]);
  }
}

// z' to `to`; false without memory.
template <class T>
bool perturb(const Perturbed<T>& z, T* to) {
  const std::size_t size = z.logits.layout.size();
  const Scratch scratch(z.positions == nullptr ? 0 : 1, size * sizeof(double));
  if (!scratch.ok()) return false;
  double* const noise = scratch.part<double>(0);
  if (noise != nullptr) {
    each_chunk(size, false, [&](std::size_t, std::size_t start, std::size_t length) {
      for (std::size_t i = start; i < start + length; ++i) noise[i] = 0;
      kernels().f64.add_gumbel(noise + start, noise + start, length, z.seed, start);
    });
  }
  each_chunk(size, false, [&](std::size_t, std::size_t start, std::size_t length) {
    T* const part = to + start;
    if (noise != nullptr) {
      add_gathered(z, noise, to, start, length);
    } else {
      kernels().of<T>().add_gumbel(z.source.read(start, length, part), part, length, z.seed, start);
    }
    if (!z.single) return;
    for (std::size_t i = 0; i < length; ++i) part[i] = static_cast<T>(static_cast<float>(part[i]));
  });
  return true;
}

}  // namespace

template <class T>
Outcome gumbel_softmax(const Perturbed<T>& z, bool hard, const Target<T>& out) {
  const std::size_t size = z.logits.layout.size();
  const Scratch scratch(size == 0 ? 0 : 1, size * sizeof(T));
  T* const noisy = scratch.part<T>(0);
  if (!scratch.ok() || !perturb(z, noisy)) return {Status::kOutOfMemory, 0};
  Logits<T> logits = z.logits;
  logits.data = noisy;
  T* const result = out.storage(noisy);
  const Outcome outcome = hard ? hardmax(logits, false, result) : softmax(logits, result);
  if (outcome.status == Status::kOk) out.finish(result, size);
  return outcome;
}

template <class T>
Outcome gumbel_softmax_vjp(const Perturbed<T>& z, const Source<T>& g, const Target<T>& out) {
  const std::size_t size = z.logits.layout.size();
  const Scratch scratch(size == 0 ? 0 : 2, size * sizeof(T));
  T *const noisy = scratch.part<T>(0), *const own = scratch.part<T>(1);
  if (!scratch.ok() || !perturb(z, noisy)) return {Status::kOutOfMemory, 0};
  Logits<T> logits = z.logits;
  logits.data = noisy;
  Outcome outcome = softmax(logits, noisy);
  if (outcome.status != Status::kOk) return outcome;
  T* const result = out.storage(own);
  outcome = softmax_vjp(logits, g.read_all(size, own), result);
  if (outcome.status == Status::kOk) out.finish(result, size);
  return outcome;
}

template Outcome gumbel_softmax<float>(const Perturbed<float>&, bool, const Target<float>&);
template Outcome gumbel_softmax<double>(const Perturbed<double>&, bool, const Target<double>&);
template Outcome gumbel_softmax_vjp<float>(const Perturbed<float>&, const Source<float>&, const Target<float>&);
template Outcome gumbel_softmax_vjp<double>(const Perturbed<double>&, const Source<double>&, const Target<double>&);

}  // namespace softmax_native
