// All binding rows, in the order of their numbers.
#pragma once

#include "diagnosis.hpp"
#include "row.hpp"
#include "softmax_family.hpp"

namespace softmax_native {

inline constexpr NamedRow kRows[] = {
    {"softmax", softmax_row}, {"logSoftmax", log_softmax_row}, {"logSumExp", log_sum_exp_row},
    {"argmax", argmax_row},   {"hardmax", hardmax_row},        {"diagnose", diagnose_row},
};
inline constexpr std::size_t kRowCount = sizeof(kRows) / sizeof(kRows[0]);

}  // namespace softmax_native
