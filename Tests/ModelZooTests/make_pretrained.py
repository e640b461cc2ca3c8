#!/usr/bin/env python3
"""Writes Fixtures/bert, bert-sequence, bert-tokens, gpt2, vit, vit-encoder, resnet and resnet-encoder: tiny models as Hugging Face's libraries save them, with what these make of texts and pictures.

Needs transformers, tokenizers and PyTorch.
"""
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    BertConfig, BertForSequenceClassification, BertForTokenClassification, BertModel, BertTokenizerFast,
    ConvNextImageProcessor, GPT2Config, GPT2LMHeadModel,
    PreTrainedTokenizerFast, ResNetConfig, ResNetForImageClassification, ResNetModel, ViTConfig,
    ViTForImageClassification, ViTImageProcessor, ViTModel)

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


def classifiers():
    vocabulary = (HERE / "Fixtures/bert/vocab.txt").read_text()
    config = BertConfig(
        vocab_size=len(vocabulary.split()), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=32, num_labels=3)

    def expected(model):
        ids = torch.tensor([[2, 5, 7, 8, 3], [2, 6, 9, 10, 3]])
        with torch.no_grad():
            encoder = model.bert(ids)
            found = {"logits": model(ids).logits, "last_hidden_state": encoder.last_hidden_state}
        if encoder.pooler_output is not None:
            found["pooler_output"] = encoder.pooler_output
        return {"ids": ids.tolist(), "outputs": {
            key: {"shape": list(value.shape), "elements": [float(f"{x:.7g}") for x in value.flatten().tolist()]}
            for key, value in found.items()}}

    for name, kind in [("bert-sequence", BertForSequenceClassification), ("bert-tokens", BertForTokenClassification)]:
        folder = HERE / "Fixtures" / name
        folder.mkdir(exist_ok=True)
        (folder / "vocab.txt").write_text(vocabulary)
        save(folder, kind(config), expected)


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


def vision(name, model, processor, height, width):
    """A network for pictures, with what it makes of a random one."""
    folder = HERE / "Fixtures" / name
    folder.mkdir(parents=True, exist_ok=True)
    processor.save_pretrained(folder)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)

    def expected(model):
        picture = torch.randn(1, 3, height, width).mul(1000).round().div(1000)
        with torch.no_grad():
            outputs = model(picture)
        return {"shape": list(picture.shape), "picture": [round(x, 3) for x in picture.flatten().tolist()], "outputs": {
            key: {"shape": list(value.shape), "elements": [float(f"{x:.7g}") for x in value.flatten().tolist()]}
            for key, value in outputs.items()}}

    save(folder, model, expected)


def pictures():
    labels = {0: "cat", 1: "dog", 2: "bird"}
    sizes = dict(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, image_size=[12, 18],
        patch_size=6)
    vision(
        "vit", ViTForImageClassification(ViTConfig(id2label=labels, **sizes)),
        ViTImageProcessor(size={"height": 12, "width": 18}, resample=3), 12, 18)
    # The names that transformers 5 has in memory.
    state = HERE / "Fixtures/vit-state"
    state.mkdir(exist_ok=True)
    network = ViTForImageClassification.from_pretrained(HERE / "Fixtures/vit")
    torch.save(network.state_dict(), state / "pytorch_model.bin")
    vision(
        "vit-encoder", ViTModel(ViTConfig(qkv_bias=False, hidden_act="relu", **sizes)),
        ViTImageProcessor(size={"height": 12, "width": 18}), 12, 18)
    vision(
        "resnet", ResNetForImageClassification(ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 12], depths=[2, 1], layer_type="basic", id2label=labels)),
        ConvNextImageProcessor(size={"shortest_edge": 28}, crop_pct=0.875), 28, 28)
    vision(
        "resnet-encoder", ResNetModel(ResNetConfig(
            embedding_size=8, hidden_sizes=[16, 24], depths=[1, 2], downsample_in_bottleneck=True,
            downsample_in_first_stage=True)),
        ConvNextImageProcessor(size={"shortest_edge": 32}), 32, 32)


if __name__ == "__main__":
    bert()
    classifiers()
    gpt2()
    pictures()
