#!/usr/bin/env python3
"""Measures zoo-serve beside ONNX Runtime behind a plain Python server, and texts beside llama-cpp-python's server.

    compare.py [--network FILE.onnx] [--connections 1 8 32 128 256] [--gguf FILE.gguf] [--streams 1 8] [--rounds 3] [--seconds 20]

The servers take turns, each round in processes of their own. wrk sends the same bytes to both, a picture as a tensor, as
fast as answers come on so many connections. Numbers are medians over the rounds, ratios medians of the rounds' own.
Without a GGUF file texts are left out; llama-cpp-python's server is left out where it is not installed.
"""
import argparse
import http.client
import importlib.util
import json
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "Peers"))

import machine  # noqa: E402

SCRIPT = """
wrk.method = "POST"
wrk.headers["Inference-Header-Content-Length"] = "%d"
local file = io.open("%s", "rb")
wrk.body = file:read("*a")
file:close()
"""
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A server in a process of its own, which answers at a port before anything is measured."""

    def __init__(self, command, port):
        self.port, self.log = port, tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        sys.exit(f"compare.py: {command[0]} does not listen: {self.log.read()[-2000:].decode()}")

    def peak_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


# Pictures

def picture_command(engine, arguments, port):
    if engine == "onnxruntime":
        return [sys.executable, str(HERE / "peer.py"), arguments.network, str(port)]
    return [f"{arguments.programs}/zoo-serve", f"network={arguments.network}", "--port", str(port), "--log-level", "error",
            "--queue", "1000", *arguments.option]


def write_request(folder):
    """The request, and wrk's script that sends it."""
    image = np.random.default_rng(0).standard_normal((1, 3, 224, 224), np.float32)
    head = json.dumps({
        "inputs": [{"name": "image", "shape": list(image.shape), "datatype": "FP32",
                    "parameters": {"binary_data_size": image.nbytes}}],
        "parameters": {"binary_data_output": True}}).encode()
    (folder / "body").write_bytes(head + image.tobytes())
    (folder / "wrk.lua").write_text(SCRIPT % (len(head), folder / "body"))


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()
    return float(number) * UNITS[unit]


def measure_pictures(engine, connections, folder, arguments):
    port = free_port()
    with Server(picture_command(engine, arguments, port), port) as server:
        def wrk(connections, duration):
            return subprocess.run(
                ["wrk", "--latency", "--timeout", "300s", "-t1", f"-c{connections}", f"-d{duration}s", "-s",
                 str(folder / "wrk.lua"), f"http://127.0.0.1:{port}/v2/models/network/infer"],
                capture_output=True, text=True, check=True).stdout

        # One connection, as a server that does not notice that clients are gone would go on with many requests.
        wrk(1, 2)
        output = wrk(connections, arguments.seconds)
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
        if "Non-2xx" in output or "Socket errors" in output or rate == 0:
            sys.exit(f"compare.py: {engine} fails, or --seconds is too short: {output}")
        p50, p99 = (seconds(re.search(rf"^\s+{part}%\s+(\S+)", output, re.M)[1]) for part in (50, 99))
        return {"rate": rate, "p50": p50, "p99": p99, "mib": server.peak_mib()}


