#include "loss_rows.hpp"

#include "limits.hpp"
#include "long_rows.hpp"

namespace softmax_native {

template <class T>
typename LossRows<T>::Piece LossRows<T>::piece_of(const LossPart<T>& part, T* e) const {
  Piece piece;
  const T* x = part.logits;
  const T max = piece.max = k_.max(x, part.length, negate());
  if (max != max) return piece;
  const bool limit = beta_is_limit() || max - max != 0;
  const std::size_t named = masses_.named_in(part);
  // Everything that needs the logits comes before the exponentials that may take their place.
  if (named != masses_.kNone) {
    piece.named_key = static_cast<double>(key(x[named]));
    piece.named = masses_.weight(part.start + named) * masses_.of_named(part, named);
  }
  if (masses_.weighs_all()) add_masses(part, named, limit, piece);
  if (const double masked = masses_.masked_mass(part); masked != 0) {
    piece.mass += masked;
    piece.impossible = true;
  }
  if (rule_ == NonFinite::kIeee) look_for_undefined(part, piece);
  if (limit) {
    piece.at_max = sharers(part, max);
  } else if (e == nullptr) {
    k_.exp_rest(x, part.length, max, beta_, &piece.rest, &piece.at_max);
  } else {
    k_.exp_rest_kept(x, e, part.length, max, beta_, &piece.rest, &piece.at_max);
  }
  return piece;
}

// The masses of all classes but one that is named.
template <class T>
void LossRows<T>::add_masses(const LossPart<T>& part, std::size_t named, bool limit, Piece& piece) const {
  const T* x = part.logits;
  const T of_target = static_cast<T>(masses_.of_target(part)), of_all = static_cast<T>(masses_.of_all(part));
  masses_.with_arrays(part, [&](const typename LossMasses<T>::Arrays& arrays) {
    const auto add = [&](std::size_t from, std::size_t to) {
      if (from == to) return;
      double gaps = 0, mass = 0;
      k_.target_gaps(x + from, arrays.y == nullptr ? nullptr : arrays.y + from,
                     arrays.weight == nullptr ? nullptr : arrays.weight + from, to - from, limit ? T(0) : piece.max,
                     negate(), of_target, of_all, &gaps, &mass);
      piece.gaps += limit ? 0 : gaps;
      piece.mass += mass;
    };
    add(0, named == masses_.kNone ? part.length : named);
    if (named != masses_.kNone) add(named + 1, part.length);
    if (!limit) return;
    for (std::size_t i = 0; i < part.length; ++i) {
      if (i == named || shares(static_cast<double>(key(x[i])), static_cast<double>(piece.max))) continue;
      piece.outside = piece.outside || arrays.of(i, of_target, of_all) != 0;
    }
  });
}

// How many share the mass if this is a limit row with this maximum.
template <class T>
double LossRows<T>::sharers(const LossPart<T>& part, T max) const {
  const T infinity = static_cast<T>(kInfinity);
  if (max == -infinity) return 0;
  if (beta_ == 0 && max != infinity) {
    return static_cast<double>(part.length - k_.count_equal(part.logits, part.length, -infinity));
  }
  return static_cast<double>(k_.count_equal(part.logits, part.length, key(max)));
}

// What PyTorch's 0 * Infinity makes NaN: the row for beta = 0, the loss for a logit at -Infinity without mass.
template <class T>
void LossRows<T>::look_for_undefined(const LossPart<T>& part, Piece& piece) const {
  const T* x = part.logits;
  const T never = key(-static_cast<T>(kInfinity));
  if (beta_ == 0) {
    for (std::size_t i = 0; i < part.length; ++i) piece.lost = piece.lost || (x[i] - x[i] != 0 && part.takes_part(i));
  } else if (masses_.weighs_all() && k_.find_equal(x, part.length, never) != part.length) {
    const T of_target = static_cast<T>(masses_.of_target(part)), of_all = static_cast<T>(masses_.of_all(part));
    const std::size_t named = masses_.named_in(part);
    masses_.with_arrays(part, [&](const typename LossMasses<T>::Arrays& arrays) {
      for (std::size_t i = 0; i < part.length; ++i) {
        if (x[i] != never || i == named || !part.takes_part(i)) continue;
        piece.undefined = piece.undefined || arrays.of(i, of_target, of_all) == 0;
      }
    });
  }
  const std::size_t named = masses_.named_in(part);
  const bool is_named = named != masses_.kNone && part.takes_part(named);
  if (is_named && piece.named == 0 && piece.named_key == -kInfinity) piece.undefined = true;
}

template <class T>
typename LossRows<T>::Row LossRows<T>::join(std::size_t number, const Piece* pieces, std::size_t count) const {
  Row row;
  // Of a job that is given up there are pieces that nobody has written.
  if (ignored(number) || is_cancelled(flag_)) return row;
  bool lost = false, undefined = false, impossible = false;
  CompensatedSum mass;
  row.max = -static_cast<T>(kInfinity);
  for (std::size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces[i];
    lost = lost || piece.lost || piece.max != piece.max;
    undefined = undefined || piece.undefined;
    impossible = impossible || piece.impossible;
    row.max = piece.max > row.max ? piece.max : row.max;
    mass.add(piece.mass);
    if (piece.named == 0 && piece.named_key == 0) continue;
    row.named = piece.named;
    row.named_key = piece.named_key;
  }
  row.mass = mass.total();
  if (lost || (rule_ == NonFinite::kIeee && row.max - row.max != 0)) {
    row.kind = Kind::kUndefined;
    row.loss = row.log_sum_exp = __builtin_nan("");
    return row;
  }
  if (is_limit(row.max, beta_)) {
    row.kind = Kind::kLimit;
    join_limit(pieces, count, row);
  } else {
    row.kind = Kind::kOrdinary;
    join_ordinary(pieces, count, row);
  }
  if (z_loss_ != 0 && row_weight(number) != 0) {
    const double lse = row.log_sum_exp, factor = row_weight(number) * z_loss_;
    row.loss += factor * lse * lse;
    row.z = 2 * factor * lse;
  }
  if (impossible) row.loss = kInfinity;
  // A target of NaN is not hidden behind an infinite loss.
  if (undefined || row.mass != row.mass) row.loss = __builtin_nan("");
  return row;
}

template <class T>
void LossRows<T>::join_ordinary(const Piece* pieces, std::size_t count, Row& row) const {
  constexpr std::size_t kSome = 64;
  const double max = static_cast<double>(row.max);
  CompensatedSum rest, gaps;
  double maxima = 0;
  bool impossible = row.named != 0 && row.named_key == -kInfinity;
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].max != row.max) continue;
    rest.add(pieces[i].rest);
    maxima += pieces[i].at_max;
  }
  for (std::size_t first = 0; first < count && count > 1; first += kSome) {
    const std::size_t some = count - first < kSome ? count - first : kSome;
    double weight[kSome];
    for (std::size_t i = 0; i < some; ++i) weight[i] = static_cast<double>(pieces[first + i].max);
    kernels().f64.exp_sum(weight, weight, some, max, magnitude());
    for (std::size_t i = 0; i < some; ++i) {
      const Piece& piece = pieces[first + i];
      if (piece.max != row.max) rest.add((piece.rest + piece.at_max) * weight[i]);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces[i];
    gaps.add(piece.gaps);
    if (piece.max == -static_cast<T>(kInfinity)) {
      impossible = impossible || piece.outside;
    } else if (piece.mass != 0) {
      gaps.add(piece.mass * (static_cast<double>(piece.max) - max));
    }
  }
  if (row.named != 0) gaps.add(row.named * (row.named_key - max));
  row.rest = rest.total() + (maxima - 1);
  row.log_sum = row.rest;
  kernels().f64.log1p(&row.log_sum, &row.log_sum, 1);
  row.log_sum_exp = magnitude() * max + row.log_sum;
  row.loss = impossible ? kInfinity : (row.named + row.mass) * row.log_sum - magnitude() * gaps.total();
}

