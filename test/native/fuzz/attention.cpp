// Attention and its gradients for any shape, mask, bias, window and scale: the same bits on every table and number of
// threads; and against the formulas in long double, within what the rounding of scores, sums and products may make.
#include "../../../native/operations/attention.hpp"

#include "../memory.hpp"
#include "each_table.hpp"
#include "layouts.hpp"
#include "plain_attention.hpp"

namespace softmax_native::test {
namespace {

template <class T>
class AttentionFuzz {
 public:
  // A block is computed for 32 or 64 queries however few there are, and gradients by nothing else: one of 16 cases.
  explicit AttentionFuzz(Input& input) : AttentionFuzz(input, input.one_in(16)) {}

  AttentionFuzz(Input& input, bool blocks) : given_{shape_of(input, blocks)} {
    const AttentionShape& s = given_.shape;
    const std::size_t keys = s.batch * s.key_heads * s.keys;
    const Palette kind = input.flip() ? Palette::kEighths : Palette::kThousandths;
    const auto draw = [&](std::vector<T>& all, std::size_t n) {
      all.resize(n);
      for (T& x : all) x = element<T>(input, kind) / 8;
    };
    draw(given_.query, s.rows() * s.depth);
    draw(given_.key, keys * s.depth);
    draw(given_.value, keys * s.width);
    draw(given_.direction, s.rows() * s.width);
    const double scale[] = {1, 0.125, 0.3, -0.5}, cap[] = {0, 0, 2, 30}, wide[] = {1, 1, 1, 0, kInfiniteBeta};
    given_.scale = input.one_of(scale);
    given_.softcap = input.one_of(cap);
    given_.beta = input.flip() ? 1 : input.one_in(4) ? input.one_of(wide) : input.one_of(kFiniteBeta);
    given_.rule = static_cast<NonFinite>(input.below(2));
    if (input.one_in(3)) {
      given_.bias_strides = strides(input);
      draw(given_.bias, given_.elements(given_.bias_strides));
    }
    if (input.one_in(3)) {
      given_.mask_strides = strides(input);
      given_.mask.resize(given_.elements(given_.mask_strides));
      const std::size_t kept = 1 + input.below(8);
      for (std::uint8_t& m : given_.mask) m = input.below(8) < kept ? 1 : 0;
    }
    const std::int64_t offset = static_cast<std::int64_t>(s.keys) - static_cast<std::int64_t>(s.queries);
    if (input.one_in(3)) given_.last = offset;
    if (input.one_in(4)) given_.first = offset - static_cast<std::int64_t>(input.below(s.keys));
    shift_ = input.below(4);
    threads_ = 1 + input.below(3);
    differentiates_ = blocks;
    weights_ = blocks && input.one_in(3);
  }

  void test() {
    const auto wanted = on_each_table(
        threads_, [&] { return run(0); },
        [&](const auto& scalar, const char* table) {
          if (const char* what = run(shift_).difference(scalar)) {
            wrong("%s %s, %zu threads, %s: another %s", table, type_name<T>(), threads_, given_.name().c_str(), what);
          }
        });
    if (given_.beta - given_.beta == 0) PlainAttention<T>(given_).check(wanted);
  }

 private:
  static AttentionShape shape_of(Input& input, bool blocks) {
    constexpr std::size_t kMost = 16000, kFew = 8;
    AttentionShape s{
        1, 1, 1, input.length(blocks ? 160 : kFew), input.length(1200), input.length(80), input.length(80)};
    if (input.one_in(4)) s.batch = 2;
    if (input.one_in(3)) s.key_heads = 2;
    s.heads = s.key_heads * (input.one_in(3) ? 3 : 1);
    const std::size_t most = input.room(kMost) * 4;
    const auto products = [&] { return s.rows() * s.keys * (s.depth + s.width); };
    while (products() > most && s.batch * s.heads > 1) s.batch = s.heads = s.key_heads = 1;
    while (products() > most && s.queries > 1) s.queries /= 2;
    while (products() > most && s.depth > 1) s.depth /= 2;
    while (products() > most && s.width > 1) s.width /= 2;
    return s;
  }

  // Of an array that is broadcast along some of the axes.
  ScoreStrides strides(Input& input) const {
    const AttentionShape& s = given_.shape;
    std::size_t size = 1;
    const auto stride = [&](std::size_t length) {
      if (input.one_in(3)) return std::size_t{0};
      const std::size_t here = size;
      size *= length;
      return here;
    };
    ScoreStrides of{};
    of.key = stride(s.keys);
    of.query = stride(s.queries);
    of.head = stride(s.heads);
    of.batch = stride(s.batch);
    return of;
  }

  FoundAttention<T> run(std::size_t shift) const {
    const AttentionShape& s = given_.shape;
    const bool shifted = shift % 2 != 0;
    const Exactly<T> query(given_.query.size(), shifted, given_.query.data());
    const Exactly<T> key(given_.key.size(), shift > 1, given_.key.data());
    const Exactly<T> value(given_.value.size(), !shifted, given_.value.data());
    const Exactly<T> bias(given_.bias.size(), shifted, given_.bias.data());
    const Exactly<std::uint8_t> mask(given_.mask.size(), shifted, given_.mask.data());
    const Exactly<T> output(s.rows() * s.width, shifted), log_sum_exp(s.rows()), of_query(query.size(), shifted);
    const Exactly<T> weights(weights_ ? s.rows() * s.keys : 0), of_key(key.size()), of_value(value.size(), shifted);
    const Exactly<T> of_bias(bias.size());
    Attention<T> call = given_.call();
    call.query = query.get();
    call.key = key.get();
    call.value = value.get();
    if (call.bias.data != nullptr) call.bias.data = bias.get();
    if (call.mask.data != nullptr) call.mask.data = mask.get();
    attention<T>(call, {output.get(), log_sum_exp.get(), weights_ ? weights.get() : nullptr});
    const AttentionDirection<T> direction{given_.direction.data(), weights_ ? nullptr : output.get(),
                                          weights_ ? nullptr : log_sum_exp.get()};
    const AttentionGradients<T> gradients{of_query.get(), of_key.get(), of_value.get(),
                                          bias.size() == 0 ? nullptr : of_bias.get()};
    if (differentiates_) attention_vjp<T>(call, direction, gradients);
    const auto all = [](const Exactly<T>& a) { return std::vector<T>(a.get(), a.get() + a.size()); };
    FoundAttention<T> found{all(output), all(log_sum_exp), all(weights), {}, {}, {}, {}};
    if (!differentiates_) return found;
    found.query = all(of_query);
    found.key = all(of_key);
    found.value = all(of_value);
    found.bias = all(of_bias);
    return found;
  }

  GivenAttention<T> given_;
  std::size_t shift_ = 0, threads_ = 1;
  bool weights_ = false, differentiates_ = false;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    AttentionFuzz<float>(input).test();
  } else {
    AttentionFuzz<double>(input).test();
  }
}

}  // namespace softmax_native::test
