// Cross-entropy of rows that come in pieces (chunks of a long row, tiles of logits that are never all there):
//   loss = Y lse - sum_c u_c a_c + (row weight) z lse^2,   a = beta x,  lse = log sum_c e^(a_c),  Y = sum_c u_c
//   d loss / d x_c = beta (p_c (Y + 2 (row weight) z lse) - u_c)
// u_c = w_c y'_c is what class c weighs: y' the target after label smoothing, w the class weight; with an index the
// class it names is kept apart from the others (`named`). 0 log 0 = 0. Everything that is summed is relative to a
// maximum: the loss is Y log1p(rest) - sum u (a - max), in which nothing cancels.
//
// Use: piece() for each piece, in class order; join() of them; gradient() for each piece, from its logits again. Or
// keep(), which leaves the piece's exponentials, and finish(), which makes the gradient of them.
// Logits are capped and masked (excluded_key) by the caller. Pieces have at most kChunk classes.
#pragma once

#include "../parallel/cancel.hpp"
#include "loss_masses.hpp"

namespace softmax_native {

template <class T>
class LossRows {
 public:
  // `scale` multiplies the gradients: 1, or 1 / total weight for the mean (gradient_scale).
  LossRows(std::size_t classes, double beta, NonFinite rule, const LossTargets<T>& targets,
           const LossOptions<T>& options, double scale)
      : masses_(classes, targets, options), beta_(beta), rule_(rule), z_loss_(options.z_loss), scale_(scale),
        k_(kernels().of<T>()) {}

  // Of the classes of a piece.
  struct Piece {
    T max;                      // the greatest key; NaN where there is one
    double rest = 0;            // sum of e^(beta (x - max)) below max
    double at_max = 0;          // how many are at max; in a limit (limits.hpp) how many share the mass
    double gaps = 0, mass = 0;  // sum of u (key - max) and of u, without the class that an index names
    double named = 0;           // u of that class, if it is in the piece
    double named_key = 0;       // and its key
    bool outside = false;       // whether a class without probability, in a limit or below all, has mass
    bool impossible = false;    // whether a masked class has mass
    bool undefined = false;     // under 'ieee': 0 * Infinity in the loss
    bool lost = false;          // under 'ieee': the whole row is NaN
  };

  enum class Kind { kOrdinary, kLimit, kUndefined, kIgnored };

  struct Row {
    Kind kind = Kind::kIgnored;
    T max = 0;               // the greatest key
    double rest = 0;         // sum of e^(beta (x - max)) but for one maximum; in a limit, sharers but for one
    double log_sum = 0;      // log1p(rest)
    double log_sum_exp = 0;  // 0 for an ignored row
    double loss = 0;
    double mass = 0, named = 0, named_key = 0;  // as in Piece
    double z = 0;                               // 2 (row weight) z lse
  };

  bool ignored(std::size_t row) const { return masses_.ignored(row); }
  double row_weight(std::size_t row) const { return masses_.row_weight(row); }

  Piece piece(const LossPart<T>& part) const { return piece_of(part, nullptr); }
  // Also stores e^(beta (x - the piece's max)) in `e`, which may be the logits, where that maximum is finite and beta
  // not a limit; else leaves it as it is.
  Piece keep(const LossPart<T>& part, T* e) const { return piece_of(part, e); }

  Row join(std::size_t row, const Piece* pieces, std::size_t count) const;

  // out = the gradient of the part's logits, which may be out.
  void gradient(const LossPart<T>& part, const Row& row, T* out) const;
  // The same from what keep() left in `e`, which may be out; `stream` writes past the caches.
  void finish(const LossPart<T>& part, const Row& row, const Piece& piece, T* e, T* out, bool stream) const;
  // out = the derivative in the target's probabilities: -log p (1 - smoothing) w, scaled.
  void target_gradient(const LossPart<T>& part, const Row& row, T* out) const;

 private:
  const LossMasses<T> masses_;
  const double beta_;
  const NonFinite rule_;
  const double z_loss_, scale_;
  const KernelsOf<T>& k_;
  const CancelFlag* const flag_ = current_cancel_flag();

  static constexpr double kInfinity = __builtin_inf();
  bool negate() const { return beta_ < 0; }
  double magnitude() const { return beta_ < 0 ? -beta_ : beta_; }
  bool beta_is_limit() const { return beta_ == 0 || beta_ - beta_ != 0; }
  T key(T x) const { return negate() ? -x : x; }
  // Whether a key shares the mass of a limit row with this maximum.
  bool shares(double key, double max) const {
    return max != -kInfinity && (beta_ == 0 && max != kInfinity ? key > -kInfinity : key == max);
  }

  Piece piece_of(const LossPart<T>& part, T* e) const;
  void add_masses(const LossPart<T>& part, std::size_t named, bool limit, Piece& piece) const;
  double sharers(const LossPart<T>& part, T max) const;
  void look_for_undefined(const LossPart<T>& part, Piece& piece) const;
  void join_limit(const Piece* pieces, std::size_t count, Row& row) const;
  void join_ordinary(const Piece* pieces, std::size_t count, Row& row) const;
  bool write_unless_ordinary(const LossPart<T>& part, const Row& row, T* out) const;
  void write(const LossPart<T>& part, const Row& row, double weight, T* e, T* out, bool stream) const;
  void write_infinite(const LossPart<T>& part, T factor, double scale, const T* e, T* out) const;
  double probability_of_named(const Row& row) const;
};

}  // namespace softmax_native
