"""scikit-learn's logistic regression on features that the benchmark wrote.

    python linear_probe.py THREADS

Requests: {"features": FILE, "labels": FILE, "width": d, "classes": k, "C": C}, raw float32 and int32; answer:
{"ms", "loss", "steps", "accuracy"}. The settings are those of OpenAI's README, and scikit-learn's own tolerance.
"""
import json, os, sys, time, warnings

warnings.filterwarnings("ignore")
os.environ.update(OMP_NUM_THREADS=sys.argv[1], OPENBLAS_NUM_THREADS=sys.argv[1])
import numpy as np
from sklearn.linear_model import LogisticRegression

print(json.dumps({"ready": "scikit-learn"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    y = np.fromfile(request["labels"], np.int32)
    x = np.fromfile(request["features"], np.float32).reshape(len(y), request["width"])
    start = time.perf_counter()
    fit = LogisticRegression(C=request["C"], max_iter=1000).fit(x, y)
    ms = (time.perf_counter() - start) * 1e3
    w = fit.coef_.astype(np.float64)
    z = x @ w.T + fit.intercept_
    accuracy = float((z.argmax(1) == y).mean())
    z -= z.max(1, keepdims=True)
    loss = (np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]).sum() + (w**2).sum() / 2 / request["C"]
    print(json.dumps({"ms": ms, "loss": float(loss), "steps": int(fit.n_iter_[0]), "accuracy": accuracy}), flush=True)