// All that share the mass have the same probability; any mass on another class costs infinitely much.
template <class T>
void LossRows<T>::join_limit(const Piece* pieces, std::size_t count, Row& row) const {
  const double max = static_cast<double>(row.max);
  double sharers = 0;
  bool outside = row.named != 0 && !shares(row.named_key, max);
  for (std::size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces[i];
    if (shares(static_cast<double>(piece.max), max)) {
      sharers += piece.at_max;
      outside = outside || piece.outside;
    } else {
      outside = outside || piece.outside || piece.mass != 0;
    }
  }
  row.rest = sharers - 1;
  row.log_sum = max == -kInfinity ? 0 : log_of(sharers);
  if (max - max != 0) {
    row.log_sum_exp = max;
  } else {
    row.log_sum_exp = beta_ == 0 || max == 0 ? row.log_sum : max > 0 ? kInfinity : -kInfinity;
  }
  const double mass = row.named + row.mass;
  row.loss = outside ? kInfinity : mass == 0 ? 0 : mass * row.log_sum;
}

// Rows whose gradient no exponential decides. True where out is written.
template <class T>
bool LossRows<T>::write_unless_ordinary(const LossPart<T>& part, const Row& row, T* out) const {
  if (row.kind == Kind::kOrdinary) return false;
  if (row.kind == Kind::kUndefined) {
    fill(out, part.length, static_cast<T>(__builtin_nan("")));
    return true;
  }
  if (row.kind == Kind::kLimit && row.max == static_cast<T>(kInfinity) && !beta_is_limit()) return false;
  fill(out, part.length, T(0));
  return true;
}

