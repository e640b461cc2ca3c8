#!/usr/bin/env python3
"""Writes tiny models of each family as Hugging Face's libraries save them, with what these make of texts and pictures, to
Fixtures; or only what the functions make whose names are given.

Needs transformers, sentence-transformers, tokenizers and PyTorch; without torchvision pictures are prepared by Pillow.
"""
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AlbertConfig, AlbertForTokenClassification, BertConfig, BertForSequenceClassification, BertForTokenClassification,
    BertModel, BertTokenizerFast, CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextConfig,
    CLIPTextModelWithProjection, CLIPVisionConfig, CLIPVisionModelWithProjection, ConvNextConfig,
    ConvNextForImageClassification, ConvNextImageProcessor, ConvNextV2Config, ConvNextV2Model, DeiTConfig,
    DeiTForImageClassificationWithTeacher, DeiTImageProcessor, DistilBertConfig, DistilBertForSequenceClassification,
    GPT2Config, GPT2LMHeadModel, ModernBertConfig, ModernBertForSequenceClassification, ModernBertModel, MPNetConfig,
    MPNetModel, PreTrainedTokenizerFast, ResNetConfig, ResNetForImageClassification, ResNetModel, SwinConfig,
    SwinForImageClassification, SwinModel, ViTConfig, ViTForImageClassification, ViTImageProcessor, ViTModel,
    XLMRobertaConfig, XLMRobertaForSequenceClassification)

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


def text_classifiers():
    """What transformers' pipelines and a CrossEncoder's rule make of texts: Fixtures/text-classifiers.json."""
    from transformers import TextClassificationPipeline, TokenClassificationPipeline
    fixtures = HERE / "Fixtures"
    tokenizer = BertTokenizerFast(vocab=str(fixtures / "bert/vocab.txt"), model_max_length=24)
    ranking = fixtures / "bert-ranking"
    ranking.mkdir(exist_ok=True)
    shutil.copy(fixtures / "bert/vocab.txt", ranking)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=32, num_labels=1)
    save(ranking, BertForSequenceClassification(config), lambda model: {})
    (ranking / "expected.json").unlink()

    texts = ["a dog runs", "The cat sleeps on the mat,and a dog  runs!", "naïve café dogs running", ""]
    pairs = [("a dog runs", "the cat sleeps"), ("cat", "a cat sleeps on the mat"), ("dog " * 12, "run " * 20)]
    found = {"texts": texts, "pairs": pairs}
    network = BertForSequenceClassification.from_pretrained(fixtures / "bert-sequence").eval()
    for rule in ("softmax", "sigmoid", "none"):
        pipeline = TextClassificationPipeline(model=network, tokenizer=tokenizer, top_k=None, function_to_apply=rule)
        found[rule] = [{entry["label"]: entry["score"] for entry in pipeline([text], truncation=True)[0]} for text in texts]
    pipeline = TextClassificationPipeline(model=network, tokenizer=tokenizer, top_k=None)
    found["pairs_softmax"] = [
        {entry["label"]: entry["score"] for entry in pipeline([{"text": a, "text_pair": b}], truncation=True)[0]}
        for a, b in pairs]
    network = BertForSequenceClassification.from_pretrained(ranking).eval()
    with torch.no_grad():
        found["ranking"] = [
            torch.sigmoid(network(**tokenizer(a, b, return_tensors="pt", truncation=True)).logits).item() for a, b in pairs]
    # One whose tokens are not all of one class.
    labels = ["O", "B-PER", "I-PER", "LOC"]
    config.num_labels, config.id2label = len(labels), dict(enumerate(labels))
    network = BertForTokenClassification(config).eval()
    torch.nn.init.normal_(network.classifier.weight, std=2)
    with torch.no_grad():
        network.classifier.bias -= torch.cat(
            [network(**tokenizer(text, return_tensors="pt")).logits[0] for text in texts]).mean(0)
    folder = fixtures / "bert-entities"
    folder.mkdir(exist_ok=True)
    shutil.copy(fixtures / "bert/vocab.txt", folder)
    network.save_pretrained(folder)
    pipeline = TokenClassificationPipeline(model=network, tokenizer=tokenizer, aggregation_strategy="simple")
    found["entities"] = [
        [{"label": entry["entity_group"], "score": float(entry["score"]), "start": entry["start"], "end": entry["end"]}
         for entry in pipeline(text)] for text in texts if text]
    (fixtures / "text-classifiers.json").write_text(json.dumps(found, indent=1) + "\n")


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


def numbers(tensor):
    return [float(f"{x:.7g}") for x in tensor.flatten().tolist()]


