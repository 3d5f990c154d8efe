// From Node-API values and the call frame to the operations' arguments. Checks what protects memory (element type,
// length, detached, overlap) and nothing else: whether a call makes sense, lib/validate has decided.
#pragma once

#include "../operations/call.hpp"
#include "frame.hpp"
#include "napi.hpp"

namespace softmax_native {

// A typed array as Node-API sees it at this moment.
struct View {
  void* data = nullptr;
  std::size_t length = 0;
  napi_typedarray_type type = napi_uint8_array;

  std::size_t bytes() const;
  bool present() const { return length != 0 || data != nullptr; }
};

// One call's arguments. Each reader notes the first fault in the frame and makes ok() false; nothing is computed then.
class Arguments {
 public:
  static constexpr std::size_t kMost = 16;

  // The arrays and numbers of a call that is made now.
  Arguments(napi_env env, const napi_value* values, std::size_t count, double* frame);
  // Those of a job, whose views nobody else has.
  Arguments(const View* views, std::size_t count, double* frame);

  bool ok() const { return ok_; }
  // No arguments: logits and result are in the frame.
  bool staged() const { return count_ == 0; }
  bool is_float32() const { return float32_; }
  unsigned flags() const { return static_cast<unsigned>(frame_[frame::kFlags]); }

  // Positions 0 logits, 1 out and 2 mask are the same for all operations; each binding row says what follows.
  template <class T>
  Logits<T> logits();
  // The same but for the array, where logits are made by the operation.
  template <class T>
  Logits<T> logits_to_be_made();
  // Layout, beta and rule alone.
  template <class T>
  Logits<T> options() const;
  // An input of `length` elements.
  template <class R>
  const R* input(std::size_t position, std::size_t length);
  // An input broadcast against the layout.
  template <class T>
  Broadcast<T> broadcast(std::size_t position, frame::Index first_stride);
  // An input that an operation broadcasts in its own way, of `length` elements or more.
  template <class R>
  const R* at_least(std::size_t position, double length);
  // An output of `length` elements; it may be one of the inputs at `same_as` (one bit for each position), whole.
  template <class R>
  R* output(std::size_t position, std::size_t length, unsigned same_as);
  bool has(std::size_t position) const { return position < count_ && views_[position].present(); }
  const Layout& layout() const { return layout_; }
  // Number i as a length that rows and classes of the layout have; false where arrays could not be so large.
  bool depth(std::size_t i, std::size_t* depth);
  double slot(std::size_t i) const { return frame_[i]; }
  // Number i as a count of what has `each` elements; false where no array could hold so many.
  bool count(std::size_t i, std::size_t each, std::size_t* count);
  // Notes that the numbers are not what lib/ writes; false.
  bool refuse();
  double& number(std::size_t i) { return frame_[frame::kNumbers + i]; }

  void finish(const Outcome& outcome);

 private:
  double* frame_;
  std::size_t count_;
  View views_[kMost];
  Layout layout_{};
  bool float32_ = false, ok_ = false;

  bool read_layout();
  void begin();
  void fail(frame::Code code, std::size_t detail);
  bool fits(std::size_t position, std::size_t length);
  bool overlaps(std::size_t a, std::size_t b) const;
  Strides strides(frame::Index first) const;
  std::size_t span(const Strides& strides) const;
};

// A typed array, or nothing where the value is undefined; false for anything else.
bool read_view(napi_env env, napi_value value, View* view);

}  // namespace softmax_native
