"""Tokens as PyTorch users draw them, on one thread or several.

torch_tokens.py: reads lines of JSON { file, name, threads, calls } and answers each with the nanoseconds that a call took;
FILE holds float32 logits. NAME is softmax, topk (softmax of the 50 greatest, multinomial) or topp (a sort, a running sum,
multinomial), all at temperature 0.8 and, for topp, 0.95.
"""

import json
import sys
import time

import numpy
import torch

TEMPERATURE, K, P = 0.8, 50, 0.95


def softmax(logits):
    return torch.softmax(logits / TEMPERATURE, -1)


def topk(logits):
    values, ids = torch.topk(logits, K)
    return ids[torch.multinomial(softmax(values), 1)]


def topp(logits):
    values, ids = torch.sort(logits, descending=True)
    p = softmax(values)
    p[torch.cumsum(p, -1) - p >= P] = 0
    return ids[torch.multinomial(p, 1)]


for line in sys.stdin:
    case = json.loads(line)
    torch.set_num_threads(case["threads"])
    logits = torch.from_numpy(numpy.fromfile(case["file"], numpy.float32))
    run = {"softmax": softmax, "topk": topk, "topp": topp}[case["name"]]
    run(logits)
    start = time.perf_counter_ns()
    for _ in range(case["calls"]):
        run(logits)
    print(json.dumps((time.perf_counter_ns() - start) / case["calls"]), flush=True)
