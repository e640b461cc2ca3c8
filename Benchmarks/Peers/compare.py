#!/usr/bin/env python3
"""Measures zoo beside ONNX Runtime, OpenVINO and ncnn, and writes a table, JSON and a chart.

    compare.py [--networks NAME ...] [--batches 1 8] [--threads 1 2] [--precisions fp32 bf16] [--rounds 5] [--seconds 2]

The engines take turns: each round starts every one of them once, each in a process of its own, for --seconds. Numbers
are medians over the rounds, ratios are medians of the rounds' own ratios, so that a machine that slows down for a while
slows all of them. Results go to --output; where others use the machine meanwhile they go to --disturbed instead, because
such numbers mean little.
"""
import argparse
import glob
import importlib.metadata
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy

import machine
import report

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NETWORKS = ["resnet18", "resnet34", "resnet50", "resnet152", "alexnet", "alexnet-caffe", "bert-base", "vit-b-16"]
ENGINES = ["zoo", "onnxruntime", "openvino", "ncnn"]
# Foreign work above this part of the machine's time spoils a result.
QUIET = 0.03


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.folder = arguments.folder
        self.refused = set()

    def file(self, network, ending):
        return os.path.join(self.folder, network + ending)

    # Files

    def prepare(self, network):
        """The network's package, and ncnn's form of it."""
        package, onnx = self.file(network, ".zoo"), self.file(network, ".onnx")
        if not os.path.exists(onnx):
            sys.exit(f"compare.py: {onnx} is missing; networks.py writes it")
        if not os.path.exists(package) or os.path.getmtime(package) < os.path.getmtime(onnx):
            run([self.arguments.zoo, "convert", onnx, package])
        if "ncnn" in self.arguments.engines and not os.path.exists(self.file(network, ".param")):
            self.convert_to_ncnn(network, onnx)

    def convert_to_ncnn(self, network, onnx):
        spec = importlib.util.find_spec("pnnx")
        shape = self.measure("onnxruntime", network, 1, 1, "fp32", seconds=0)
        if spec is None or shape is None:
            return
        # The program in the wheel needs no torch; the wheel's Python module does.
        program = os.path.join(os.path.dirname(spec.origin), "pnnx")
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            source = os.path.join(folder, "net.onnx")
            os.link(onnx, source)
            extents = ",".join(str(extent) for extent in shape["shape"])
            subprocess.run([program, source, f"inputshape=[{extents}]", "fp16=0"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            made = [os.path.join(folder, "net.ncnn" + ending) for ending in (".bin", ".param")]
            if not all(os.path.exists(path) for path in made):
                return note(f"ncnn's converter does not take {network}")
            with open(self.file(network, ".param.shape"), "w") as file:
                json.dump(shape["shape"], file)
            for path, ending in zip(made, (".bin", ".param")):
                os.replace(path, self.file(network, ending))

    # Measurements

    def measure(self, engine, network, batch, threads, precision, seconds=None, extra=()):
        """One engine's JSON, or None where it can't do this."""
        case = (engine, network, batch, precision)
        if case in self.refused:
            return None
        options = ["--batch", str(batch), "--threads", str(threads), "--precision", precision,
                   "--seconds", str(self.arguments.seconds if seconds is None else seconds)]
        if engine == "zoo":
            command = [self.arguments.zoo, "bench", self.file(network, ".zoo"), "--json", "--quiet"]
        else:
            model = self.file(network, ".param" if engine == "ncnn" else ".onnx")
            if not os.path.exists(model):
                return None
            command = [sys.executable, os.path.join(HERE, "peer.py"), engine, model]
        try:
            return json.loads(run(command + options + list(extra)))
        except Refused as error:
            self.refused.add(case)
            note(f"{engine}, {network}, batch {batch}, {precision}: {error}")
            return None

    def case(self, network, batch, threads, precision):
        watch = machine.Watch()
        rounds = []
        for number in range(self.arguments.rounds):
            # Every second round goes backwards, so that nobody always follows the same one.
            order = self.arguments.engines[:: -1 if number % 2 else 1]
            rounds.append({engine: self.measure(engine, network, batch, threads, precision) for engine in order})
        results = {}
        for engine in self.arguments.engines:
            taken = [entry[engine] for entry in rounds if entry[engine]]
            if not taken:
                continue
            results[engine] = {key: statistics.median(entry[key] for entry in taken)
                               for key in ("median_s", "min_s", "first_result_s", "peak_mib")}
            results[engine]["rounds"] = [{key: entry[key] for key in ("median_s", "first_result_s", "peak_mib", "runs")}
                                         for entry in taken]
        return {"network": network, "batch": batch, "threads": threads, "precision": precision, "engines": results,
                "foreign_share": watch.foreign_share()}

    def difference(self, network):
        """The greatest difference of zoo's outputs from ONNX Runtime's, over the largest output."""
        shape = self.measure("onnxruntime", network, 1, 1, "fp32", seconds=0)
        if shape is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            given, wanted = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
            numpy.save(given, numpy.random.default_rng(1).standard_normal(shape["shape"], dtype=numpy.float32))
            self.measure("onnxruntime", network, 1, 1, "fp32", seconds=0, extra=["--input", given, "--output", wanted])
            try:
                run([self.arguments.zoo, "run", self.file(network, ".zoo"), "--input", f"input={given}", "--output-dir",
                     folder])
            except Refused as error:
                return note(f"{network}: {error}")
            ours, theirs = numpy.load(os.path.join(folder, "output.npy")), numpy.load(wanted)
            largest = float(numpy.abs(theirs).max())
            # Random weights can leave nothing but zeros behind the last ReLU.
            return float(numpy.abs(ours - theirs).max()) / largest if largest else None


class Refused(Exception):
    pass


def run(command):
    """Standard output of a program that ended well."""
    outcome = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if outcome.returncode != 0:
        lines = outcome.stderr.strip().splitlines() or [f"status {outcome.returncode}"]
        raise Refused(next((line for line in lines if line.startswith("zoo:")), lines[-1]))
    return outcome.stdout


def note(text):
    print(text, file=sys.stderr)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--zoo", default=os.path.join(ROOT, ".build/release/zoo"))
    parser.add_argument("--folder", default=os.path.join(ROOT, ".build/benchmarks"), help="where the networks lie")
    parser.add_argument("--output", default=os.path.join(ROOT, "Docs"))
    parser.add_argument("--disturbed", default=os.path.join(ROOT, ".build/benchmarks"))
    parser.add_argument("--list", action="store_true", help="only print the networks")
    return parser.parse_args()


def main():
    arguments = parse()
    if arguments.list:
        return print(*arguments.networks)
    bench = Bench(arguments)
    watch = machine.Watch()
    packages = ["onnxruntime", "openvino", "ncnn"]
    results = {"machine": machine.description(), "rounds": arguments.rounds, "seconds": arguments.seconds,
               "versions": {name: importlib.metadata.version(name) for name in packages if name in arguments.engines},
               "differences": {}, "cases": []}
    for network in arguments.networks:
        bench.prepare(network)
        if "zoo" in arguments.engines:
            results["differences"][network] = bench.difference(network)
        for precision in arguments.precisions:
            for batch in arguments.batches:
                for threads in arguments.threads:
                    case = bench.case(network, batch, threads, precision)
                    results["cases"].append(case)
                    times = {name: f"{entry['median_s'] * 1e3:.2f}" for name, entry in case["engines"].items()}
                    note(f"{network}, batch {batch}, {threads} threads, {precision}: {times} ms")
    results["foreign_share"] = watch.foreign_share()
    quiet = results["foreign_share"] <= QUIET
    folder = arguments.output if quiet else arguments.disturbed
    report.write(results, folder)
    print(report.markdown(results))
    if not quiet:
        note(f"Others used {results['foreign_share']:.0%} of the machine's time: the results are in {folder} only.")


if __name__ == "__main__":
    main()
