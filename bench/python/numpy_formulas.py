"""The operations as NumPy users write them, over the last axis. A call gives its results by name."""

import numpy as np


def contestants(case, inputs):
    make = FORMULAS.get(case["operation"])
    last = case["axis"] == len(case["dims"]) - 1
    if make is None or case["probabilities"] or case["options"] or not last:
        return {}
    return {"numpy": make(case, **inputs)}


def shifted_exponentials(x):
    """e^(x - max), its sums, and the maxima."""
    largest = x.max(-1, keepdims=True)
    e = np.exp(x - largest)
    return e, e.sum(-1, keepdims=True), largest


def softmax_of(x):
    e, total, _ = shifted_exponentials(x)
    e /= total
    return e


def log_softmax_of(x):
    _, total, largest = shifted_exponentials(x)
    return x - (largest + np.log(total))


def log_sum_exp_of(x):
    _, total, largest = shifted_exponentials(x)
    return (largest + np.log(total))[..., 0]


def product(p, v):
    return p * (v - (p * v).sum(-1, keepdims=True))


def jacobian(p):
    matrix = p[..., :, None] * -p[..., None, :]
    index = np.arange(p.shape[-1])
    matrix[..., index, index] += p
    return matrix


def log_jacobian(p):
    n = p.shape[-1]
    return np.eye(n, dtype=p.dtype) - p[..., None, :]


def of_logits(function):
    return lambda case, logits: lambda: {"out": function(logits)}


def of_result(function):
    return lambda case, y, vector: lambda: {"out": function(y, vector)}


def log_sum_exp_vjp(case, logits, vector):
    return lambda: {"out": softmax_of(logits) * vector[:, None]}


def loss_and_gradient(logits, target):
    """The mean of -log p of the targets, and its gradient."""
    e, total, largest = shifted_exponentials(logits)
    index = np.arange(len(target))
    loss = (largest[:, 0] + np.log(total[:, 0]) - logits[index, target]).mean()
    e *= 1 / (total * len(target))
    e[index, target] -= 1 / len(target)
    return loss, e


def cross_entropy(case, logits, target):
    if case["forward"]:
        index = np.arange(len(target))
        return lambda: {"loss": (log_sum_exp_of(logits) - logits[index, target]).mean()}

    def run():
        loss, gradient = loss_and_gradient(logits, target)
        return {"loss": loss, "gradient": gradient}

    return run


def kl_divergence(case, logits, others):
    def run():
        log_p, log_q = log_softmax_of(logits), log_softmax_of(others)
        return {"out": (np.exp(log_p) * (log_p - log_q)).sum(-1)}

    return run


def linear_cross_entropy(case, hidden, weight, target):
    def run():
        loss, share = loss_and_gradient(hidden @ weight.T, target)
        return {"loss": loss, "hiddenGradient": share @ weight, "weightGradient": share.T @ hidden}

    return run


FORMULAS = {
    "softmax": of_logits(softmax_of),
    "logSoftmax": of_logits(log_softmax_of),
    "logSumExp": of_logits(log_sum_exp_of),
    "softmaxJacobian": of_logits(lambda x: jacobian(softmax_of(x))),
    "logSoftmaxJacobian": of_logits(lambda x: log_jacobian(softmax_of(x))),
    "softmaxVjp": of_result(product),
    "softmaxJvp": of_result(product),
    "logSoftmaxVjp": of_result(lambda y, g: g - np.exp(y) * g.sum(-1, keepdims=True)),
    "logSoftmaxJvp": of_result(lambda y, t: t - (np.exp(y) * t).sum(-1, keepdims=True)),
    "logSumExpVjp": log_sum_exp_vjp,
    "softmaxBetaGradient": of_logits(lambda x: product(softmax_of(x), x)),
    "crossEntropy": cross_entropy,
    "klDivergence": kl_divergence,
    "linearCrossEntropy": linear_cross_entropy,
}
