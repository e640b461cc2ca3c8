#!/usr/bin/env python3
"""Writes Fixtures/bert and Fixtures/gpt2: tiny models as Hugging Face's libraries save them, with what these make of texts.

Needs transformers, tokenizers and PyTorch.
"""
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import BertConfig, BertModel, BertTokenizerFast, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
TEXTS = ["a dog runs", "A Dog runs!", "", "the cat sleeps on the mat, and the dog runs", "naïve café 🙂", "x" * 150]
torch.manual_seed(5)


def save(folder, model, expected):
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.eval().save_pretrained(folder)
    (folder / "expected.json").write_text(json.dumps(expected(model)) + "\n")


def bert():
    folder = HERE / "Fixtures/bert"
    folder.mkdir(parents=True, exist_ok=True)
    words = "[PAD] [UNK] [CLS] [SEP] [MASK] a the dog cat run ##s sleep on mat , ! and caf ##e na ##ive".split()
    letters = [letter for letter in "bcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.txt").write_text("\n".join(words + letters + ["##" + letter for letter in "abcdx"]) + "\n")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=24)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=32)

    def expected(model):
        found = []
        for text in TEXTS:
            batch = tokenizer(text, return_tensors="pt", truncation=True)
            with torch.no_grad():
                mean = model(**batch).last_hidden_state[0].mean(0)
            vector = torch.nn.functional.normalize(mean, dim=0)
            found.append({"text": text, "ids": batch["input_ids"][0].tolist(), "vector": vector.tolist()})
        return found

    # What sentence-transformers adds.
    (folder / "modules.json").write_text(json.dumps([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling/config.json").write_text(
        json.dumps({"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 24, "do_lower_case": False}))
    tokenizer.save_pretrained(folder)
    save(folder, BertModel(config), expected)


def gpt2():
    folder = HERE / "Fixtures/gpt2"
    folder.mkdir(parents=True, exist_ok=True)
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.train_from_iterator(TEXTS * 3, trainers.BpeTrainer(
        vocab_size=290, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|endoftext|>")
    tokenizer.save_pretrained(folder)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)

    def expected(model):
        found = []
        for text in ["a dog", "the cat sleeps on", "🙂"]:
            ids = tokenizer(text, return_tensors="pt").input_ids
            with torch.no_grad():
                logits = model(ids).logits[0, -1]
                tokens = ids[0].tolist()
                for _ in range(12):
                    best = model(torch.tensor([tokens])).logits[0, -1].argmax().item()
                    if best == 0:
                        break
                    tokens.append(best)
            found.append({
                "text": text, "ids": ids[0].tolist(), "logits": logits.tolist(),
                "continuation": tokenizer.decode(tokens[ids.shape[1]:])})
        return found

    save(folder, GPT2LMHeadModel(config), expected)


if __name__ == "__main__":
    bert()
    gpt2()
