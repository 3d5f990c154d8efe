// Minibatches of examples with candidates of their own: one example after the other, or a window of those that have the
// same target and share candidates. Rows and columns of the alias table lie anywhere, and memory is what this waits
// for. So while a minibatch is computed, the rows of the next are on their way, and the columns of the one after.
#include "candidate_rows.hpp"
#include "train_candidates.hpp"

namespace softmax_native {
namespace {

double log_of(double x) {
  kernels().f64.log(&x, &x, 1);
  return x;
}

// log(1 - e^x)
double log_of_others(double x) {
  kernels().f64.exp(&x, &x, 1);
  x = -x;
  kernels().f64.log1p(&x, &x, 1);
  return x;
}

// A minibatch before it is computed: the numbers that decide on candidates; of each set, the target and the candidates.
struct Prepared {
  std::size_t first = 0, count = 0;
  std::uint64_t* numbers = nullptr;
  std::int32_t* ids = nullptr;
};

template <class T>
class OwnTraining {
 public:
  OwnTraining(const Examples<T>& examples, const std::int32_t* targets, std::size_t batch, std::size_t ranges,
              const TrainedLayer<T>& layer, const OwnCandidates& candidates)
      : examples_(examples), targets_(targets), layer_(layer), given_(candidates),
        k_(kernels_for_rows<T>(examples.dim)), dim_(examples.dim), terms_(candidates.n + 1),
        batch_(batch < examples.count ? batch : examples.count), sets_(candidates.window ? 1 : batch_), ranges_(ranges),
        rate_(static_cast<T>(-layer.rate)), plain_(candidates.log_counts == nullptr && layer.bias == nullptr &&
                                                   layer.log_partition == nullptr && layer.fixed_log_partition == 0),
        rows_(examples, batch_, ranges), ids_(kPrepared * ranges, sets_ * terms_ * sizeof(std::int32_t)),
        numbers_(kPrepared * ranges, sets_ * candidates.n * sizeof(std::uint64_t)),
        pointers_(ranges, sets_ * terms_ * sizeof(T*)), scores_(ranges, batch_ * terms_ * sizeof(T)),
        turned_(candidates.window ? ranges : 0, batch_ * sizeof(T)), bits_(1, batch_ * terms_) {}

  bool has_memory() const {
    return rows_.ok() && ids_.ok() && numbers_.ok() && pointers_.ok() && scores_.ok() && turned_.ok() && bits_.ok();
  }

  double run() {
    for (std::size_t i = 0; i < batch_; ++i)
      logistic_bits(1, given_.n, bits_.template part<std::uint8_t>(0) + i * terms_);
    double losses[Pool::kMaxThreads] = {};
    const std::size_t batches = divide_up(examples_.count, batch_);
    auto task = [&](std::size_t i, std::size_t) {
      const std::size_t begin = batches * i / ranges_ * batch_, end = batches * (i + 1) / ranges_ * batch_;
      losses[i] = range(begin, end < examples_.count ? end : examples_.count, i);
    };
    run_tasks(ranges_, ranges_, kWaking, task);
    double loss = 0;
    for (std::size_t i = 0; i < ranges_; ++i) loss += losses[i];
    return loss;
  }

 private:
  // Minibatches between two looks whether the job has been given up; those that are known: the present one, the next,
  // the one after.
  static constexpr std::size_t kUnwatched = 64, kPrepared = 3;

  const Examples<T>& examples_;
  const std::int32_t* targets_;
  const TrainedLayer<T>& layer_;
  const OwnCandidates& given_;
  const KernelsOf<T>& k_;
  const std::size_t dim_, terms_, batch_, sets_, ranges_;
  const T rate_;
  const bool plain_;
  const HiddenRows<T> rows_;
  const Scratch ids_, numbers_, pointers_, scores_, turned_, bits_;

  T* row_of(std::int32_t id) const { return layer_.weight + static_cast<std::size_t>(id) * dim_; }
  double log_count(std::int32_t id) const { return given_.log_counts[given_.one_count ? 0 : id]; }

  // The losses of a range, as logistic_kept adds them up, or else as they are.
  struct Losses {
    double kept[9] = {}, sum = 0;

    double total() const {
      double all = sum, logs[4];
      kernels().f64.log1p(kept + 4, logs, 4);
      for (std::size_t k = 0; k < 4; ++k) all += kept[k] + logs[k];
      return all;
    }
  };

