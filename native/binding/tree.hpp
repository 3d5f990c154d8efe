// Binding rows of hierarchical softmax. The layout has a row for each hidden vector or example, and n classes.
//
// positions  0 hidden, or the table of examples       numbers  0 elements of a hidden vector; afterwards the loss
//            1 the result                                      1 inner nodes
//            2 targets; ids of the best                        2 nodes of the longest path
//            3 weight, 4 bias                                  3 nodes of all paths
//            5 offsets of the paths, or children               4 the node that is the root
//            6 nodes, 7 bits
#pragma once

#include "row.hpp"

namespace softmax_native {

// 8 hiddenGradient, 9 ids of the nodes on the paths, 10 weightGradient, 11 biasGradient; numbers: 5 what gradients are
// multiplied with, 6 how many ids.
void tree_loss_row(Arguments& arguments);
void tree_distribution_row(Arguments& arguments);
// Number 5: k.
void tree_top_k_row(Arguments& arguments);
// Numbers 5 and 6: the words of the seed, lower first.
void tree_sample_row(Arguments& arguments);
// 8 rows of the table, 9 offsets of bags, 10 children; numbers: 5 and 6 the rates of layer and table, 7 examples of a
// minibatch, 8 ranges, 9 rows that the table has, 10 rows that the examples name.
void tree_train_row(Arguments& arguments);

}  // namespace softmax_native
