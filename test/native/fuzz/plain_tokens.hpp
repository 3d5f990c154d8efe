// Tokens by their definitions (lib/reference/sample.ts): all that may be drawn in a list, sorted, from which each
// filter takes its part. What decides are float64 numbers; sums are long double here, and where one comes so near to
// its border that rounding might decide, `decided` says so.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "../../../native/operations/tokens.hpp"

namespace softmax_native::test {

template <class T>
class PlainTokens {
 public:
  using Real = long double;
  std::vector<std::int32_t> ids;
  std::vector<Real> values;
  bool decided = true;

  PlainTokens(const Sampling<T>& sampling, std::size_t row)
      : ids(sampling.width()), values(2 * sampling.width() + 3), s_(sampling), n_(sampling.logits.layout.n), row_(row),
        x_(sampling.source.data + row * n_) {
    bool nan = false;
    for (std::size_t i = 0; i < n_; ++i) nan = nan || std::isnan(x_[i]);
    List raw;
    for (std::size_t i = 0; i < n_; ++i) raw.push_back({static_cast<std::int32_t>(i), double(x_[i])});
    const List logits = raw;
    weigh(raw, 1);
    if (nan || (s_.logits.rule == NonFinite::kIeee && (raw.empty() || std::isinf(raw[0].key)))) {
      std::fill(ids.begin(), ids.end(), -1);
      std::fill(values.begin(), values.end(), std::numeric_limits<Real>::quiet_NaN());
      return;
    }
    List all = changed_logits(), kept = all;
    double beta = 1;
    bool scales = false;
    for (std::uint64_t stages = s_.stages; stages != 0; stages >>= 3) {
      const Stage stage = static_cast<Stage>(stages & 7);
      if (stage == Stage::kBias || stage == Stage::kPenalties) continue;
      scales = scales || stage == Stage::kTemperature;
      if (stage == Stage::kTemperature) beta = s_.logits.beta;
      weigh(kept, beta);
      if (!kept.empty()) take(stage, kept);
    }
    weigh(kept, beta);
    draw(kept);
    List best = logits;
    std::stable_sort(best.begin(), best.end(), [](const Token& a, const Token& b) { return a.value > b.value; });
    for (std::size_t i = 0; i < s_.top; ++i) ids[s_.count + i] = best[i].id;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      values[i] = log_probability(kept, ids[i]);
      values[ids.size() + i] = log_probability(raw, ids[i]);
    }
    weigh(all, scales ? s_.logits.beta : 1);
    values[2 * ids.size()] = static_cast<Real>(kept.size());
    values[2 * ids.size() + 1] = mass_of(all, kept);
    values[2 * ids.size() + 2] = entropy(kept);
  }

 private:
  struct Token {
    std::int32_t id;
    double value;
    double key = 0, x = 0;
    Real w = 0, distance = 0;
  };
  using List = std::vector<Token>;

  static constexpr Real kNear = 1e-13L;
  const Sampling<T>& s_;
  std::size_t n_, row_;
  const T* x_;

  // After bias and penalties; what is banned is left out.
  List changed_logits() const {
    std::vector<double> value(x_, x_ + n_);
    std::vector<bool> banned(n_);
    std::map<std::int32_t, int> times;
    if (s_.history != nullptr) {
      for (std::int32_t i = s_.offsets[row_]; i < s_.offsets[row_ + 1]; ++i) ++times[s_.history[i]];
    }
    for (std::uint64_t stages = s_.stages; stages != 0; stages >>= 3) {
      const Stage stage = static_cast<Stage>(stages & 7);
      for (std::size_t i = 0; stage == Stage::kBias && i < s_.bias_count; ++i) {
        const std::size_t id = static_cast<std::size_t>(s_.bias_ids[i]);
        if (std::isinf(s_.biases[i])) banned[id] = true;
        value[id] += s_.biases[i];
      }
      if (stage != Stage::kPenalties) continue;
      for (const auto& [id, count] : times) {
        double& z = value[static_cast<std::size_t>(id)];
        z = (z > 0 ? z / s_.repetition : z * s_.repetition) - s_.presence - s_.frequency * count;
      }
    }
    List list;
    for (std::size_t i = 0; i < n_; ++i) {
      const std::int32_t* words = s_.allowed == nullptr ? nullptr : s_.allowed + row_ * s_.allowed_stride;
      const bool allowed = words == nullptr || (static_cast<std::uint32_t>(words[i / 32]) >> (i % 32) & 1) != 0;
      if (allowed && !banned[i] && !std::isnan(value[i])) list.push_back({static_cast<std::int32_t>(i), value[i]});
    }
    return list;
  }

  static bool best_first(const Token& a, const Token& b) { return a.key == b.key ? a.id < b.id : a.key > b.key; }

