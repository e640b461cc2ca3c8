"""Scores a table of pictures on Spark:

    python3 score.py FOLDER [--workers N] [--udf] [--kill worker|executor]

FOLDER is what Examples/Scoring/pictures.py made. --udf takes predict_batch_udf in place of mapInPandas. --kill ends a worker of
Python, or the executor above it, while it scores.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from pyspark.ml.functions import predict_batch_udf
from pyspark.sql import SparkSession
from pyspark.sql.functions import col
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Scoring"))
from scoring import MODEL, compare, report, scored  # noqa: E402

ANSWER = StructType([StructField("label", StringType()), StructField("probability", DoubleType())])


def mark(workers):
    """Says once that this process has its model: how many there are, since when, and which one could be killed."""
    if not (own := Path(workers) / str(os.getpid())).exists():
        own.touch()


def in_pandas(workers):
    def score(batches):
        import modelzoo
        import pandas
        # Once a process, however many tasks it is given.
        model = modelzoo.shared(MODEL, threads=1)
        mark(workers)
        for batch in batches:
            labels, probabilities = scored(model, batch["jpeg"])
            yield pandas.DataFrame({"id": batch["id"], "label": labels, "probability": probabilities})
    return score


def as_udf(workers):
    def make():
        import modelzoo
        import numpy
        model = modelzoo.shared(MODEL, threads=1)
        mark(workers)

        def score(jpegs):
            labels, probabilities = scored(model, jpegs)
            return {"label": numpy.array(labels, object), "probability": numpy.array(probabilities)}
        return score
    return predict_batch_udf(make, return_type=ANSWER, batch_size=100)


def parent(process):
    with open(f"/proc/{process}/stat") as status:
        return int(status.read().rpartition(")")[2].split()[1])


def kill_one(workers, what, killed):
    """Waits for a worker to have begun, and ends it, or the executor, which is above the process that forks workers."""
    while not (begun := list(Path(workers).iterdir())):
        time.sleep(0.05)
    time.sleep(2)
    process = int(begun[0].name)
    if what == "executor":
        process = parent(parent(process))
    os.kill(process, signal.SIGKILL)
    killed.append(process)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--udf", action="store_true")
    arguments.add_argument("--kill", choices=["worker", "executor"])
    given = arguments.parse_args()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # Executors of one processor each, which are processes of their own, as on a cluster.
    spark = (
        SparkSession.builder.master(f"local-cluster[{given.workers},1,1024]").appName("ModelZoo")
        .config("spark.ui.enabled", False).config("spark.ui.showConsoleProgress", False)
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 100)
        # A task is a file or two: what is lost with a worker is done again.
        .config("spark.sql.files.maxPartitionBytes", 4 << 20).getOrCreate())
    # What is killed makes a noise.
    spark.sparkContext.setLogLevel("OFF" if given.kill else "ERROR")
    spark.sparkContext.addPyFile(str(Path(__file__).resolve().parent.parent / "Scoring" / "scoring.py"))
    with tempfile.TemporaryDirectory() as workers:
        # All executors are there before time is taken.
        while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < given.workers + 1:
            time.sleep(0.1)
        table = spark.read.parquet(str(Path(given.folder).resolve() / "pictures"))
        if given.udf:
            answered = table.withColumn("answer", as_udf(workers)(col("jpeg"))).select("id", "answer.*")
        else:
            answered = table.mapInPandas(in_pandas(workers), StructType().add("id", "long").add("label", "string").add(
                "probability", "double"))
        killed = []
        if given.kill:
            threading.Thread(target=kill_one, args=(workers, given.kill, killed), daemon=True).start()
        start = time.time()
        got = [tuple(row) for row in answered.collect()]
        end = time.time()
        begun = [process.stat().st_mtime for process in Path(workers).iterdir()]
    if given.kill and not killed:
        sys.exit("FAIL: all was done before a worker could be killed")
    spark.stop()
    what = f"Spark, {given.workers} executors, {'predict_batch_udf' if given.udf else 'mapInPandas'}"
    what += f", {given.kill} {killed[0]} killed" if killed else ""
    compare(given.folder, got, what)
    report(start, end, begun, len(got))


if __name__ == "__main__":
    main()
