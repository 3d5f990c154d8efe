// The beginning of a row in the order of a score, the greatest first, that has a wanted sum, without sorting the row. A
// sample says between which scores the end lies, give or take; one pass over the row sums up what is above and lists
// what is between; of that, bins say where the end is, and only what is in its bin is ordered. Where the sample was
// wrong the pass is done again with other bounds: the result depends on the row alone.
#pragma once

#include "token_candidates.hpp"

namespace softmax_native {

class TokenSelection {
 public:
  // `weights` are nullptr where each token counts as 1. -Infinity is the score of what takes no part. `ids` has room
  // for the row, `chunks` for two numbers of each of its chunks.
  TokenSelection(const double* scores, const double* weights, std::size_t n, std::int32_t* ids, double* chunks,
                 Candidates& list)
      : scores_(scores), weights_(weights), n_(n), ids_(ids), sums_(chunks), counts_(chunks + chunk_count(n)),
        list_(list) {}

  // Finds the shortest beginning with at least `wanted`, which is below `total`, the sum of all: by score, then by key,
  // then by id. What has a score below `least` is known to be behind its end.
  template <class KeyOf>
  void find(double wanted, double total, double least, bool ties, const KeyOf& key_of) {
    estimate(wanted, total, least);
    for (std::size_t attempt = 0;; ++attempt) {
      if (attempt == kAttempts) {
        low_ = kNothing;
        high_ = -kNothing;
      }
      gather();
      sort_into_bins(least);
      const CompensatedSum taken = before_end(wanted);
      CompensatedSum with_end = taken;
      with_end.add(bins_[end_].total());
      if (above_.total() >= wanted && high_ < -kNothing) {
        low_ = high_;
        high_ = -kNothing;
      } else if (with_end.total() < wanted && low_ > kNothing) {
        high_ = low_;
        low_ = kNothing;
      } else {
        return order_end(taken, wanted, ties, key_of);
      }
    }
  }

  // What has this score or less is not in the beginning.
  double bound() const { return low_; }

  // Calls drop(id) for what is above the bound and not in it, either.
  template <class Drop>
  void each_dropped(const Drop& drop) const {
    for (std::size_t i = 0; i < behind_; ++i) drop(ids_[i]);
    for (std::size_t i = list_.count(); i < listed_; ++i) drop(list_[i].id);
  }

 private:
  static constexpr std::size_t kSample = 2048, kBins = 512, kZooms = 4, kAttempts = 3;
  // A weight above this part of the total is not left to the sample. How many standard deviations of the sample's sums
  // are allowed for.
  static constexpr double kHeavy = 1.0 / 1024, kDeviations = 2;

  const double *scores_, *weights_;
  std::size_t n_;
  std::int32_t* ids_;
  double *sums_, *counts_;
  Candidates& list_;
  double low_ = kNothing, high_ = -kNothing;       // the end has a score above low_, and not above high_
  CompensatedSum above_;                           // of what is above high_
  std::size_t found_ = 0;                          // ids between
  double top_ = 0, per_bin_ = 0;                   // of the bins, the first of which has the greatest scores
  std::size_t end_ = 0, listed_ = 0, behind_ = 0;  // the end's bin, what was listed of it, the ids of later bins
  CompensatedSum bins_[kBins];

  double weight_of(std::int32_t id) const { return weights_ == nullptr ? 1 : weights_[id]; }

  // What is far below, or where the bins have no width, is in the last.
  std::size_t bin_of(double score) const {
    const double bin = (top_ - score) * per_bin_;
    return bin < kBins - 1 ? static_cast<std::uint32_t>(static_cast<std::int32_t>(bin)) : kBins - 1;
  }
  double edge_of(std::size_t bin) const { return top_ - static_cast<double>(bin) / per_bin_; }

  // False where all scores are one.
  bool set_bins(double top, double bottom) {
    top_ = top;
    per_bin_ = top > bottom ? static_cast<double>(kBins) / (top - bottom) : 0;
    if (per_bin_ - per_bin_ != 0) per_bin_ = 0;
    return per_bin_ != 0;
  }

  // low_ and high_ by a sample.
  void estimate(double wanted, double total, double least) {
    if (n_ < 2 * kSample) return;
    const std::size_t heavy = take_sample(total);
    double top = kNothing, bottom = -kNothing, spread = -1;
    for (std::size_t i = 0; i < list_.count(); ++i) {
      top = list_[i].x > top ? list_[i].x : top;
      bottom = list_[i].x < bottom ? list_[i].x : bottom;
    }
    bottom = bottom < least ? least : bottom;
    for (std::size_t zoom = 0; zoom < kZooms && set_bins(top, bottom); ++zoom) {
      double sums[kBins] = {}, sum = 0;
      std::size_t counts[kBins] = {}, between = 0, first = 0, last = 0;
      for (std::size_t i = 0; i < list_.count(); ++i) {
        const Candidate& c = list_[i];
        if (c.x > top) {
          sum += c.w;
        } else if (c.x >= bottom) {
          const std::size_t bin = bin_of(c.x);
          sums[bin] += c.w;
          ++counts[bin];
        }
      }
      if (spread < 0) spread = deviation(wanted, total, heavy, sums);
      while (first < kBins && sum + sums[first] <= wanted - spread) sum += sums[first++];
      for (last = first; last < kBins && sum < wanted + spread; ++last) {
        sum += sums[last];
        between += counts[last];
      }
      if (first > 0) high_ = top = edge_of(first);
      if (last < kBins) low_ = bottom = edge_of(last);
      if (between < kSample / 8) return;
    }
  }

