"""What a worker does, and whether all of them together have done it."""

import sys
from pathlib import Path

MODEL = "resnet20-cifar10"


def scored(model, jpegs):
    """The most probable class of each, and how probable it is."""
    first = [model.predict(bytes(jpeg))["classes"][0] for jpeg in jpegs]
    return [one["label"] for one in first], [one["probability"] for one in first]


def compare(folder, got, what):
    """Whether `got`, a list of (id, label, probability) in any order, is what one process said."""
    import pyarrow.parquet as parquet
    answers = parquet.read_table(Path(folder) / "answers.parquet")
    expected = list(zip(*(answers[name].to_pylist() for name in ("id", "label", "probability"))))
    if sorted(got) != expected:
        sys.exit(f"FAIL: {what}: {len(got)} answers, {len(set(got) ^ set(expected))} other ones than one process gave")
    print(f"PASS: {what}: {len(got)} answers, those of one process")


def report(start, end, begun, count):
    """How long it took from `start` to `end`, and from when the first of the processes was ready, which `begun` has."""
    scoring = end - min(begun)
    print(f"{len(begun)} processes: {end - start:.1f} s; {scoring:.1f} s from the first model that was open, {count / scoring:.0f} a second")
