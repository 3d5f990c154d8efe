// What is asked of a linear layer's distribution, and its training.
//
// linear, linearTopK, linearSample: 0 hidden [rows, depth]; 1 the result, [rows, classes], log-probabilities [rows, k],
// or ids [rows]; 3 weight; 4 bias; 5 ids [rows, k], or float64 numbers in (0, 1) for each row. Numbers: 0 depth; 1 the
// form (operations/predictions.hpp), or k.
//
// linearTrain: 0 table; 3 weight; 4 bias; 5 rows; 6 offsets; 7 targets. Numbers: 0 depth; 1 the learning rate; 2 that
// of the table; 3 examples of a step, 0 = all; 4 rows of the table; 5 rows that the examples name. Out: 0 the sum of
// losses.
#pragma once

#include "row.hpp"

namespace softmax_native {

void linear_row(Arguments& arguments);
void linear_top_k_row(Arguments& arguments);
void linear_sample_row(Arguments& arguments);
void linear_train_row(Arguments& arguments);

}  // namespace softmax_native