  void weigh(List& list, double beta) {
    const double infinity = std::numeric_limits<double>::infinity(), size = std::fabs(beta);
    double max = -infinity;
    for (Token& t : list) {
      t.key = beta < 0 ? -t.value : t.value;
      max = std::fmax(max, t.key);
    }
    for (Token& t : list) {
      const double gap = t.key - max;
      if (t.key == -infinity) {
        t.x = -infinity;
      } else if (t.key == max) {
        t.x = 0;
      } else if (max == infinity || size == infinity) {
        t.x = -infinity;
      } else {
        t.x = std::isfinite(gap) ? size * gap : size * t.key - size * max;
      }
      t.w = std::exp(Real(t.x));
      // At the border of float64 it may be drawn or not.
      decided = decided && std::fabs(t.x + 745) > 1;
      if (-746 >= t.x) t.w = 0;
    }
    std::erase_if(list, [&](const Token& t) { return t.x == -infinity; });
    std::sort(list.begin(), list.end(), best_first);
  }

  static Real total(const List& list) {
    Real sum = 0;
    for (const Token& t : list) sum += t.w;
    return sum;
  }
  static Real log_total(const List& list) {
    Real sum = 0;
    for (std::size_t i = 1; i < list.size(); ++i) sum += list[i].w;
    return std::log1p(sum);
  }
  static Real entropy(const List& list) {
    if (list.empty()) return std::numeric_limits<Real>::quiet_NaN();
    Real moment = 0;
    for (const Token& t : list) moment += t.w == 0 ? 0 : t.w * t.x;
    return log_total(list) - moment / total(list);
  }

  void take(Stage stage, List& list) {
    switch (stage) {
      case Stage::kTemperature:
        if (std::isinf(s_.logits.beta)) keep_beginning(list, 1);
        break;
      case Stage::kTopK:
        keep_beginning(list, s_.top_k);
        break;
      case Stage::kMinP:
        std::erase_if(list, [&](const Token& t) { return !(t.x >= s_.least_log); });
        break;
      case Stage::kTopP:
        keep_beginning(list, length_of_mass(list, s_.top_p));
        break;
      case Stage::kTypicalP:
        keep_typical(list);
        break;
      default:
        break;
    }
  }

  void keep_beginning(List& list, std::size_t length) const {
    std::size_t end = std::min(length, list.size());
    while (s_.keeps_ties && end < list.size() && list[end].key == list[end - 1].key) ++end;
    list.resize(end, Token{});
  }

  std::size_t length_of_mass(const List& list, double part) {
    const Real wanted = Real(part) * total(list);
    Real sum = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      sum += list[i].w;
      if (std::fabs(sum - wanted) <= kNear * wanted) decided = false;
      if (sum >= wanted) return i + 1;
    }
    return list.size();
  }

  void keep_typical(List& list) {
    const Real h = entropy(list), log = log_total(list);
    for (Token& t : list) t.distance = std::fabs(log - t.x - h);
    std::sort(list.begin(), list.end(), [](const Token& a, const Token& b) {
      return a.distance == b.distance ? best_first(a, b) : a.distance < b.distance;
    });
    const std::size_t length = length_of_mass(list, s_.typical_p);
    // What is as far as the last but for rounding may change places with it.
    const Token& last = list[length - 1];
    for (const Token& t : list) {
      const bool near = std::fabs(t.distance - last.distance) <= kNear * 100 * (1 + std::fabs(h) + log);
      if (near && t.key != last.key) decided = false;
    }
    keep_beginning(list, length);
  }

  void draw(const List& kept) {
    List left;
    for (const Token& t : kept) {
      if (t.w > 0) left.push_back(t);
    }
    std::sort(left.begin(), left.end(), [](const Token& a, const Token& b) { return a.id < b.id; });
    const bool enough = !left.empty() && (s_.replace || left.size() >= s_.count);
    for (std::size_t i = 0; i < s_.count; ++i) {
      if (!enough) {
        ids[i] = -2;
        continue;
      }
      const Real all = total(left), wanted = Real(s_.uniforms[row_ * s_.count + i]) * all;
      Real sum = 0;
      std::size_t drawn = 0;
      for (;; ++drawn) {
        sum += left[drawn].w;
        if (std::fabs(sum - wanted) <= kNear * all) decided = false;
        if (sum >= wanted || drawn + 1 == left.size()) break;
      }
      ids[i] = left[drawn].id;
      if (!s_.replace) left.erase(left.begin() + static_cast<std::ptrdiff_t>(drawn));
    }
  }

  static Real log_probability(const List& list, std::int32_t id) {
    if (id < 0) return std::numeric_limits<Real>::quiet_NaN();
    for (const Token& t : list) {
      if (t.id == id) return t.x - log_total(list);
    }
    return -std::numeric_limits<Real>::infinity();
  }

  static Real mass_of(const List& all, const List& kept) {
    std::vector<std::int32_t> ids;
    for (const Token& t : kept) ids.push_back(t.id);
    std::sort(ids.begin(), ids.end());
    Real sum = 0;
    for (const Token& t : all) sum += std::binary_search(ids.begin(), ids.end(), t.id) ? t.w : 0;
    return sum / total(all);
  }
};

}  // namespace softmax_native::test
