"""A training step of sampled softmax as PyTorch users write it: embeddings with sparse gradients, SGD.

torch_sampled.py: reads lines of JSON { classes, dim, batch, samples, seconds } and answers each with the median of the
times of a step in nanoseconds.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F


def step_of(classes, dim, batch, samples):
    table = torch.nn.Embedding(classes, dim, sparse=True)
    output = torch.nn.Embedding(classes, dim, sparse=True)
    noise = 1.0 / torch.arange(1, classes + 1, dtype=torch.float32)
    noise /= noise.sum()
    log_expected = (samples * noise).log()
    optimizer = torch.optim.SGD([*table.parameters(), *output.parameters()], lr=0.05)
    rows = torch.randint(classes, (batch,))
    targets = torch.randint(classes, (batch,))

    def step():
        negatives = torch.multinomial(noise, samples, replacement=True)
        hidden = table(rows)
        true = (hidden * output(targets)).sum(1, keepdim=True) - log_expected[targets].unsqueeze(1)
        sampled = hidden @ output(negatives).T - log_expected[negatives]
        logits = torch.cat([true, sampled], dim=1)
        loss = F.cross_entropy(logits, torch.zeros(batch, dtype=torch.long))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


torch.set_num_threads(1)
for line in sys.stdin:
    case = json.loads(line)
    seconds = case.pop("seconds")
    step = step_of(**case)
    end = time.perf_counter() + seconds
    step()
    times = []
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter_ns()
        step()
        times.append(time.perf_counter_ns() - start)
    print(json.dumps(sorted(times)[len(times) // 2]), flush=True)
