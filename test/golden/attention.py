"""Writes attention.json: attention and its gradients by PyTorch's own operations and autograd, in float64.

    python3 attention.py > attention.json && npx biome format --write attention.json

Each case has its inputs, so that the file stands alone. Made with PyTorch 1.13.
"""

import json
import math

import torch

torch.manual_seed(7)


def draw(*dims):
    return torch.randn(*dims, dtype=torch.float64).mul(64).round().div(64).requires_grad_()


def tensor(x):
    return {"data": x.detach().flatten().tolist(), "dims": list(x.shape)}


def allowed(queries, keys, options):
    """Which keys a query may see, as [queries, keys]."""
    i, j = torch.arange(queries)[:, None], torch.arange(keys)[None, :]
    causal = options.get("causal", False)
    ahead = j - i - (0 if causal == "topLeft" else keys - queries)
    seen = torch.ones(queries, keys, dtype=torch.bool)
    if causal:
        seen &= ahead <= 0
    left, right = options.get("window", (math.inf, math.inf))
    return seen & (ahead >= -left) & (ahead <= right)


def attend(query, key, value, options, mask=None, bias=None):
    group = query.shape[-3] // key.shape[-3]
    key, value = (x.repeat_interleave(group, dim=-3) for x in (key, value))
    scores = query @ key.transpose(-1, -2) * options.get("scale", query.shape[-1] ** -0.5)
    if "softcap" in options:
        scores = options["softcap"] * torch.tanh(scores / options["softcap"])
    if bias is not None:
        scores = scores + bias
    scores = scores * options.get("beta", 1)
    seen = allowed(query.shape[-2], key.shape[-2], options)
    if mask is not None:
        seen = seen & mask.bool()
    scores = scores.masked_fill(~seen, -math.inf)
    weights = torch.softmax(scores, -1).nan_to_num(0)
    return weights @ value, torch.logsumexp(scores, -1), weights


def case(options, shape, mask=None, bias=None):
    heads, key_heads, queries, keys, depth, width = shape
    query, key, value = draw(2, heads, queries, depth), draw(2, key_heads, keys, depth), draw(2, key_heads, keys, width)
    made_mask = None if mask is None else (torch.rand(*mask) < 0.7).to(torch.uint8)
    if made_mask is not None:
        made_mask[..., 0] = 1  # PyTorch's gradients of a row without keys are NaN
    made_bias = None if bias is None else draw(*bias)
    output, log_sum_exp, weights = attend(query, key, value, options, made_mask, made_bias)
    direction = draw(*output.shape)
    (output * direction.detach()).sum().backward()
    found = {"options": options, "query": tensor(query), "key": tensor(key), "value": tensor(value)}
    found |= {"direction": tensor(direction), "output": tensor(output), "weights": tensor(weights)}
    found["logSumExp"] = tensor(log_sum_exp)
    for name, x in (("query", query), ("key", key), ("value", value)):
        found[name + "Gradient"] = tensor(x.grad)
    if made_mask is not None:
        found["mask"] = tensor(made_mask)
    if made_bias is not None:
        found |= {"bias": tensor(made_bias), "biasGradient": tensor(made_bias.grad)}
    return found


CASES = [
    case({}, (2, 2, 5, 7, 4, 3)),
    case({"causal": True}, (2, 2, 6, 6, 4, 4)),
    case({"causal": "topLeft", "scale": 0.7}, (2, 2, 3, 8, 4, 2)),
    case({"causal": "bottomRight"}, (2, 1, 3, 8, 4, 2)),
    case({"window": [2, 1], "beta": 1.5}, (4, 2, 6, 6, 3, 3)),
    case({"softcap": 1.5, "beta": 0.5}, (4, 1, 2, 9, 5, 3), bias=(4, 2, 9)),
    case({"causal": True, "softcap": 2}, (2, 2, 12, 12, 4, 4), mask=(2, 1, 1, 12), bias=(2, 1, 12, 12)),
    case({"beta": -1}, (2, 2, 4, 5, 3, 2), mask=(4, 5), bias=(5,)),
]
print(json.dumps(CASES, separators=(",", ":"), allow_nan=False).replace('},{"options"', '},\n{"options"'))
