#!/usr/bin/env python3
"""How time and memory grow with batch, depth, width and image size, beside ONNX Runtime.

    scale.py [--axes batch depth width size] [--rounds 3] [--seconds 1] [--threads 2] [--output scale.svg]

The networks are plain: a strided convolution, then 3×3 convolutions of one width with ReLU and a residual around every
two, then the mean and a classifier. One property changes at a time. The engines take turns, each in a process of its
own; the numbers are medians, and are written beside the plot as JSON.
"""
import argparse
import json
import os
import statistics
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import compare
import machine
from report import COLORS, TITLES

USUAL = {"batch": 1, "depth": 16, "width": 64, "size": 64}
AXES = {"batch": [1, 2, 4, 8, 16, 32], "depth": [4, 8, 16, 32, 64], "width": [16, 32, 64, 128, 256],
        "size": [32, 64, 128, 256, 512]}
MEASURES = {"median_s": ("time, ms", 1e3), "peak_mib": ("peak memory, MiB", 1)}


def network(depth, width):
    """The bytes of an ONNX model with an open batch and image size."""
    random = numpy.random.default_rng(0)
    nodes, weights = [], []

    def add(operator, inputs, **attributes):
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def weight(*shape):
        values = random.standard_normal(shape, dtype=numpy.float32) / numpy.sqrt(numpy.prod(shape[1:]))
        weights.append(numpy_helper.from_array(values.astype(numpy.float32), f"w{len(weights)}"))
        return weights[-1].name

    def convolution(value, channels, stride=1):
        return add("Conv", [value, weight(width, channels, 3, 3)], pads=[1] * 4, strides=[stride] * 2)

    value = add("Relu", [convolution("input", 3, stride=2)])
    for _ in range(depth // 2):
        inner = add("Relu", [convolution(value, width)])
        value = add("Relu", [add("Add", [convolution(inner, width), value])])
    features = add("Flatten", [add("GlobalAveragePool", [value])])
    nodes.append(helper.make_node("MatMul", [features, weight(width, 1000)], ["output"]))
    graph = helper.make_graph(
        nodes, "scale", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, "S", "S"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 1000])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def measure(engine, path, values, arguments):
    options = ["--batch", str(values["batch"]), "--threads", str(arguments.threads), "--seconds", str(arguments.seconds)]
    if engine == "zoo":
        command = [arguments.zoo, "bench", path, "--json", "--quiet", "--dim", f"S={values['size']}"]
    else:
        command = [sys.executable, os.path.join(compare.HERE, "peer.py"), engine, path, "--dim", str(values["size"])]
    return json.loads(compare.run(command + options))


def measure_axis(axis, arguments):
    points = []
    for value in AXES[axis]:
        values = USUAL | {axis: value}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "scale.onnx")
            with open(path, "wb") as file:
                file.write(network(values["depth"], values["width"]))
            rounds = [{engine: measure(engine, path, values, arguments) for engine in arguments.engines}
                      for _ in range(arguments.rounds)]
        points.append({"value": value, "engines": {
            engine: {key: statistics.median(entry[engine][key] for entry in rounds) for key in MEASURES}
            for engine in arguments.engines}})
        compare.note(f"{axis} {value}: {points[-1]['engines']}")
    return points


def plot(results, path):
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "zoo"
    from matplotlib import pyplot, ticker

    axes = results["axes"]
    figure, panels = pyplot.subplots(2, len(axes), figsize=(3 * len(axes) + 0.5, 5.6), squeeze=False)
    for column, (axis, points) in enumerate(axes.items()):
        for row, (key, (title, scale)) in enumerate(MEASURES.items()):
            panel = panels[row, column]
            for engine in points[0]["engines"]:
                panel.plot([point["value"] for point in points],
                           [point["engines"][engine][key] * scale for point in points], marker="o", markersize=3.5,
                           color=COLORS[engine], label=TITLES[engine])
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.yaxis.set_major_formatter("{x:g}")
            panel.yaxis.set_minor_formatter(ticker.LogFormatter(minor_thresholds=(1, 0.4)))
            panel.set_xticks([point["value"] for point in points], [str(point["value"]) for point in points])
            panel.set_xlabel({"batch": "batch", "depth": "layers", "width": "channels", "size": "pixels a side"}[axis])
            panel.tick_params(labelsize=8)
            panel.grid(alpha=0.3, linewidth=0.5)
            if column == 0:
                panel.set_ylabel(title)
    panels[0, 0].legend(fontsize=8, frameon=False)
    usual = ", ".join(f"{name} {value}" for name, value in USUAL.items())
    figure.suptitle(f"3×3 convolutions with residuals, {results['threads']} threads; where fixed: {usual}", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--axes", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--engines", nargs="+", choices=["zoo", "onnxruntime", "openvino"],
                        default=["zoo", "onnxruntime"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--zoo", default=os.path.join(compare.ROOT, ".build/release/zoo"))
    parser.add_argument("--output", default=os.path.join(compare.ROOT, ".build/benchmarks/scale.svg"))
    arguments = parser.parse_args()
    watch = machine.Watch()
    results = {"machine": machine.description(), "threads": arguments.threads,
               "axes": {axis: measure_axis(axis, arguments) for axis in arguments.axes}}
    results["foreign_share"] = watch.foreign_share()
    os.makedirs(os.path.dirname(os.path.abspath(arguments.output)), exist_ok=True)
    with open(os.path.splitext(arguments.output)[0] + ".json", "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    plot(results, arguments.output)
    compare.note(f"{arguments.output}; others used {results['foreign_share']:.0%} of the machine's time")


if __name__ == "__main__":
    main()
