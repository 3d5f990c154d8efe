#include "arguments.hpp"

#include <cstring>

namespace softmax_native {
namespace {

constexpr double kLargestInteger = 9007199254740992.0;

bool is_size(double x) {
  return x >= 0 && x <= kLargestInteger && x == static_cast<double>(static_cast<std::size_t>(x));
}

// a * b, or false when the product is beyond what a JavaScript array could have.
bool multiply(std::size_t a, std::size_t b, std::size_t* product) {
  if (a != 0 && b > static_cast<std::size_t>(kLargestInteger) / a) return false;
  *product = a * b;
  return true;
}

std::size_t element_size(napi_typedarray_type type) {
  switch (type) {
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    case napi_float32_array:
    case napi_int32_array:
    case napi_uint32_array:
      return 4;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    default:
      return 1;
  }
}

template <class T>
constexpr napi_typedarray_type kTypeOf = napi_uint8_array;
template <>
constexpr napi_typedarray_type kTypeOf<float> = napi_float32_array;
template <>
constexpr napi_typedarray_type kTypeOf<double> = napi_float64_array;
template <>
constexpr napi_typedarray_type kTypeOf<std::int32_t> = napi_int32_array;
template <>
constexpr napi_typedarray_type kTypeOf<std::uint16_t> = napi_uint16_array;

}  // namespace

std::size_t View::bytes() const { return length * element_size(type); }

bool read_view(napi_env env, napi_value value, View* view) {
  if (napi_get_typedarray_info(env, value, &view->type, &view->length, &view->data, nullptr, nullptr) == napi_ok) {
    return true;
  }
  *view = View{};
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_undefined;
}

Arguments::Arguments(napi_env env, const napi_value* values, std::size_t count, double* frame)
    : frame_(frame), count_(count) {
  begin();
  for (std::size_t i = 0; i < count_; ++i) {
    if (!read_view(env, values[i], &views_[i])) fail(frame::kWrongType, i);
  }
  if (count_ != 0) float32_ = views_[0].type == napi_float32_array;
}

Arguments::Arguments(const View* views, std::size_t count, double* frame) : frame_(frame), count_(count) {
  begin();
  for (std::size_t i = 0; i < count_; ++i) views_[i] = views[i];
  float32_ = views_[0].type == napi_float32_array;
}

void Arguments::begin() {
  frame_[frame::kStatus] = frame::kOk;
  ok_ = true;
  if (!read_layout()) return fail(frame::kBadFrame, 0);
  if (count_ != 0) return;
  float32_ = (flags() & frame::kStagedFloat32) != 0;
  if (layout_.size() > frame::kStaged || layout_.rows() > frame::kStaged) fail(frame::kBadFrame, 0);
}

bool Arguments::read_layout() {
  const double *size = frame_ + frame::kOuter, *strides = frame_ + frame::kMaskStrides;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!is_size(size[i])) return false;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    if (!is_size(strides[i])) return false;
  }
  layout_ = {static_cast<std::size_t>(size[0]), static_cast<std::size_t>(size[1]), static_cast<std::size_t>(size[2])};
  std::size_t rows, elements;
  const double rule = frame_[frame::kRule], flag = frame_[frame::kFlags], beta = frame_[frame::kBeta];
  return multiply(layout_.outer, layout_.inner, &rows) && multiply(rows, layout_.n, &elements) && is_size(rule) &&
         rule <= 2 && is_size(flag) && flag < 8 && beta == beta;
}

void Arguments::fail(frame::Code code, std::size_t detail) {
  if (!ok_) return;
  ok_ = false;
  frame_[frame::kStatus] = code;
  frame_[frame::kDetail] = static_cast<double>(detail);
}

bool Arguments::fits(std::size_t position, std::size_t length) {
  const View& view = views_[position];
  if (view.length == length) return true;
  // A detached buffer, or one shrunk below the view, shows as no elements.
  fail(view.length == 0 ? frame::kDetached : frame::kWrongLength, position);
  return false;
}

bool Arguments::overlaps(std::size_t a, std::size_t b) const {
  const char *from_a = static_cast<char*>(views_[a].data), *from_b = static_cast<char*>(views_[b].data);
  return from_a < from_b + views_[b].bytes() && from_b < from_a + views_[a].bytes();
}

Strides Arguments::strides(frame::Index first) const {
  const double* s = frame_ + first;
  return {static_cast<std::size_t>(s[0]), static_cast<std::size_t>(s[1]), static_cast<std::size_t>(s[2])};
}

// Elements that a broadcast array must have.
std::size_t Arguments::span(const Strides& s) const {
  if (layout_.size() == 0) return 0;
  // As doubles: exact where the span is one that an array can have.
  const double last = static_cast<double>(layout_.outer - 1) * static_cast<double>(s.outer) +
                      static_cast<double>(layout_.n - 1) * static_cast<double>(s.n) +
                      static_cast<double>(layout_.inner - 1) * static_cast<double>(s.inner);
  return last < kLargestInteger ? static_cast<std::size_t>(last) + 1 : static_cast<std::size_t>(kLargestInteger);
}

template <class R>
const R* Arguments::input(std::size_t position, std::size_t length) {
  if (position >= count_ || views_[position].type != kTypeOf<R>) {
    fail(frame::kWrongType, position);
    return nullptr;
  }
  return fits(position, length) ? static_cast<const R*>(views_[position].data) : nullptr;
}