def family(name, model, inputs, names, vocabulary=True):
    """A network with what it makes of `inputs`; what padding becomes is left out."""
    folder = HERE / "Fixtures" / name
    folder.mkdir(parents=True, exist_ok=True)
    if vocabulary:
        shutil.copy(HERE / "Fixtures/bert/vocab.txt", folder)

    def expected(model):
        with torch.no_grad():
            outputs = model(**inputs)
        found = {}
        for name in names:
            value = outputs[name]
            elements = numbers(value)
            if "attention_mask" in inputs and value.ndim == 3:
                seen = inputs["attention_mask"][..., None].expand(value.shape).flatten().tolist()
                elements = [x if isSeen else None for x, isSeen in zip(elements, seen)]
            found[name] = {"shape": list(value.shape), "elements": elements}
        return {"inputs": {key: {"shape": list(value.shape), "elements": numbers(value)}
                           for key, value in inputs.items()}, "outputs": found}

    save(folder, model, expected)


def families():
    torch.manual_seed(7)
    words = len((HERE / "Fixtures/bert/vocab.txt").read_text().split())
    sizes = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12)
    text = dict(vocab_size=words, max_position_embeddings=24, **sizes)
    ids = torch.tensor([[2, 5, 7, 8, 9, 11, 12, 3], [2, 6, 9, 3, 1, 1, 1, 1]])
    texts = dict(input_ids=ids, attention_mask=(torch.arange(8)[None] < torch.tensor([[8], [4]])).long())
    states, logits = ["last_hidden_state"], ["logits"]
    labels = {0: "cat", 1: "dog", 2: "bird"}
    family("distilbert", DistilBertForSequenceClassification(DistilBertConfig(
        vocab_size=words, dim=8, n_layers=2, n_heads=2, hidden_dim=12, max_position_embeddings=24, pad_token_id=1,
        activation="relu", id2label=labels)), texts, logits)
    family("albert", AlbertForTokenClassification(AlbertConfig(
        **{**text, "num_hidden_layers": 3}, embedding_size=6, num_hidden_groups=2, inner_group_num=2, pad_token_id=1)),
        texts, logits)
    family("xlm-roberta", XLMRobertaForSequenceClassification(XLMRobertaConfig(
        **text, type_vocab_size=1, pad_token_id=1, hidden_act="silu")), texts, logits)
    family("mpnet", MPNetModel(MPNetConfig(**{**text, "max_position_embeddings": 160})), dict(
        input_ids=torch.randint(4, words, (1, 150)), attention_mask=torch.ones(1, 150).long()), ["pooler_output"])
    special = dict(pad_token_id=1, eos_token_id=3, bos_token_id=2, cls_token_id=2, sep_token_id=3)
    family("modernbert", ModernBertModel(ModernBertConfig(
        **{**text, "num_hidden_layers": 4}, **special, local_attention=4)), texts, states)
    family("modernbert-sequence", ModernBertForSequenceClassification(ModernBertConfig(
        **text, **special, local_attention=5, layer_types=["sliding_attention", "full_attention"], attention_bias=True,
        mlp_bias=True, norm_bias=True, classifier_bias=True, classifier_pooling="mean", hidden_activation="silu")),
        texts, logits)

    def picture(height, width):
        return dict(pixel_values=torch.randn(2, 3, height, width).mul(100).round().div(100))

    patches = dict(image_size=[8, 12], patch_size=4, **sizes)
    family("deit", DeiTForImageClassificationWithTeacher(DeiTConfig(**patches)), picture(8, 12), logits, False)
    stages = dict(patch_size=2, embed_dim=4, num_heads=[1, 2])
    family("swin", SwinForImageClassification(SwinConfig(
        **stages, image_size=16, depths=[2, 1], window_size=4, id2label=labels)), picture(16, 16), logits, False)
    family("swin-encoder", SwinModel(SwinConfig(
        **stages, image_size=[14, 18], depths=[2, 2], window_size=3, qkv_bias=False, use_absolute_embeddings=True,
        mlp_ratio=1.5)), picture(14, 18), states + ["pooler_output"], False)
    blocks = dict(hidden_sizes=[4, 6], depths=[1, 2], num_stages=2)
    family("convnextv2", ConvNextV2Model(ConvNextV2Config(**blocks)), picture(16, 24), states + ["pooler_output"], False)
    family("convnext", ConvNextForImageClassification(ConvNextConfig(**blocks, id2label=labels, layer_norm_eps=1e-3)),
           picture(28, 28), logits, False)
    ConvNextImageProcessor(size={"shortest_edge": 28}).save_pretrained(HERE / "Fixtures/convnext")

    words_tower = CLIPTextConfig(**text, projection_dim=6, eos_token_id=3, bos_token_id=2, pad_token_id=1)
    picture_tower = CLIPVisionConfig(**sizes, projection_dim=6, image_size=8, patch_size=4)
    family("clip-text", CLIPTextModelWithProjection(words_tower), texts, states + ["text_embeds"])
    family("clip-vision", CLIPVisionModelWithProjection(picture_tower), picture(8, 8), states + ["image_embeds"], False)
    family("clip", CLIPModel(CLIPConfig(
        text_config=words_tower.to_dict(), vision_config=picture_tower.to_dict(), projection_dim=6)),
        {**texts, **picture(8, 8)}, ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"])
    CLIPImageProcessor(size={"shortest_edge": 8}, crop_size=8).save_pretrained(HERE / "Fixtures/clip")


def sentences():
    """Fixtures/sentences.json: what sentence-transformers makes of Fixtures/bert with other settings."""
    torch.manual_seed(9)
    dense = HERE / "Fixtures/dense/2_Dense"
    dense.mkdir(parents=True, exist_ok=True)
    save_file({"linear.weight": torch.randn(5, 16), "linear.bias": torch.randn(5)}, dense / "model.safetensors")
    (dense / "config.json").write_text(json.dumps({"in_features": 16, "out_features": 5, "bias": True}))
    kind = "sentence_transformers.models."
    modules = [{"idx": index, "name": str(index), "path": path, "type": kind + name} for index, (path, name) in enumerate(
        [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"), ("3_Normalize", "Normalize")])]
    flags = ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]

    def pooling(**settings):
        return {"1_Pooling/config.json": {"word_embedding_dimension": 16, **settings}, "modules.json": modules[:2]}

    def prompts(default, **settings):
        return {"config_sentence_transformers.json": {
            "prompts": {"query": "the cat: ", "passage": "a "}, "default_prompt_name": default}, **pooling(**settings)}

    variants = [(flag, pooling(**{f"pooling_mode_{flag}": True}), None) for flag in flags]
    excluded = {f"pooling_mode_{flag}": True for flag in flags} | {"include_prompt": False}
    variants += [
        ("joined", pooling(**{f"pooling_mode_{flag}": True for flag in flags}), None),
        ("listed", pooling(pooling_mode=["mean", "cls"]), None),
        ("dense", {"modules.json": modules}, None),
        ("default prompt", prompts("passage"), None),
        ("named prompt", prompts("passage"), "query"),
        ("excluded prompt", prompts("query", **excluded), None),
        ("no prompt", prompts(None, **excluded), None),
        ("tokenizer's length", {"sentence_bert_config.json": {}, "tokenizer_config.json": {"model_max_length": 9}}, None),
        ("module's length", {
            "sentence_bert_config.json": {"max_seq_length": 11}, "tokenizer_config.json": {"model_max_length": 9}}, None),
    ]
    found = []
    texts = TEXTS[:4] + ["x" * 20]
    for name, files, prompt in variants:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "model"
            shutil.copytree(HERE / "Fixtures/bert", folder)
            shutil.copytree(dense, folder / "2_Dense")
            for path, content in files.items():
                (folder / path).write_text(json.dumps(content))
            model = SentenceTransformer(str(folder), device="cpu")
            vectors = model.encode(texts, prompt_name=prompt, batch_size=1)
        found.append({"name": name, "prompt": prompt, "files": {key: json.dumps(value) for key, value in files.items()},
                      "vectors": [[float(f"{x:.6g}") for x in vector] for vector in vectors.tolist()]})
    (HERE / "Fixtures/sentences.json").write_text(json.dumps({"texts": texts, "variants": found}) + "\n")


def processors():
    """Fixtures/processors.json: how transformers' classes prepare a picture."""
    generator = numpy.random.default_rng(3)
    pixels = generator.integers(0, 256, (11, 15, 3), dtype=numpy.uint8)
    found = []
    for kind, settings in [
        (ViTImageProcessor, dict(size=6)), (ViTImageProcessor, dict(size=[4, 7], resample=3)),
        (ViTImageProcessor, dict(size={"height": 5, "width": 4}, do_normalize=False)),
        (ViTImageProcessor, dict(size=5, do_rescale=False)), (ViTImageProcessor, dict(do_resize=False)),
        (ViTImageProcessor, dict(size=5, rescale_factor=1 / 127.5, image_mean=[0.5, 0.4, 0.3], image_std=[1, 2, 3])),
        (DeiTImageProcessor, dict(size=9, crop_size=5)), (DeiTImageProcessor, dict(size=6, do_center_crop=False)),
        (CLIPImageProcessor, dict(size=7, crop_size=5)),
        (CLIPImageProcessor, dict(size={"shortest_edge": 6}, crop_size={"height": 4, "width": 6})),
        (ConvNextImageProcessor, dict(size=6)), (ConvNextImageProcessor, dict(size={"shortest_edge": 6}, crop_pct=0.7)),
    ]:
        # What a file says, without what the class would add.
        name = kind.__name__.removesuffix("Pil")
        values = kind(**settings)(Image.fromarray(pixels), return_tensors="np").pixel_values[0]
        found.append({"settings": json.dumps({"image_processor_type": name, **settings}), "shape": list(values.shape),
                      "values": [float(f"{x:.6g}") for x in values.flatten().tolist()]})
    (HERE / "Fixtures/processors.json").write_text(json.dumps(
        {"height": 11, "width": 15, "pixels": pixels.flatten().tolist(), "variants": found}) + "\n")


if __name__ == "__main__":
    for make in [bert, classifiers, text_classifiers, gpt2, pictures, families, sentences, processors]:
        if len(sys.argv) == 1 or make.__name__ in sys.argv:
            make()