def best_bench(arguments):
    """Pictures a second that the network does by itself, at the best batch."""
    best = 0.0
    for batch in (1, 2, 4, 8):
        done = subprocess.run(
            [f"{arguments.programs}/zoo", "bench", arguments.network, "--batch", str(batch), "--seconds", "3", "--json", "--quiet"],
            capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        best = max(best, batch / found["median_s"])
    return best


# Texts

def text_command(engine, arguments, port):
    if engine == "llama.cpp":
        return [sys.executable, "-m", "llama_cpp.server", "--model", arguments.gguf, "--port", str(port), "--n_ctx", "2048"]
    return [f"{arguments.programs}/zoo-serve", f"text={arguments.gguf}", "--port", str(port), "--log-level", "error", *arguments.option]


def ask(port, number, tokens, counts):
    """Has one text generated, and notes when each piece came."""
    body = json.dumps({
        "model": "text", "stream": True, "max_tokens": tokens, "temperature": 1, "seed": number,
        "messages": [{"role": "user", "content": f"Tell me a long story about the number {number}."}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"compare.py: {answer.status}: {answer.read()[:500]}")
    for line in answer:
        if line.startswith(b"data: {") and json.loads(line[6:])["choices"][0]["delta"].get("content"):
            counts[number].append(time.perf_counter())
    connection.close()


def measure_texts(engine, streams, arguments):
    port = free_port()
    with Server(text_command(engine, arguments, port), port) as server:
        ask(port, 0, 8, [[]])
        counts = [[] for _ in range(streams)]
        began = time.perf_counter()
        threads = [threading.Thread(target=ask, args=(port, number, arguments.tokens, counts)) for number in range(streams)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # While all are generated: behind the last one's first piece, until the first one's end.
        first, last = max(times[0] for times in counts), min(times[-1] for times in counts)
        pieces = sum(first < moment <= last for times in counts for moment in times)
        return {"rate": pieces / (last - first), "p50": statistics.median(times[0] - began for times in counts),
                "p99": max(times[0] - began for times in counts), "mib": server.peak_mib()}


# All

def compare(what, sizes, engines, measure, arguments):
    """A line for each size, with each engine's medians and the ratio of rates."""
    cases = []
    for size in sizes:
        watch = machine.Watch()
        rounds = [{engine: measure(engine, size) for engine in engines[:: -1 if number % 2 else 1]}
                  for number in range(arguments.rounds)]
        found = {engine: {key: statistics.median(entry[engine][key] for entry in rounds) for key in rounds[0][engine]}
                 for engine in engines}
        ratio = statistics.median(entry["zoo"]["rate"] / entry[engines[-1]]["rate"] for entry in rounds)
        case = {"what": what, "size": size, "engines": found, "ratio": ratio, "foreign_share": watch.foreign_share()}
        cases.append(case)
        print(f"{what} {size}:", flush=True)
        for engine, values in found.items():
            print(f"  {engine:12}{values['rate']:9.1f}/s{1000 * values['p50']:10.1f} ms{1000 * values['p99']:10.1f} ms"
                  f"{values['mib']:8.0f} MiB")
        print(f"  ratio {ratio:.2f}", flush=True)
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=str(ROOT / ".build/release"), help="where zoo and zoo-serve are")
    parser.add_argument("--network")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 8, 32, 128, 256])
    parser.add_argument("--gguf")
    parser.add_argument("--streams", type=int, nargs="*", default=[1, 8])
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--engines", nargs="*", default=["zoo", "onnxruntime", "llama.cpp"])
    parser.add_argument("--option", action="append", default=[], help="an option of zoo-serve's, as --option=--max-batch=4")
    parser.add_argument("--bench", action="store_true", help="say what zoo bench does, too")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--output")
    arguments = parser.parse_args()
    result = {"machine": machine.description(), "cases": []}
    print(f"{result['machine']['cpu']}, {result['machine']['cores']} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if arguments.network:
            write_request(folder)
            if arguments.bench:
                result["bench"] = best_bench(arguments)
                print(f"zoo bench: {result['bench']:.1f} pictures/s")
            engines = [engine for engine in ("zoo", "onnxruntime") if engine in arguments.engines]
            result["cases"] += compare(
                "connections", arguments.connections, engines,
                lambda engine, size: measure_pictures(engine, size, folder, arguments), arguments)
    if arguments.gguf:
        engines = ["zoo"]
        if "llama.cpp" in arguments.engines and importlib.util.find_spec("llama_cpp"):
            engines.append("llama.cpp")
        result["cases"] += compare(
            "streams", arguments.streams, engines, lambda engine, size: measure_texts(engine, size, arguments), arguments)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps(result, indent=1))


main()