  double range(std::size_t begin, std::size_t end, std::size_t range) const {
    if (begin == end) return 0;
    const CancelFlag* flag = current_cancel_flag();
    Prepared prepared[kPrepared];
    for (std::size_t i = 0; i < kPrepared; ++i) {
      prepared[i].ids = ids_.template part<std::int32_t>(kPrepared * range + i);
      prepared[i].numbers = numbers_.template part<std::uint64_t>(kPrepared * range + i);
    }
    draw(begin, end, &prepared[0]);
    RowsAhead<T> ahead(dim_);
    find(prepared[0], ahead);
    draw(begin + prepared[0].count, end, &prepared[1]);
    Losses losses;
    for (std::size_t i = 0;; ++i) {
      Prepared &now = prepared[i % kPrepared], &next = prepared[(i + 1) % kPrepared];
      if (now.count == 0 || (i % kUnwatched == 0 && is_cancelled(flag))) break;
      draw(next.first + next.count, end, &prepared[(i + 2) % kPrepared]);
      find(next, ahead);
      step(now, range, ahead, &losses);
    }
    return losses.total();
  }

  // The minibatch that begins at `first`; of no examples at the end.
  void draw(std::size_t first, std::size_t end, Prepared* batch) const {
    batch->first = first;
    batch->count = end - first < batch_ ? end - first : batch_;
    if (given_.window) {
      std::size_t length = batch->count == 0 ? 0 : 1;
      while (length < batch->count && targets_[first + length] == targets_[first]) ++length;
      batch->count = length;
    }
    std::uint64_t* numbers = batch->numbers;
    for (std::size_t s = 0; s < sets_of(*batch); ++s) {
      Philox random(given_.seed, first + s);
      for (std::size_t c = 0; c < given_.n; ++c) *numbers++ = given_.table.number(random);
    }
  }

  std::size_t sets_of(const Prepared& batch) const { return given_.window && batch.count != 0 ? 1 : batch.count; }

  // Its classes, whose rows are to be asked for.
  void find(const Prepared& batch, RowsAhead<T>& ahead) const {
    const std::size_t sets = sets_of(batch);
    const std::uint64_t* numbers = batch.numbers;
    std::int32_t* ids = batch.ids;
    for (std::size_t s = 0; s < sets; ++s) {
      *ids++ = targets_[batch.first + s];
      for (std::size_t c = 0; c < given_.n; ++c) *ids++ = given_.table.class_of(*numbers++);
    }
    for (std::size_t i = 0; i < batch.count; ++i) rows_.ask(batch.first + i, ahead);
    for (std::size_t i = 0; i < sets * terms_; ++i) ahead.add(row_of(batch.ids[i]));
  }

  void step(const Prepared& prepared, std::size_t range, RowsAhead<T>& ahead, Losses* losses) const {
    const MiniBatch<T> batch = rows_.gather(prepared.first, prepared.count, range, &ahead);
    T* const* rows = point_at(prepared, range);
    T* scores = scores_.template part<T>(range);
    for (std::size_t i = 0; i < batch.count; ++i) {
      T* a = scores + i * terms_;
      ahead.ask();
      k_.row_dots(batch.hidden[i], rows + set_of(i), terms_, dim_, a);
      correct(batch.first + i, prepared.ids + set_of(i), a);
    }
    ahead.ask();
    lose(batch.count, scores, losses);
    ahead.ask();
    if (batch.count == 1) {
      k_.row_updates(batch.hidden[0], rows, scores, terms_, dim_, rate_, batch.gradient);
    } else {
      for (std::size_t i = 0; i < batch.count; ++i) {
        k_.row_updates(nullptr, rows + set_of(i), scores + i * terms_, terms_, dim_, 0, batch.gradient + i * dim_);
      }
      given_.window ? update_window(batch, rows, scores, range) : update_rows(batch, rows, scores);
    }
    if (!plain_) update_numbers(prepared, scores);
    ahead.ask_all();
    rows_.scatter(batch);
  }

  // Where the rows and ids of an example begin.
  std::size_t set_of(std::size_t i) const { return given_.window ? 0 : i * terms_; }

  T* const* point_at(const Prepared& prepared, std::size_t range) const {
    T** rows = pointers_.template part<T*>(range);
    for (std::size_t i = 0; i < sets_of(prepared) * terms_; ++i) rows[i] = row_of(prepared.ids[i]);
    return rows;
  }

