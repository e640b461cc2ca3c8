#!/usr/bin/env python3
"""Times a network in another runtime and prints what `zoo bench --json` prints: one JSON document.

    peer.py {onnxruntime|openvino|ncnn} MODEL [--batch N] [--dim N] [--threads N] [--precision fp32|bf16] [--seconds S]
            [--input X.npy] [--output Y.npy]

The input is standard normal, with --batch as its first extent and --dim for what else the model leaves open. The time
to the first result runs from opening the file; making the input and loading the runtime's code are left out of it.
"""
import argparse
import json
import statistics
import time

import numpy


def shape_of(declared, arguments):
    """A shape without open dimensions."""
    return [extent if isinstance(extent, int) and extent > 0 else arguments.batch if axis == 0 else arguments.dim
            for axis, extent in enumerate(declared)]


def random_input(shape, arguments):
    if arguments.input:
        return numpy.load(arguments.input)
    return numpy.random.default_rng(0).standard_normal(shape, dtype=numpy.float32)


def onnxruntime(arguments):
    """A closure that opens the model and gives a closure that runs it."""
    import onnxruntime as runtime

    if arguments.precision != "fp32":
        raise SystemExit(f"ONNX Runtime computes no {arguments.precision} of a fp32 network on CPUs")

    def start():
        options = runtime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        session = runtime.InferenceSession(arguments.model, options, providers=["CPUExecutionProvider"])
        node = session.get_inputs()[0]
        return shape_of(node.shape, arguments), lambda x: session.run(None, {node.name: x})[0]

    return start


def openvino(arguments):
    import openvino as runtime

    def start():
        core = runtime.Core()
        model = core.read_model(arguments.model)
        declared = model.inputs[0].partial_shape
        shape = shape_of([extent.get_length() if extent.is_static else None for extent in declared], arguments)
        model.reshape(shape)
        compiled = core.compile_model(model, "CPU", {
            "INFERENCE_NUM_THREADS": arguments.threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[arguments.precision],
        })
        request = compiled.create_infer_request()

        def run(x):
            request.infer([x])
            return request.get_output_tensor(0).data

        return shape, run

    return start


def ncnn(arguments):
    """MODEL is a .param file that was converted for the shape in FILE.shape beside it; one image at a time."""
    import ncnn as runtime

    if arguments.batch != 1:
        raise SystemExit("ncnn knows no batches")
    with open(arguments.model + ".shape") as file:
        shape = json.load(file)

    def start():
        network = runtime.Net()
        network.opt.num_threads = arguments.threads
        network.opt.use_vulkan_compute = False
        network.opt.use_fp16_packed = network.opt.use_fp16_storage = network.opt.use_fp16_arithmetic = False
        network.opt.use_bf16_storage = arguments.precision == "bf16"
        network.load_param(arguments.model)
        network.load_model(arguments.model.replace(".param", ".bin"))

        def run(x):
            extractor = network.create_extractor()
            extractor.input("in0", runtime.Mat(x[0]))
            return numpy.array(extractor.extract("out0")[1])[None]

        return shape, run

    return start


def peak_mib():
    """The most memory that this process has held; getrusage would count the caller's before exec too."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024


def main():
    engines = {"onnxruntime": onnxruntime, "openvino": openvino, "ncnn": ncnn}
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=engines)
    parser.add_argument("model")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--input")
    parser.add_argument("--output")
    arguments = parser.parse_args()

    start = engines[arguments.engine](arguments)
    opening = time.perf_counter()
    shape, run = start()
    opened = time.perf_counter()
    x = random_input(shape, arguments)
    running = time.perf_counter()
    y = run(x)
    first = time.perf_counter() - running + opened - opening
    if arguments.output:
        numpy.save(arguments.output, y)
    times = []
    end = time.perf_counter() + arguments.seconds
    while len(times) < 3 or time.perf_counter() < end:
        before = time.perf_counter()
        run(x)
        times.append(time.perf_counter() - before)
    print(json.dumps({
        "engine": arguments.engine, "batch": arguments.batch, "threads": arguments.threads,
        "precision": arguments.precision, "shape": list(x.shape), "median_s": statistics.median(times),
        "min_s": min(times), "first_result_s": first, "runs": len(times),
        "peak_mib": peak_mib(),
    }))


if __name__ == "__main__":
    main()
