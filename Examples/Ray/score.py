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
from scoring import MODEL, compare, report, scored  # noqa: E402


class Scorer:
    """An actor: opens the model once, and scores batches."""

    def __init__(self, workers):
        import modelzoo
        self.model = modelzoo.Model(MODEL, threads=1)
        # Says that this process has its model: how many there are, since when, and which one could be killed.
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
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # Blocks go to actors whole: there have to be many for each, and what is lost with an actor is few of them.
    context.target_max_block_size = 1 << 20
    logging.getLogger("ray.data").setLevel("ERROR")
    with tempfile.TemporaryDirectory() as workers:
        killed = []
        if given.kill:
            threading.Thread(target=kill_one, args=(workers, killed), daemon=True).start()
        start = time.time()
        table = ray.data.read_parquet(str(Path(given.folder).resolve() / "pictures"))
        answered = table.map_batches(
            Scorer, fn_constructor_args=(workers,), batch_size=100, num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=given.workers))
        got = [
            row for batch in answered.iter_batches(batch_format="numpy")
            for row in zip(*(batch[name].tolist() for name in ("id", "label", "probability")))]
        end = time.time()
        begun = [process.stat().st_mtime for process in Path(workers).iterdir()]
    if given.kill and not killed:
        sys.exit("FAIL: all was done before an actor could be killed")
    ray.shutdown()
    what = f"Ray, {given.workers} actors" + (f", {killed[0]} killed" if killed else "")
    compare(given.folder, got, what)
    report(start, end, begun, len(got))


if __name__ == "__main__":
    main()
