// What a fuzzer's bytes mean: choices, sizes and elements, read one after the other. When the bytes end, a generator
// that they seed goes on, so that a few bytes can stand for a long row, and each input is one case for ever.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "../distributions.hpp"

namespace softmax_native::test {

class Input {
 public:
  Input(const std::uint8_t* bytes, std::size_t size) : next_(bytes), end_(bytes + size), later_(hash(bytes, size)) {
    const std::size_t kind = below(256);
    room_ = kind < 160 ? 10 : kind < 232 ? 32 : kind < 252 ? 160 : kind < 255 ? 1000 : kAnyRoom;
  }

  std::uint8_t byte() {
    if (next_ != end_) return *next_++;
    if (ready_ == 0) {
      bits_ = later_.next();
      ready_ = 8;
    }
    --ready_;
    const std::uint8_t b = static_cast<std::uint8_t>(bits_);
    bits_ >>= 8;
    return b;
  }
  bool flip() { return (byte() & 1) != 0; }
  bool one_in(unsigned n) { return byte() % n == 0; }
  std::size_t below(std::size_t n) {
    std::size_t value = byte();
    if (n > 256) value = value << 8 | byte();
    return value % n;
  }
  template <class Item, std::size_t count>
  const Item& one_of(const Item (&items)[count]) {
    return items[below(count)];
  }

  // How many elements the case should have: most of them ten, one of 256 as many as its family knows. A small case
  // costs microseconds, most of what can go wrong shows in one, and what needs a long row still meets thousands.
  std::size_t room(std::size_t most) const { return room_ < most ? room_ : most; }

  // Makes the room larger, for families whose elements cost little.
  void grow(std::size_t times) { room_ = room_ == kAnyRoom ? room_ : room_ * times; }

  // A length up to `most` that the room allows: mostly a short one, and often one beside a power of two.
  std::size_t length(std::size_t most) {
    most = room(most);
    const std::size_t kind = below(8);
    std::size_t n = 1 + below(kind < 4 && most > 12 ? 12 : kind < 6 && most > 80 ? 80 : most);
    if (kind == 6) n = (std::size_t{1} << below(std::bit_width(most))) + below(3) - 1;
    return n < 1 ? 1 : n > most ? most : n;
  }

 private:
  static constexpr std::size_t kAnyRoom = static_cast<std::size_t>(-1);
  const std::uint8_t *next_, *end_;
  Random later_;
  std::uint64_t bits_ = 0;
  int ready_ = 0;  // bytes of bits_ that have not been given
  std::size_t room_ = kAnyRoom;

  static std::uint64_t hash(const std::uint8_t* bytes, std::size_t size) {
    std::uint64_t value = 14695981039346656037u;
    for (std::size_t i = 0; i < size; ++i) value = (value ^ bytes[i]) * 1099511628211u;
    return value;
  }
};

// The kinds of numbers that an array is made of. From kWild on NaN and infinities are among them.
enum class Palette { kEighths, kThousandths, kHundreds, kOneSize, kTiny, kAnyExponent, kWild, kAnyBits };

inline Palette palette(Input& input, bool finite) { return static_cast<Palette>(input.below(finite ? 6 : 8)); }

template <class T>
T element(Input& input, Palette palette) {
  using Limits = std::numeric_limits<T>;
  const auto integer = [&](std::size_t bytes) {
    std::int64_t value = static_cast<std::int8_t>(input.byte());
    for (; bytes > 1; --bytes) value = value * 256 + input.byte();
    return static_cast<T>(value);
  };
  switch (palette) {
    case Palette::kEighths:
      return integer(1) / 8;
    case Palette::kThousandths:
      return integer(2) / 1000;
    case Palette::kHundreds:
      return integer(3) / 30000;
    case Palette::kOneSize:
      return input.one_in(16) ? T(60) : T(0.1);
    case Palette::kTiny:
      return integer(1) * Limits::denorm_min();
    case Palette::kAnyExponent:
      return std::ldexp(integer(2) / 32768, static_cast<int>(input.below(200)) - 100);
    case Palette::kWild: {
      const T rare[] = {Limits::quiet_NaN(),
                        Limits::infinity(),
                        -Limits::infinity(),
                        Limits::max(),
                        Limits::lowest(),
                        Limits::min(),
                        T(-0.0),
                        Limits::denorm_min()};
      return input.one_in(6) ? input.one_of(rare) : integer(2) / 1000;
    }
    case Palette::kAnyBits: {
      unsigned char bits[sizeof(T)];
      for (unsigned char& b : bits) b = input.byte();
      T value;
      std::memcpy(&value, bits, sizeof(T));
      return value;
    }
  }
  return 0;
}

// Elements in memory of just their size, so that a sanitizer sees what leaves it; aligned as elements are and no
// better.
template <class T>
class Exactly {
 public:
  explicit Exactly(std::size_t n, bool shifted = false) : n_(n) {
    const std::size_t shift = shifted ? 1 : 0;
    memory_ = static_cast<T*>(std::malloc((n + shift) * sizeof(T)));
    if (memory_ == nullptr && n + shift != 0) std::abort();
    start_ = memory_ + shift;
    for (std::size_t i = 0; i < n; ++i) start_[i] = T(77);
  }
  Exactly(std::size_t n, bool shifted, const T* from) : Exactly(n, shifted) {
    for (std::size_t i = 0; i < n; ++i) start_[i] = from[i];
  }
  ~Exactly() { std::free(memory_); }
  Exactly(const Exactly&) = delete;
  Exactly& operator=(const Exactly&) = delete;

  T* get() const { return start_; }
  std::size_t size() const { return n_; }
  T& operator[](std::size_t i) const { return start_[i]; }

  void fill(Input& input, Palette palette) {
    for (std::size_t i = 0; i < n_; ++i) start_[i] = element<T>(input, palette);
  }

 private:
  std::size_t n_;
  T *memory_, *start_;
};

}  // namespace softmax_native::test
