// Every kernel family, in the order in which they build on each other.
#pragma once

#include "../simd/math.hpp"
#include "../simd/reduce.hpp"

#include "elementwise.hpp"
#include "extremum.hpp"
#include "layout.hpp"
#include "scaling.hpp"
#include "softmax.hpp"
#include "log_sum_exp.hpp"
#include "short_rows.hpp"
#include "diagnosis.hpp"
#include "losses.hpp"
#include "softcap.hpp"
#include "divergence.hpp"
#include "multiply.hpp"
#include "derivatives.hpp"
#include "attention.hpp"
#include "training.hpp"
