"""Trains small models with LIBLINEAR and LIBSVM, and writes what they predict.

Usage: make_fixtures.py FOLDER   (liblinear-official 2.50, libsvm-official 3.37)
"""

import json
import sys
from pathlib import Path

import numpy as np
from liblinear.liblinearutil import predict, save_model, train
from libsvm.svmutil import svm_predict, svm_save_model, svm_train

folder = Path(sys.argv[1])
random = np.random.default_rng(0)
LABELS = [5, -2, 7, 1]
cases = []


def data(classes, count=60, features=5):
    x = random.normal(size=(count, features)).round(3)
    x[random.random(x.shape) < 0.3] = 0
    x[0] = 0
    best = (x @ random.normal(size=(features, classes)) + random.normal(size=count)[:, None] * 0.3 * np.arange(classes)).argmax(1)
    return x.tolist(), [LABELS[index] for index in best]


def add(name, x, outputs):
    cases.append({"file": name, "x": x[:20], "outputs": {
        key: [row if isinstance(row, (int, float)) else list(row) for row in np.asarray(value)[:20].tolist()]
        for key, value in outputs.items()}})


def linear(name, x, y, options, probabilities=False, key="label"):
    model = train(y, x, f"-q {options}")
    save_model(str(folder / name), model)
    labels, _, values = predict(y, x, model, "-q")
    outputs = {key: labels, "decision_values": values}
    if probabilities:
        outputs["probabilities"] = predict(y, x, model, "-q -b 1")[2]
    add(name, x, outputs)


def kernel(name, x, y, options, probabilities=False, key="label"):
    model = svm_train(y, x, f"-q {options}{' -b 1' if probabilities else ''}")
    svm_save_model(str(folder / name), model)
    labels, _, values = svm_predict(y, x, model, "-q")
    outputs = {key: labels, "decision_values": values}
    if probabilities:
        outputs["probabilities"] = svm_predict(y, x, model, "-q -b 1")[2]
    add(name, x, outputs)


two, four = data(2), data(4)
numbers = (two[0], [sum(row) + 0.25 for row in two[0]])
linear("linear-two.model", *two, "-s 2 -B 1")
linear("linear-two-no-bias.model", *two, "-s 1")
linear("linear-four.model", *four, "-s 3 -B 2.5")
linear("linear-crammer-singer.model", *two, "-s 4 -B 1")
linear("logistic-two.model", *two, "-s 0 -B 1", True)
linear("logistic-four.model", *four, "-s 7 -B 1", True)
linear("linear-regression.model", *numbers, "-s 12 -B 1", key="value")
linear("linear-one-class.model", two[0], [1] * 60, "-s 21")
for index, title in enumerate(["linear", "polynomial", "rbf", "sigmoid"]):
    kernel(f"svm-two-{title}.model", *two, f"-t {index} -r 0.5 -d 2 -s {index % 2} -n 0.2", index == 2)
    kernel(f"svm-four-{title}.model", *four, f"-t {index} -r 0.5 -d 2", index == 1)
for kind, title in [(3, "epsilon"), (4, "nu")]:
    kernel(f"svm-{title}-regression.model", *numbers, f"-s {kind}", key="value")
kernel("svm-one-class.model", two[0], [1] * 60, "-s 2 -n 0.3")
(folder / "references.json").write_text(json.dumps(cases))
