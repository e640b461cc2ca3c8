#!/usr/bin/env python3
"""Measures how fast zoo, llama.cpp and ik_llama.cpp take a prompt and generate behind it, from GGUF files.

    answers.py MODEL.gguf ... [--prompt 256] [--generate 64] [--threads 1 2] [--rounds 5] [--seconds 3] [--output FILE.json]

The engines take turns, each round in a process of its own, every second round backwards. Numbers are medians over the
rounds, ratios medians of the rounds' own. Peers are called as their libraries are from C: a prompt in one call, then a
call for each token, without choosing any; zoo chooses the most probable ones. A peer that is not installed is left out.

    answers.py --peer {llama|ik} MODEL.gguf ...

prints what `zoo bench --prompt --json` does, of the peer.
"""
import argparse
import ctypes
import importlib.metadata
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time

import machine

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEERS = {"llama": ("llama_cpp", "llama-cpp-python"), "ik": ("ik_llama_cpp", "ik-llama-cpp-python")}
SPEEDS = ("prompt_tokens_per_s", "generated_tokens_per_s")
KEYS = SPEEDS + ("first_token_s", "cpu_s", "peak_mib")


class Context:
    """A model in one of the peers' libraries."""

    def __init__(self, peer, path, length, threads):
        if peer == "llama":
            import llama_cpp as library
            library.llama_log_set(*silence(library))
        else:
            from ik_llama_cpp import _ctypes_api as library
        self.library = library
        library.llama_backend_init()
        self.model = library.llama_model_load_from_file(path.encode(), library.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"{peer} can't open {path}")
        options = library.llama_context_default_params()
        options.n_ctx = options.n_batch = options.n_ubatch = length
        options.n_threads = options.n_threads_batch = threads
        self.context = library.llama_init_from_model(self.model, options)

    def clear(self):
        if hasattr(self.library, "llama_memory_clear"):
            self.library.llama_memory_clear(self.library.llama_get_memory(self.context), True)
        else:
            self.library.llama_kv_cache_clear(self.context)

    def vocabulary(self):
        if hasattr(self.library, "llama_vocab_n_tokens"):
            return self.library.llama_vocab_n_tokens(self.library.llama_model_get_vocab(self.model))
        return self.library.llama_n_vocab(self.model)

    def decode(self, tokens, first):
        """Takes tokens, and has the logits behind the last of them."""
        batch = self.library.llama_batch_init(len(tokens), 0, 1)
        batch.n_tokens = len(tokens)
        for place, token in enumerate(tokens):
            batch.token[place], batch.pos[place] = token, first + place
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
            batch.logits[place] = place == len(tokens) - 1
        if self.library.llama_decode(self.context, batch) != 0:
            raise SystemExit("llama_decode failed")
        # It may compute until somebody looks.
        assert self.library.llama_get_logits_ith(self.context, -1)
        self.library.llama_batch_free(batch)


def silence(library):
    silence.callback = library.llama_log_callback(lambda *_: None)
    return silence.callback, ctypes.c_void_p(0)


def random_tokens(count, vocabulary):
    """As zoo bench draws them."""
    state, tokens = 1, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        tokens.append((state >> 33) % vocabulary)
    return tokens


def measure_peer(arguments):
    start = time.perf_counter()
    context = Context(arguments.peer, arguments.models[0], arguments.prompt + arguments.generate + 1, arguments.threads[0])
    tokens = random_tokens(arguments.prompt + arguments.generate, context.vocabulary())

    def answer():
        context.clear()
        begin = time.perf_counter()
        context.decode(tokens[:arguments.prompt], 0)
        middle = time.perf_counter()
        for place in range(arguments.prompt, len(tokens)):
            context.decode([tokens[place]], place)
        return middle - begin, time.perf_counter() - middle

    opened = time.perf_counter() - start
    first = opened + answer()[0]
    rounds = []
    end, spent = time.perf_counter() + arguments.seconds, time.process_time()
    while len(rounds) < 3 or time.perf_counter() < end:
        rounds.append(answer())
    prompt, generation = (statistics.median(entry[part] for entry in rounds) for part in (0, 1))
    with open("/proc/self/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024
    print(json.dumps({
        "prompt_tokens_per_s": arguments.prompt / prompt, "generated_tokens_per_s": arguments.generate / generation,
        "first_token_s": first, "cpu_s": (time.process_time() - spent) / len(rounds), "peak_mib": peak,
        "rounds": len(rounds)}))


def measure(engine, model, threads, arguments):
    options = ["--prompt", str(arguments.prompt), "--generate", str(arguments.generate), "--threads", str(threads),
               "--seconds", str(arguments.seconds)]
    command = ([arguments.zoo, "bench", model, "--json", "--quiet"] if engine == "zoo"
               else [sys.executable, os.path.abspath(__file__), "--peer", engine, model])
    done = subprocess.run(command + options, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"answers.py: {engine}: {done.stderr[-1000:]}")
    return json.loads(done.stdout)


def compare(model, threads, engines, arguments):
    watch = machine.Watch()
    rounds = [{engine: measure(engine, model, threads, arguments) for engine in engines[:: -1 if number % 2 else 1]}
              for number in range(arguments.rounds)]
    found = {engine: {key: statistics.median(entry[engine][key] for entry in rounds) for key in KEYS}
             for engine in engines}
    ratios = {}
    if len(engines) > 1:
        ratios = {key: statistics.median(
            entry["zoo"][key] / max(entry[engine][key] for engine in engines[1:]) for entry in rounds) for key in SPEEDS}
    return {"model": os.path.basename(model), "threads": threads, "prompt": arguments.prompt,
            "generate": arguments.generate, "rounds": arguments.rounds, "engines": found, "ratios": ratios,
            "foreign_share": watch.foreign_share()}


def show(case):
    print(f"{case['model']}, {case['threads']} threads, {case['prompt']} + {case['generate']} tokens")
    print(f"{'':8}{'prompt/s':>10}{'generated/s':>13}{'first token':>13}{'CPU/answer':>12}{'peak MiB':>10}")
    for engine, found in case["engines"].items():
        print(f"{engine:8}{found['prompt_tokens_per_s']:10.0f}{found['generated_tokens_per_s']:13.1f}"
              f"{found['first_token_s']:12.3f}s{found['cpu_s']:11.3f}s{found['peak_mib']:10.0f}")
    if case["ratios"]:
        print("zoo beside the better peer: prompt {:.2f}, generation {:.2f}".format(
            *(case["ratios"][key] for key in SPEEDS)))
    print(f"others used {case['foreign_share']:.0%} of the machine\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+")
    parser.add_argument("--peer", choices=PEERS)
    parser.add_argument("--zoo", default=os.path.join(ROOT, ".build/release/zoo"))
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--output")
    arguments = parser.parse_args()
    if arguments.peer:
        return measure_peer(arguments)
    engines = ["zoo"] + [peer for peer, (module, _) in PEERS.items() if importlib.util.find_spec(module)]
    versions = {peer: importlib.metadata.version(PEERS[peer][1]) for peer in engines[1:]}
    cases = []
    for model in arguments.models:
        for threads in arguments.threads:
            cases.append(compare(model, threads, engines, arguments))
            show(cases[-1])
    if arguments.output:
        with open(arguments.output, "w") as file:
            json.dump({"machine": machine.description(), "versions": versions, "cases": cases}, file, indent=1)


if __name__ == "__main__":
    main()
