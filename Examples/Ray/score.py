"""Scores a table of pictures with Ray Data:

    python3 score.py FOLDER [--workers N] [--kill]

FOLDER is what Examples/Scoring/pictures.py made. --kill ends an actor's process while it scores.
"""

import argparse
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import ray

SCORING = str(Path(__file__).resolve().parent.parent / "Scoring")
sys.path.insert(0, SCORING)
from scoring import MODEL, compare, scored  # noqa: E402


class Scorer:
    """An actor: opens the model once, and scores batches."""

    def __init__(self, workers):
        import modelzoo
        self.model = modelzoo.Model(MODEL, threads=1)
        # Whoever looks for a worker to kill finds it here.
        (Path(workers) / str(os.getpid())).touch()

    def __call__(self, batch):
        labels, probabilities = scored(self.model, batch["jpeg"])
        return {"id": batch["id"], "label": labels, "probability": probabilities}


def kill_one(workers, killed):
    while not (begun := list(Path(workers).iterdir())):
        time.sleep(0.05)
    time.sleep(2)
    os.kill(int(begun[0].name), signal.SIGKILL)
    killed.append(int(begun[0].name))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--kill", action="store_true")
    given = arguments.parse_args()
    # One processor each, and one for reading.
    ray.init(
        num_cpus=given.workers + 1, include_dashboard=False, log_to_driver=False, logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": SCORING}})
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel("ERROR")
    with tempfile.TemporaryDirectory() as workers:
        killed = []
        if given.kill:
            threading.Thread(target=kill_one, args=(workers, killed), daemon=True).start()
        start = time.monotonic()
        table = ray.data.read_parquet(str(Path(given.folder).resolve() / "pictures"), override_num_blocks=20)
        answered = table.map_batches(
            Scorer, fn_constructor_args=(workers,), batch_size=100, num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=given.workers))
        got = [(row["id"], row["label"], row["probability"]) for row in answered.iter_rows()]
        seconds = time.monotonic() - start
        processes = len(list(Path(workers).iterdir()))
    if given.kill and not killed:
        sys.exit("FAIL: all was done before an actor could be killed")
    ray.shutdown()
    what = f"Ray, {given.workers} actors" + (f", {killed[0]} killed" if killed else "")
    compare(given.folder, got, what)
    print(f"{processes} processes: {seconds:.1f} s, {len(got) / seconds:.0f} a second")


if __name__ == "__main__":
    main()