template <class T>
void LossRows<T>::gradient(const LossPart<T>& part, const Row& row, T* out) const {
  if (write_unless_ordinary(part, row, out)) return;
  if (row.kind == Kind::kLimit) {
    k_.select_equal(part.logits, out, part.length, key(row.max), T(1), T(0));
  } else {
    k_.exp_sum(part.logits, out, part.length, row.max, beta_);
  }
  write(part, row, 1, out, out, false);
}

template <class T>
void LossRows<T>::finish(const LossPart<T>& part, const Row& row, const Piece& piece, T* e, T* out, bool stream) const {
  if (write_unless_ordinary(part, row, out)) return;
  double weight = 1;
  if (row.kind == Kind::kLimit) {
    // A piece with a finite maximum holds exponentials, of no weight here; one with an infinite is as it was.
    if (piece.max == row.max) {
      k_.select_equal(part.logits, e, part.length, key(row.max), T(1), T(0));
    } else {
      fill(e, part.length, T(0));
    }
  } else if (piece.max == -static_cast<T>(kInfinity)) {
    fill(e, part.length, T(0));
  } else if (piece.max != row.max) {
    weight = static_cast<double>(piece.max);
    kernels().f64.exp_sum(&weight, &weight, 1, static_cast<double>(row.max), magnitude());
  }
  write(part, row, weight, e, out, stream);
}

