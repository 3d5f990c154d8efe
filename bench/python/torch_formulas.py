"""The operations as PyTorch users write them, on the processor. A call gives its results by name.

Where PyTorch can be given memory for a result, that is a contestant of its own ("torch, out").
"""

import torch
import torch.nn.functional as F

aten = torch.ops.aten


def contestants(case, inputs, threads):
    torch.set_num_threads(threads)
    make = FORMULAS.get(case["operation"])
    # Targets are int64 in PyTorch.
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    tensors = {name: t.long() if t.dtype == torch.int32 else t for name, t in tensors.items()}
    found = make(case, **tensors) if make and "temperature" not in case["options"] else None
    if found is None:
        return {}
    return found if isinstance(found, dict) else {"torch": found}


def elementwise(function, out_variant):
    def make(case, logits):
        out, axis = torch.empty_like(logits), case["axis"]
        return {
            "torch": lambda: {"out": function(logits, axis)},
            "torch, out": lambda: {"out": out_variant(logits, axis, out)},
        }

    return make


def log_sum_exp(case, logits):
    return lambda: {"out": torch.logsumexp(logits, case["axis"])}


def backward(function, out_variant):
    """The product of a result's Jacobian, which is what autograd calls."""

    def make(case, y, vector):
        out, axis = torch.empty_like(y), case["axis"]
        return {
            "torch": lambda: {"out": function(vector, y, axis, y.dtype)},
            "torch, out": lambda: {"out": out_variant(vector, y, axis, y.dtype, out)},
        }

    return make


# Softmax's Jacobian is symmetric: the product is the same from either side.
softmax_product = backward(
    torch._softmax_backward_data,
    lambda g, y, axis, dtype, out: aten._softmax_backward_data.out(g, y, axis, dtype, grad_input=out),
)

log_softmax_vjp = backward(
    torch._log_softmax_backward_data,
    lambda g, y, axis, dtype, out: aten._log_softmax_backward_data.out(g, y, axis, dtype, out=out),
)


def log_softmax_jvp(case, y, vector):
    return lambda: {"out": vector - (y.exp() * vector).sum(-1, keepdim=True)}


def log_sum_exp_vjp(case, logits, vector):
    column = vector.unsqueeze(-1)
    return lambda: {"out": torch.softmax(logits, -1).mul_(column)}


def beta_gradient(case, logits):
    def run():
        p = torch.softmax(logits, -1)
        return {"out": torch._softmax_backward_data(logits, p, -1, p.dtype)}

    return run


def softmax_jacobian(case, logits):
    """diag(p) - p p', written once and corrected on the diagonal."""
    rows, n = logits.shape
    out = logits.new_empty(rows, n, n)

    def run(out=None):
        p = torch.softmax(logits, -1)
        matrix = torch.mul(p.unsqueeze(-1), p.neg().unsqueeze(-2), out=out)
        matrix.diagonal(dim1=-2, dim2=-1).add_(p)
        return {"out": matrix}

    return {"torch": run, "torch, out": lambda: run(out)}


def log_softmax_jacobian(case, logits):
    n = logits.shape[-1]

    def run():
        matrix = torch.softmax(logits, -1).neg_().unsqueeze(-2).repeat(1, n, 1)
        matrix.diagonal(dim1=-2, dim2=-1).add_(1)
        return {"out": matrix}

    return run


def with_backward(parameters, loss_of):
    """Forward and backward, the gradients let go before, as between the steps of an optimiser."""
    for parameter in parameters.values():
        parameter.requires_grad_()

    def run():
        for parameter in parameters.values():
            parameter.grad = None
        loss = loss_of()
        loss.backward()
        return {"loss": loss, **{name: parameter.grad for name, parameter in parameters.items()}}

    return run


def cross_entropy(case, logits, target):
    smoothing = case["options"].get("labelSmoothing", 0.0)
    if case["forward"]:
        return lambda: {"loss": F.cross_entropy(logits, target, label_smoothing=smoothing)}
    return with_backward(
        {"gradient": logits}, lambda: F.cross_entropy(logits, target, label_smoothing=smoothing)
    )


def nll_loss(case, logits, target):
    return with_backward({"gradient": logits}, lambda: F.nll_loss(logits, target))


def kl_divergence(case, logits, others):
    def run():
        log_p, log_q = F.log_softmax(logits, -1), F.log_softmax(others, -1)
        return {"out": F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)}

    return run


def diagnose(case, logits):
    def run():
        largest = logits.topk(2, -1).values
        log_p = F.log_softmax(logits, -1)
        p = log_p.exp()
        return {
            "max": largest[..., 0],
            "gap": largest[..., 0] - largest[..., 1],
            "pMax": p.amax(-1),
            "entropy": -(p * log_p).sum(-1),
            "jacobianTrace": 1 - p.square().sum(-1),
        }

    return run


def linear_cross_entropy(case, hidden, weight, target):
    return with_backward(
        {"hiddenGradient": hidden, "weightGradient": weight},
        lambda: F.cross_entropy(F.linear(hidden, weight), target),
    )


def attention_of(case, query, key, value):
    group = query.shape[0] // key.shape[0]
    if group > 1:
        key, value = key.repeat_interleave(group, 0), value.repeat_interleave(group, 0)
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    if case["options"].get("causal"):
        queries, keys = scores.shape[-2:]
        later = torch.ones(queries, keys, dtype=torch.bool).triu(1 + keys - queries)
        scores.masked_fill_(later, -torch.inf)
    return torch.softmax(scores, -1) @ value


def attention(case, query, key, value):
    return lambda: {"output": attention_of(case, query, key, value)}


def attention_vjp(case, query, key, value, direction):
    leaves = {"queryGradient": query, "keyGradient": key, "valueGradient": value}
    for leaf in leaves.values():
        leaf.requires_grad_()

    def run():
        found = torch.autograd.grad(attention_of(case, query, key, value), list(leaves.values()), direction)
        return dict(zip(leaves, found))

    return run


FORMULAS = {
    "attention": attention,
    "attentionVjp": attention_vjp,
    "softmax": elementwise(torch.softmax, lambda x, axis, out: aten._softmax.out(x, axis, False, out=out)),
    "logSoftmax": elementwise(torch.log_softmax, lambda x, axis, out: aten._log_softmax.out(x, axis, False, out=out)),
    "logSumExp": log_sum_exp,
    "softmaxJacobian": softmax_jacobian,
    "logSoftmaxJacobian": log_softmax_jacobian,
    "softmaxVjp": softmax_product,
    "softmaxJvp": softmax_product,
    "logSoftmaxVjp": log_softmax_vjp,
    "logSoftmaxJvp": log_softmax_jvp,
    "logSumExpVjp": log_sum_exp_vjp,
    "softmaxBetaGradient": beta_gradient,
    "crossEntropy": cross_entropy,
    "nllLoss": nll_loss,
    "klDivergence": kl_divergence,
    "diagnose": diagnose,
    "linearCrossEntropy": linear_cross_entropy,
}