template <class R>
const R* Arguments::at_least(std::size_t position, double length) {
  const View& view = views_[position];
  if (view.type != kTypeOf<R>) {
    fail(frame::kWrongType, position);
  } else if (static_cast<double>(view.length) < length) {
    fail(view.length == 0 ? frame::kDetached : frame::kWrongLength, position);
  }
  return static_cast<const R*>(view.data);
}

template <class T>
Logits<T> Arguments::options() const {
  Logits<T> logits{};
  logits.layout = layout_;
  logits.beta = frame_[frame::kBeta];
  logits.rule = static_cast<NonFinite>(static_cast<int>(frame_[frame::kRule]));
  return logits;
}

template <class T>
Logits<T> Arguments::logits_to_be_made() {
  Logits<T> logits = options<T>();
  if (!has(2)) return logits;
  const Broadcast<std::uint8_t> mask = broadcast<std::uint8_t>(2, frame::kMaskStrides);
  logits.mask = mask.data;
  logits.mask_strides = mask.strides;
  return logits;
}

template <class T>
Logits<T> Arguments::logits() {
  Logits<T> logits = logits_to_be_made<T>();
  logits.data = staged() ? reinterpret_cast<const T*>(frame_ + frame::kStagedInput) : input<T>(0, layout_.size());
  return logits;
}

template <class R>
R* Arguments::output(std::size_t position, std::size_t length, unsigned same_as) {
  if (staged()) {
    if (length > frame::kStaged) fail(frame::kBadFrame, position);
    return reinterpret_cast<R*>(frame_ + frame::kStagedOutput);
  }
  if (position >= count_ || views_[position].type != kTypeOf<R>) {
    fail(frame::kWrongType, position);
    return nullptr;
  }
  if (!fits(position, length)) return nullptr;
  for (std::size_t other = 0; other < count_; ++other) {
    if (other == position || !overlaps(position, other)) continue;
    const bool same = (same_as >> other & 1) != 0 && views_[other].data == views_[position].data;
    if (!same) fail(frame::kOverlap, other);
  }
  return static_cast<R*>(views_[position].data);
}

template <class T>
Broadcast<T> Arguments::broadcast(std::size_t position, frame::Index first_stride) {
  const Strides s = strides(first_stride);
  const View& view = views_[position];
  if (view.type != kTypeOf<T>) {
    fail(frame::kWrongType, position);
  } else if (view.length < span(s)) {
    fail(view.length == 0 ? frame::kDetached : frame::kWrongLength, position);
  }
  return {static_cast<const T*>(view.data), s};
}

bool Arguments::depth(std::size_t i, std::size_t* depth) {
  std::size_t size;
  const bool fits = is_size(number(i)) && multiply(layout_.rows(), static_cast<std::size_t>(number(i)), &size) &&
                    multiply(layout_.n, static_cast<std::size_t>(number(i)), &size);
  if (fits) {
    *depth = static_cast<std::size_t>(number(i));
  } else {
    fail(frame::kBadFrame, 0);
  }
  return fits;
}

bool Arguments::count(std::size_t i, std::size_t each, std::size_t* count) {
  std::size_t size;
  const bool fits = is_size(number(i)) && multiply(each, static_cast<std::size_t>(number(i)), &size);
  if (fits) {
    *count = static_cast<std::size_t>(number(i));
  } else {
    fail(frame::kBadFrame, 0);
  }
  return fits;
}

bool Arguments::refuse() {
  fail(frame::kBadFrame, 0);
  return false;
}

void Arguments::finish(const Outcome& outcome) {
  if (outcome.status == Status::kNonFinite) fail(frame::kNonFiniteRow, outcome.row);
  if (outcome.status == Status::kOutOfMemory) fail(frame::kOutOfMemory, 0);
}

template Logits<float> Arguments::options<float>() const;
template Logits<double> Arguments::options<double>() const;
template const float* Arguments::at_least<float>(std::size_t, double);
template const double* Arguments::at_least<double>(std::size_t, double);
template const std::uint8_t* Arguments::at_least<std::uint8_t>(std::size_t, double);
template Logits<float> Arguments::logits_to_be_made<float>();
template Logits<double> Arguments::logits_to_be_made<double>();
template Logits<float> Arguments::logits<float>();
template Logits<double> Arguments::logits<double>();
template const float* Arguments::input<float>(std::size_t, std::size_t);
template const double* Arguments::input<double>(std::size_t, std::size_t);
template const std::int32_t* Arguments::input<std::int32_t>(std::size_t, std::size_t);
template const std::uint8_t* Arguments::input<std::uint8_t>(std::size_t, std::size_t);
template const std::uint16_t* Arguments::input<std::uint16_t>(std::size_t, std::size_t);
template Broadcast<float> Arguments::broadcast<float>(std::size_t, frame::Index);
template Broadcast<double> Arguments::broadcast<double>(std::size_t, frame::Index);
template float* Arguments::output<float>(std::size_t, std::size_t, unsigned);
template double* Arguments::output<double>(std::size_t, std::size_t, unsigned);
template std::int32_t* Arguments::output<std::int32_t>(std::size_t, std::size_t, unsigned);
template std::uint16_t* Arguments::output<std::uint16_t>(std::size_t, std::size_t, unsigned);

}  // namespace softmax_native