// out = the gradient from exponentials, `weight` of which are relative to the row's maximum.
template <class T>
void LossRows<T>::write(const LossPart<T>& part, const Row& row, double weight, T* e, T* out, bool stream) const {
  const double scale = scale_ * beta_, all = row.named + row.mass + row.z;
  const T factor = static_cast<T>(scale * all / (1 + row.rest) * weight);
  const std::size_t named = masses_.named_in(part);
  // The maximum's own probability may be next to 1: what it lacks is made from the others.
  const bool dominant = !masses_.by_index() && weight == 1 && row.rest < 0.5;
  const std::size_t greatest = dominant ? k_.find_equal(e, part.length, T(1)) : part.length;
  if (factor - factor != 0) {
    write_infinite(part, factor, scale, e, out);
  } else if (!masses_.weighs_all()) {
    if (factor > 0) {
      k_.scale(e, out, part.length, factor, stream);
    } else {
      k_.loss_gradient(e, nullptr, nullptr, out, part.length, factor, T(0), T(0), stream);
    }
  } else {
    const T of_target = static_cast<T>(masses_.of_target(part)), of_all = static_cast<T>(masses_.of_all(part));
    masses_.with_arrays(part, [&](const typename LossMasses<T>::Arrays& arrays) {
      k_.loss_gradient(e, arrays.y, arrays.weight, out, part.length, factor, static_cast<T>(scale * of_target),
                       static_cast<T>(scale * of_all), stream);
      if (greatest == part.length) return;
      const double u = arrays.of(greatest, of_target, of_all), p = 1 / (1 + row.rest);
      out[greatest] = static_cast<T>(scale * (p * ((row.mass - u) + row.z) - u * (row.rest / (1 + row.rest))));
    });
  }
  if (named == masses_.kNone) return;
  if (!part.takes_part(named)) {
    out[named] = 0;
    return;
  }
  const double u = row.named, p = probability_of_named(row);
  const bool is_greatest = row.named_key == static_cast<double>(row.max);
  const double others = is_greatest ? row.rest / (1 + row.rest) : 1 - p;
  out[named] = static_cast<T>(scale * ((p == 0 ? 0 : p * (row.mass + row.z)) - u * others));
}

// The same for an infinite factor (of the z-loss), which meets no exponential of 0.
template <class T>
void LossRows<T>::write_infinite(const LossPart<T>& part, T factor, double scale, const T* e, T* out) const {
  const T of_target = static_cast<T>(masses_.of_target(part)), of_all = static_cast<T>(masses_.of_all(part));
  masses_.with_arrays(part, [&](const typename LossMasses<T>::Arrays& arrays) {
    for (std::size_t i = 0; i < part.length; ++i) {
      const double mass = masses_.weighs_all() ? arrays.of(i, of_target, of_all) : 0;
      out[i] = e[i] == 0 ? static_cast<T>(0 - scale * mass) : factor;
    }
  });
}

template <class T>
double LossRows<T>::probability_of_named(const Row& row) const {
  if (row.kind == Kind::kLimit) return row.named_key == static_cast<double>(row.max) ? 1 / (1 + row.rest) : 0;
  double e = row.named_key;
  kernels().f64.exp_sum(&e, &e, 1, static_cast<double>(row.max), magnitude());
  return e / (1 + row.rest);
}

template <class T>
void LossRows<T>::target_gradient(const LossPart<T>& part, const Row& row, T* out) const {
  const T nan = static_cast<T>(__builtin_nan("")), infinity = static_cast<T>(kInfinity);
  if (row.kind == Kind::kIgnored) return fill(out, part.length, T(0));
  if (row.kind == Kind::kUndefined) return fill(out, part.length, nan);
  if (row.kind == Kind::kOrdinary) {
    k_.log_softmax(part.logits, out, part.length, row.max, beta_, static_cast<T>(row.log_sum), false);
  } else {
    const double max = static_cast<double>(row.max);
    for (std::size_t i = 0; i < part.length; ++i) {
      const bool some = shares(static_cast<double>(key(part.logits[i])), max);
      out[i] = some ? static_cast<T>(-row.log_sum) : -infinity;
    }
  }
  const double scale = scale_ * masses_.of_target(part);
  for (std::size_t i = 0; i < part.length; ++i) {
    const double factor = part.takes_part(i) ? scale * masses_.of_probability(part.start + i) : 0;
    out[i] = factor == 0 ? T(0) : static_cast<T>(0 - factor * static_cast<double>(out[i]));
  }
}

template class LossRows<float>;
template class LossRows<double>;

}  // namespace softmax_native
