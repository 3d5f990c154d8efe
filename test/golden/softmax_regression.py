"""Values of scikit-learn's LogisticRegression: python3 test/golden/softmax_regression.py > test/golden/goldens-regression.json

The digits of examples/data, and a small problem with weights of rows and classes, which is written out whole.
"""
import gzip
import json
import pathlib

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LogisticRegression

root = pathlib.Path(__file__).parent.parent.parent


def fit(features, labels, sample_weight=None, **options):
    settings = {"solver": "newton-cg", "multi_class": "multinomial", "tol": 1e-9, "max_iter": 10_000, **options}
    model = LogisticRegression(**settings).fit(features, labels, sample_weight)
    return {
        "l2": 1 / model.C,
        "coefficients": model.coef_.tolist(),
        "intercept": model.intercept_.tolist(),
        "accuracy": model.score(features, labels),
        "first": model.predict_proba(features[:1])[0].tolist(),
    }


def digits():
    with gzip.open(root / "examples/data/digits.csv.gz") as file:
        table = np.loadtxt(file, delimiter=",")
    return table[:, :64], table[:, 64].astype(int)


def small():
    random = np.random.default_rng(8)
    labels = random.integers(0, 3, 40)
    features = random.normal(size=(40, 3)) + labels[:, None] * [1, -0.5, 0]
    return features.round(3), labels, random.uniform(0.2, 3, 40).round(3)


def statsmodels_errors(features, labels, model, l2):
    """Standard errors of differences to class 0, from the observed information, as statsmodels' MNLogit has them."""
    rows = np.hstack([features, np.ones((len(features), 1))])
    z = rows @ np.hstack([np.array(model["coefficients"]), np.array(model["intercept"])[:, None]]).T
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    k, d = p.shape[1], rows.shape[1]
    information = np.zeros((k - 1, d, k - 1, d))
    for a in range(1, k):
        for b in range(1, k):
            w = p[:, a] * ((a == b) - p[:, b])
            information[a - 1, :, b - 1, :] = (rows * w[:, None]).T @ rows
    errors = np.sqrt(np.diag(np.linalg.inv(information.reshape((k - 1) * d, (k - 1) * d))))
    return errors.reshape(k - 1, d).tolist()


x, y = digits()
features, labels, weights = small()
unpenalised = fit(features, labels, C=1e9)
print(
    json.dumps(
        {
            "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
            "digits": fit(x, y),
            "small": {
                "features": features.tolist(),
                "labels": labels.tolist(),
                "weights": weights.tolist(),
                "plain": fit(features, labels, C=0.5),
                "weighted": fit(features, labels, weights, C=2),
                "balanced": fit(features, labels, class_weight="balanced"),
                "classWeight": fit(features, labels, weights, class_weight={0: 1, 1: 2.5, 2: 0.5}),
                "withoutIntercept": fit(features, labels, fit_intercept=False),
                "unpenalised": {**unpenalised, "errors": statsmodels_errors(features, labels, unpenalised, 0)},
            },
        }
    )
)
