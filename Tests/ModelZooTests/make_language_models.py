#!/usr/bin/env python3
"""Writes tiny language models of each family as transformers saves them, with the logits that these give, and one GGUF file
with the logits of its dequantized weights, to Fixtures/language; or only those whose names are given.

Needs transformers, PyTorch and gguf.
"""
import json
import sys
from pathlib import Path

import numpy
import torch
from gguf import GGMLQuantizationType, GGUFWriter, quants
from safetensors.torch import save_file
from transformers import (
    Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, GraniteConfig, GraniteForCausalLM, LlamaConfig,
    LlamaForCausalLM, MistralConfig, MistralForCausalLM, Olmo2Config, Olmo2ForCausalLM, Phi3Config, Phi3ForCausalLM,
    Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM, SmolLM3Config, SmolLM3ForCausalLM)

FOLDER = Path(__file__).resolve().parent / "Fixtures/language"
WORDS = [f"w{number}" for number in range(24)]
SIZES = dict(
    vocab_size=len(WORDS), hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, bos_token_id=0, eos_token_id=1, pad_token_id=2)
TOKENS = [3, 17, 9, 9, 21, 5, 0, 12, 20, 7]


def rope(kind, **others):
    return {"rope_type": kind, "rope_theta": 100.0, **others}


LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)
YARN = rope("yarn", factor=4.0, original_max_position_embeddings=16)
LONG = rope(
    "longrope", short_factor=[1.0, 1.25], long_factor=[1.5, 3.0], original_max_position_embeddings=8,
    partial_rotary_factor=0.5)
MODELS = {
    "llama": (LlamaForCausalLM, LlamaConfig(**SIZES, rope_parameters=LLAMA3, attention_bias=True, mlp_bias=True)),
    "llama-linear": (
        LlamaForCausalLM, LlamaConfig(**SIZES, rope_parameters=rope("linear", factor=2.0), tie_word_embeddings=True)),
    "llama-yarn": (LlamaForCausalLM, LlamaConfig(**SIZES, rope_parameters=YARN)),
    "mistral": (MistralForCausalLM, MistralConfig(**SIZES, head_dim=8, sliding_window=4)),
    "smollm3": (
        SmolLM3ForCausalLM,
        SmolLM3Config(**(SIZES | {"num_hidden_layers": 4}), tie_word_embeddings=True, no_rope_layer_interval=2)),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**SIZES)),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**SIZES, head_dim=8)),
    "gemma2": (
        Gemma2ForCausalLM,
        Gemma2Config(**SIZES, head_dim=8, sliding_window=4, query_pre_attn_scalar=6, attn_logit_softcapping=2.0,
                     final_logit_softcapping=3.0)),
    "gemma3": (
        Gemma3ForCausalLM,
        Gemma3TextConfig(
            **SIZES, head_dim=8, sliding_window=4, query_pre_attn_scalar=6,
            layer_types=["sliding_attention", "full_attention"],
            rope_parameters={"sliding_attention": rope("default"),
                             "full_attention": rope("linear", factor=2.0) | {"rope_theta": 1000.0}})),
    "phi3": (
        Phi3ForCausalLM,
        Phi3Config(**(SIZES | {"hidden_size": 32}), rope_parameters=LONG, original_max_position_embeddings=8)),
    "olmo2": (Olmo2ForCausalLM, Olmo2Config(**SIZES)),
    "granite": (
        GraniteForCausalLM,
        GraniteConfig(**SIZES, embedding_multiplier=3.0, logits_scaling=2.0, residual_multiplier=0.5,
                      attention_multiplier=0.3)),
}


def tokenizer():
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(WORDS)},
                  "unk_token": WORDS[0]}}


def expected(ids, logits):
    numbers = [float(f"{number:.6g}") for number in logits.flatten().tolist()]
    places = list(range(ids.shape[1]))
    return json.dumps({
        "inputs": {"input_ids": {"shape": list(ids.shape), "elements": ids.flatten().tolist()},
                   "position_ids": {"shape": list(ids.shape), "elements": places * ids.shape[0]}},
        "outputs": {"logits": {"shape": list(logits.shape), "elements": numbers}}}) + "\n"


def pretrained(name):
    kind, config = MODELS[name]
    torch.manual_seed(7)
    config._attn_implementation = "eager"
    model = kind(config).eval()
    for key, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=1.0 if "norm" in key and "gemma" not in name else 0.0, std=0.3)
        # What the file holds in 16 bits.
        parameter.data = parameter.data.bfloat16().float()
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    names = set(dict(model.named_parameters()))
    save_file(
        {key: value.bfloat16().contiguous() for key, value in model.state_dict().items() if key in names},
        folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()) + "\n")
    ids = torch.tensor([TOKENS, TOKENS[::-1]])
    with torch.no_grad():
        (folder / "expected.json").write_text(expected(ids, model(input_ids=ids).logits))


def llama_rows(weight, heads):
    """Rows of queries and keys so that neighbours are turned together, as llama.cpp's files have them."""
    return weight.reshape(heads, 2, -1, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def gguf():
    """A Llama of GGUF's types; its logits are those of transformers with the dequantized weights."""
    torch.manual_seed(11)
    config = LlamaConfig(**(SIZES | {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1}),
                         tie_word_embeddings=True, attn_implementation="eager")
    model = LlamaForCausalLM(config).eval()
    for key, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=1.0 if "norm" in key else 0.0, std=0.2)
    names = {
        "model.embed_tokens": ("token_embd", "Q8_0"), "model.norm": ("output_norm", None),
        "input_layernorm": ("attn_norm", None), "post_attention_layernorm": ("ffn_norm", None),
        "self_attn.q_proj": ("attn_q", "Q4_1"), "self_attn.k_proj": ("attn_k", "Q5_0"),
        "self_attn.v_proj": ("attn_v", "Q5_1"), "self_attn.o_proj": ("attn_output", "Q4_0"),
        "mlp.gate_proj": ("ffn_gate", "Q4_1"), "mlp.up_proj": ("ffn_up", "Q8_0"), "mlp.down_proj": ("ffn_down", "F16")}
    folder = FOLDER / "gguf"
    folder.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(folder / "llama.gguf", "llama")
    writer.add_name("Tiny Llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_eos_token_id(1)
    for key, parameter in model.named_parameters():
        stem = key.removesuffix(".weight").split("layers.0.")[-1]
        name, kind = names[stem]
        array = parameter.detach().numpy()
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(name)
        permuted = llama_rows(array, heads) if heads else array
        if kind is None:
            data, kind, back = permuted, "F32", permuted
        else:
            data = quants.quantize(permuted, GGMLQuantizationType[kind])
            back = quants.dequantize(data, GGMLQuantizationType[kind])
        if heads:
            back = back.reshape(heads, -1, 2, back.shape[-1]).swapaxes(1, 2).reshape(back.shape)
        parameter.data = torch.tensor(back.astype(numpy.float32))
        full = name if name in ("token_embd", "output_norm") else f"blk.0.{name}"
        writer.add_tensor(full + ".weight", data, raw_dtype=GGMLQuantizationType[kind])
    model.tie_weights()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    ids = torch.tensor([TOKENS, TOKENS[::-1]])
    with torch.no_grad():
        (folder / "expected.json").write_text(expected(ids, model(input_ids=ids).logits))


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [*MODELS, "gguf"]:
        gguf() if wanted == "gguf" else pretrained(wanted)
