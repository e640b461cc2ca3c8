#!/usr/bin/env python3
"""A Transformer with random weights, 25 tokens in and out, greedy, float32: ModelZoo and CTranslate2 in turn.

    python3 Benchmarks/Generation/compare.py [--size base|big] [--threads 2] [--rounds 5] [--folder .build/generation]

Needs ctranslate2, safetensors, and the release builds of zoo, its plugins and GenerationBenchmark. Both get the same
weights; that the answers are the same tokens is checked.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"base": (512, 2048), "big": (1024, 4096)}
VOCABULARY, LAYERS, TOKENS = 37000, 6, 25


def make(folder, width, hidden):
    """A checkpoint folder for zoo pack, and the same weights for CTranslate2."""
    import ctranslate2
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    weights = {"shared.weight": generator.standard_normal((VOCABULARY, width), np.float32) * width**-0.5}

    def linear(name, outputs, inputs):
        bound = (6 / (inputs + outputs)) ** 0.5
        weights[name + ".weight"] = generator.uniform(-bound, bound, (outputs, inputs)).astype(np.float32)
        weights[name + ".bias"] = np.zeros(outputs, np.float32)

    def norm(name):
        weights[name + ".weight"], weights[name + ".bias"] = np.ones(width, np.float32), np.zeros(width, np.float32)

    for side in ("encoder", "decoder"):
        for layer in range(LAYERS):
            path = f"{side}.layers.{layer}."
            for attention in ("self_attn", "encoder_attn")[: 1 if side == "encoder" else 2]:
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    linear(path + attention + "." + part, width, width)
                norm(path + attention + "_layer_norm")
            linear(path + "fc1", hidden, width)
            linear(path + "fc2", width, hidden)
            norm(path + "final_layer_norm")
    # No text ends before its last token: the end's logit is always 0, and some other one is greater.
    weights["shared.weight"][2] = 0
    words = ["<pad>", "<s>", "</s>", "<unk>"] + [f"t{number}" for number in range(4, VOCABULARY)]
    (folder / "config.json").write_text(json.dumps({
        "encoder_attention_heads": width // 64, "decoder_attention_heads": width // 64, "decoder_start_token_id": 1,
        "eos_token_id": 2, "pad_token_id": 0, "max_position_embeddings": 512}))
    (folder / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)},
                  "unk_token": "<unk>"}}))

    spec = ctranslate2.specs.TransformerSpec.from_config((LAYERS, LAYERS), width // 64, pre_norm=False)
    angles = np.arange(512)[:, None] * np.exp(np.arange(0, width, 2) * -np.log(10000) / width)
    positions = np.stack([np.sin(angles), np.cos(angles)], 2).reshape(512, width).astype(np.float32)

    def fill(target, *names):
        target.weight = np.concatenate([weights[name + ".weight"] for name in names])
        target.bias = np.concatenate([weights[name + ".bias"] for name in names])

    def fill_norm(target, name):
        target.gamma, target.beta = weights[name + ".weight"], weights[name + ".bias"]

    for side, part in (("encoder", spec.encoder), ("decoder", spec.decoder)):
        embedding = part.embeddings[0] if side == "encoder" else part.embeddings
        embedding.weight, part.scale_embeddings = weights["shared.weight"], True
        part.position_encodings.encodings = positions
        for index, layer in enumerate(part.layer):
            path = f"{side}.layers.{index}."
            fill(layer.self_attention.linear[0], *[path + f"self_attn.{x}_proj" for x in "qkv"])
            fill(layer.self_attention.linear[1], path + "self_attn.out_proj")
            fill_norm(layer.self_attention.layer_norm, path + "self_attn_layer_norm")
            if side == "decoder":
                fill(layer.attention.linear[0], path + "encoder_attn.q_proj")
                fill(layer.attention.linear[1], *[path + f"encoder_attn.{x}_proj" for x in "kv"])
                fill(layer.attention.linear[2], path + "encoder_attn.out_proj")
                fill_norm(layer.attention.layer_norm, path + "encoder_attn_layer_norm")
            fill(layer.ffn.linear_0, path + "fc1")
            fill(layer.ffn.linear_1, path + "fc2")
            fill_norm(layer.ffn.layer_norm, path + "final_layer_norm")
    spec.decoder.projection.weight = weights["shared.weight"]
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.config.decoder_start_token = "<s>"
    spec.config.add_source_bos = spec.config.add_source_eos = False
    spec.validate()
    (folder / "ctranslate2").mkdir()
    spec.save(str(folder / "ctranslate2"))
    save_file(weights, folder / "model.safetensors")


PEER = """
import json, sys, time, ctranslate2
folder, text, tokens, runs, threads = sys.argv[1], sys.argv[2].split(), *map(int, sys.argv[3:])
translator = ctranslate2.Translator(folder, compute_type="float32", inter_threads=1, intra_threads=threads)
def answer():
    return translator.translate_batch([text], beam_size=1, max_decoding_length=tokens)[0].hypotheses[0]
words, times = [answer() for _ in range(3)][0], []
for _ in range(runs):
    start = time.perf_counter()
    answer()
    times.append(1e3 * (time.perf_counter() - start))
times.sort()
print(json.dumps({"min_ms": times[0], "median_ms": times[len(times) // 2], "answer": " ".join(words)}))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="base")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5, help="answers in each round")
    parser.add_argument("--folder", type=Path, default=ROOT / ".build/generation")
    options = parser.parse_args()
    folder = options.folder / options.size
    if not folder.exists():
        make(folder, *SIZES[options.size])
    release = ROOT / ".build/release"
    package = options.folder / f"{options.size}.zoo"
    if not package.exists():
        subprocess.run([release / "zoo", "pack", f"transformer-{options.size}", "--weights", folder, "-o", package],
                       check=True)
    # Random words, so that the answer is not one word again and again for a trivial reason.
    numbers = np.random.default_rng(1).integers(4, VOCABULARY, TOKENS)
    text = " ".join(f"t{number}" for number in numbers)
    rest = [text, str(TOKENS), str(options.runs), str(options.threads)]
    engines = {
        "modelzoo": [release / "GenerationBenchmark", package, *rest],
        "ctranslate2": [sys.executable, "-c", PEER, folder / "ctranslate2", *rest],
    }
    medians = {name: [] for name in engines}
    answers = {}
    for _ in range(options.rounds):
        for name, command in engines.items():
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            medians[name].append(found["median_ms"])
            answers[name] = found["answer"].split()
            time.sleep(0.2)
    same = answers["modelzoo"] == answers["ctranslate2"]
    print(json.dumps({"size": options.size, "threads": options.threads, "same_answer": same,
                      "tokens": len(answers["modelzoo"]),
                      **{name: {"min_ms": round(min(x), 1), "median_ms": round(statistics.median(x), 1)}
                         for name, x in medians.items()}}))


if __name__ == "__main__":
    main()
