"""scikit-learn's LogisticRegression on features that are given, timed.

sklearn_regression.py: reads lines of JSON. { load, type, dims } reads features.bin and labels.bin of a folder;
{ fit: tolerance } fits them until no element of the gradient of the mean loss is larger, and answers with the time in
milliseconds, the iterations, the gradient that was reached, and the objective divided by the number of rows.
"""

import json
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
features = labels = None


def reached(model):
    """By the formula of SoftmaxRegression, in float64."""
    rows = len(labels)
    coefficients, intercept = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    loss, of_coefficients, of_intercept = 0.0, coefficients.copy(), np.zeros(len(intercept))
    for first in range(0, rows, 10_000):
        x = features[first : first + 10_000].astype(np.float64)
        y = labels[first : first + 10_000]
        z = x @ coefficients.T + intercept
        z -= z.max(1, keepdims=True)
        p = np.exp(z)
        total = p.sum(1, keepdims=True)
        loss += (np.log(total[:, 0]) - z[np.arange(len(y)), y]).sum()
        p /= total
        p[np.arange(len(y)), y] -= 1
        of_coefficients += p.T @ x
        of_intercept += p.sum(0)
    norm = max(abs(of_coefficients).max(), abs(of_intercept).max()) / rows
    return float(norm), float((loss + 0.5 * (coefficients**2).sum()) / rows)


for line in sys.stdin:
    question = json.loads(line)
    if "load" in question:
        kind = np.float32 if question["type"] == "float32" else np.float64
        features = np.fromfile(question["load"] + "/features.bin", kind).reshape(question["dims"])
        labels = np.fromfile(question["load"] + "/labels.bin", np.int32)
        print("{}", flush=True)
        continue
    model = LogisticRegression(C=1.0, tol=question["fit"] * len(labels), max_iter=10_000)
    start = time.perf_counter()
    model.fit(features, labels)
    milliseconds = 1000 * (time.perf_counter() - start)
    norm, loss = reached(model)
    answer = {"milliseconds": milliseconds, "iterations": int(model.n_iter_[0]), "gradientNorm": norm, "loss": loss}
    print(json.dumps(answer), flush=True)