  // From dot products to scores: bias, log partition, corrections, accidental hits.
  void correct(std::size_t example, const std::int32_t* ids, T* a) const {
    std::size_t hits = 0;
    for (std::size_t i = 1; layer_.without_hits && i < terms_; ++i) {
      if (ids[i] != ids[0]) continue;
      a[i] = -static_cast<T>(__builtin_inf());
      ++hits;
    }
    if (plain_) return;
    const T* learned = layer_.partition_of(example);
    const double partition = learned == nullptr ? layer_.fixed_log_partition : static_cast<double>(*learned);
    for (std::size_t i = 0; i < terms_; ++i) {
      const double bias = layer_.bias == nullptr ? 0 : static_cast<double>(layer_.bias[ids[i]]);
      const double correction = i == 0 ? of_target(ids[0], hits) : given_.log_counts == nullptr ? 0 : log_count(ids[i]);
      a[i] = static_cast<T>(static_cast<double>(a[i]) + (bias - partition - correction));
    }
  }

  double of_target(std::int32_t target, std::size_t hits) const {
    if (given_.log_counts == nullptr || given_.target == TargetCorrection::kNone) return 0;
    if (given_.target == TargetCorrection::kCount) return log_count(target);
    // The candidates that are no hits are draws from q / (1 - q_target), and fewer.
    const double n = static_cast<double>(given_.n), left = static_cast<double>(given_.n - hits);
    return left == 0 ? 0 : log_of_others(log_count(target) - log_of(n)) - log_of(left / n);
  }

  // Scores become their gradients.
  void lose(std::size_t count, T* scores, Losses* losses) const {
    if (layer_.logistic) {
      return k_.logistic_kept(scores, bits_.template part<std::uint8_t>(0), scores, count * terms_, losses->kept);
    }
    for (std::size_t i = 0; i < count; ++i) losses->sum += softmax_row_loss(scores + i * terms_, 1, given_.n);
  }

  void update_rows(const MiniBatch<T>& batch, T* const* rows, const T* g) const {
    for (std::size_t i = 0; i < batch.count; ++i) {
      k_.row_updates(batch.hidden[i], rows + i * terms_, g + i * terms_, terms_, dim_, rate_, nullptr);
    }
  }

  // Row by row, each written once for the whole window.
  void update_window(const MiniBatch<T>& batch, T* const* rows, const T* g, std::size_t range) const {
    T* steps = turned_.template part<T>(range);
    for (std::size_t i = 0; i < terms_; ++i) {
      for (std::size_t e = 0; e < batch.count; ++e) steps[e] = rate_ * g[e * terms_ + i];
      // Without h they are only read.
      k_.row_updates(nullptr, const_cast<T* const*>(batch.hidden), steps, batch.count, dim_, 0, rows[i]);
    }
  }

  void update_numbers(const Prepared& prepared, const T* g) const {
    for (std::size_t e = 0; e < prepared.count; ++e) {
      const std::int32_t* ids = prepared.ids + set_of(e);
      double sum = 0;
      for (std::size_t i = 0; i < terms_; ++i) {
        const T mine = g[e * terms_ + i];
        if (layer_.bias != nullptr) layer_.bias[ids[i]] += rate_ * mine;
        sum += static_cast<double>(mine);
      }
      T* partition = layer_.partition_of(prepared.first + e);
      if (partition != nullptr) *partition += static_cast<T>(layer_.rate * sum);
    }
  }
};

}  // namespace

template <class T>
Outcome train_own_candidates(const Examples<T>& examples, const std::int32_t* targets, std::size_t batch,
                             std::size_t ranges, const TrainedLayer<T>& layer, const OwnCandidates& candidates,
                             double* loss) {
  if (examples.count == 0) return {};
  OwnTraining<T> training(examples, targets, batch, ranges, layer, candidates);
  if (!training.has_memory()) return {Status::kOutOfMemory, 0};
  *loss = training.run();
  return {};
}

template Outcome train_own_candidates<float>(const Examples<float>&, const std::int32_t*, std::size_t, std::size_t,
                                             const TrainedLayer<float>&, const OwnCandidates&, double*);
template Outcome train_own_candidates<double>(const Examples<double>&, const std::int32_t*, std::size_t, std::size_t,
                                              const TrainedLayer<double>&, const OwnCandidates&, double*);

}  // namespace softmax_native
