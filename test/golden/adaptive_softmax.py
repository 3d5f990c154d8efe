"""Writes goldens-adaptive.json: what PyTorch's AdaptiveLogSoftmaxWithLoss gives in float64, with its gradients.

    python3 test/golden/adaptive_softmax.py > test/golden/goldens-adaptive.json
"""

import json

import torch

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)


def flat(tensor):
    return tensor.detach().flatten().tolist()


def case(classes, dim, cutoffs, div_value, bias, batch):
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(dim, classes, cutoffs, div_value, bias)
    torch.nn.init.normal_(layer.head.weight)
    for projection, tail in layer.tail:
        torch.nn.init.normal_(projection.weight)
        torch.nn.init.normal_(tail.weight)
    # In the order in which the layer of this library has them.
    parameters = [layer.head.weight] + ([layer.head.bias] if bias else [])
    for projection, tail in layer.tail:
        parameters += [projection.weight, tail.weight]
    hidden = torch.randn(batch, dim, requires_grad=True)
    targets = torch.randint(classes, (batch,))
    output, loss = layer(hidden, targets)
    loss.backward()
    return {
        "classes": classes,
        "dim": dim,
        "cutoffs": cutoffs,
        "divValue": div_value,
        "bias": bias,
        "torch": torch.__version__,
        "parameters": [x for p in parameters for x in flat(p)],
        "hidden": flat(hidden),
        "targets": targets.tolist(),
        "logProbability": flat(output),
        "loss": loss.item(),
        "hiddenGradient": flat(hidden.grad),
        "gradient": [x for p in parameters for x in flat(torch.zeros_like(p) if p.grad is None else p.grad)],
        "logProbabilities": flat(layer.log_prob(hidden)),
        "best": layer.predict(hidden).tolist(),
    }


print(json.dumps([
    case(20, 6, [4, 9], 2.0, True, 8),
    case(12, 5, [3], 4.0, False, 3),
    case(30, 9, [2, 3, 10, 20], 1.5, True, 12),
]))