  // A few standard deviations of the sample's sum up to the end, its sum over all being known. What is sampled above
  // the end is wrong by its own part only, and what is below by the other.
  double deviation(double wanted, double total, std::size_t heavy, const double* sums) const {
    std::size_t end = 0;
    for (double sum = 0; end + 1 < kBins && sum + sums[end] < wanted; ++end) sum += sums[end];
    const double part = wanted / total;
    double variance = 0, greatest = 0;
    for (std::size_t i = heavy; i < list_.count(); ++i) {
      const double weight = list_[i].w;
      const bool is_above = bin_of(list_[i].x) < end;
      const double error = (is_above ? 1 - part : part) * weight;
      variance += error * error;
      if (!is_above && weight > greatest) greatest = weight;
    }
    return kDeviations * __builtin_sqrt(variance) + greatest;
  }

  // Lists the heavy ones, and of the others some, each with the weight of all that it stands for; how many are heavy.
  std::size_t take_sample(double total) {
    list_.clear();
    const double heavy = weights_ == nullptr ? -kNothing : kHeavy * total;
    double left = total, sum = 0;
    if (heavy < 1) {
      const std::size_t found = kernels().f64.find_above(weights_, n_, heavy, ids_);
      for (std::size_t i = 0; i < found; ++i) {
        list_.add(0, ids_[i], scores_[ids_[i]], weights_[ids_[i]]);
        left -= weights_[ids_[i]];
      }
    }
    const std::size_t first = list_.count(), stride = n_ / kSample;
    for (std::size_t i = 0; i < kSample; ++i) {
      // Here and there, so that no period of the row meets that of the sample.
      const std::uint32_t mixed = static_cast<std::uint32_t>(i) * 2654435769u >> 8;
      const std::int32_t id = static_cast<std::int32_t>(i * stride + mixed % stride);
      const double weight = weight_of(id);
      if (scores_[id] == kNothing || weight > heavy) continue;
      list_.add(0, id, scores_[id], weight);
      sum += weight;
    }
    const double each = weights_ == nullptr ? static_cast<double>(stride) : sum > 0 && left > 0 ? left / sum : 0;
    for (std::size_t i = first; i < list_.count(); ++i) list_[i].w *= each;
    return first;
  }

  // The sum above high_, and the ids between.
  void gather() {
    const KernelsOf<double>& k = kernels().f64;
    found_ = find_in_chunks(n_, ids_, counts_, [&](std::size_t start, std::size_t length, std::int32_t* ids) {
      const double* scores = scores_ + start;
      sums_[start / kChunk] = high_ == -kNothing    ? 0
                              : weights_ == nullptr ? static_cast<double>(k.count_above(scores, length, high_))
                                                    : k.weight_above(scores, weights_ + start, length, high_);
      return k.find_between(scores, length, low_, high_, ids);
    });
    above_ = CompensatedSum();
    for (std::size_t c = 0; c < chunk_count(n_); ++c) above_.add(sums_[c]);
  }

  void sort_into_bins(double least) {
    double top = kNothing, bottom = -kNothing;
    for (std::size_t i = 0; i < found_; ++i) {
      const double score = scores_[ids_[i]];
      top = score > top ? score : top;
      bottom = score < bottom ? score : bottom;
    }
    set_bins(top, bottom < least ? least : bottom);
    for (CompensatedSum& bin : bins_) bin = CompensatedSum();
    for (std::size_t i = 0; i < found_; ++i) bins_[bin_of(scores_[ids_[i]])].add(weight_of(ids_[i]));
  }

  // Finds the bin with which the sum is there, or the last; the sum before it.
  CompensatedSum before_end(double wanted) {
    CompensatedSum sum = above_;
    for (end_ = 0; end_ + 1 < kBins; ++end_) {
      CompensatedSum with = sum;
      with.add(bins_[end_].total());
      if (with.total() >= wanted) break;
      sum = with;
    }
    return sum;
  }

  template <class KeyOf>
  void order_end(const CompensatedSum& taken, double wanted, bool ties, const KeyOf& key_of) {
    list_.clear();
    behind_ = 0;
    for (std::size_t i = 0; i < found_; ++i) {
      const std::int32_t id = ids_[i];
      const std::size_t bin = bin_of(scores_[id]);
      if (bin == end_) list_.add(key_of(id), id, scores_[id], weight_of(id));
      if (bin > end_) ids_[behind_++] = id;
    }
    listed_ = list_.count();
    list_.keep_sum(taken, wanted, ties);
  }
};

}  // namespace softmax_native
