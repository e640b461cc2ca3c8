#!/usr/bin/env python3
"""Writes Fixtures/marian, bart and nn-transformer: tiny models of these libraries, with the logits that they give.

Needs transformers and PyTorch.
"""
import json
from pathlib import Path

import torch
from transformers import BartConfig, BartForConditionalGeneration, MarianConfig, MarianMTModel

FIXTURES = Path(__file__).resolve().parent / "Fixtures"
VOCABULARY, WIDTH, HEADS, HIDDEN, PLACES = 23, 16, 2, 20, 12
SIZES = dict(vocab_size=VOCABULARY, d_model=WIDTH, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=HIDDEN,
             decoder_ffn_dim=HIDDEN, encoder_attention_heads=HEADS, decoder_attention_heads=HEADS,
             max_position_embeddings=PLACES, pad_token_id=1, eos_token_id=0, decoder_start_token_id=1)
torch.manual_seed(3)
SOURCE, TARGET = torch.randint(2, VOCABULARY, (2, 7)), torch.randint(2, VOCABULARY, (2, 5))
MASK = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])


def write(name, logits):
    (FIXTURES / name).mkdir(parents=True, exist_ok=True)
    (FIXTURES / name / "expected.json").write_text(json.dumps({
        "source": SOURCE.flatten().tolist(), "mask": MASK.flatten().tolist(), "target": TARGET.flatten().tolist(),
        "logits": logits.detach().flatten().tolist()}) + "\n")


def hugging_face(name, model):
    for key, parameter in model.named_parameters():
        # Marian's table of sines is not saved.
        if key.endswith("embed_positions.weight") and isinstance(model, MarianMTModel):
            continue
        torch.nn.init.normal_(parameter, std=0.3)
    model.final_logits_bias.normal_(std=0.3)
    model.eval().save_pretrained(FIXTURES / name)
    write(name, model(input_ids=SOURCE, attention_mask=MASK, decoder_input_ids=TARGET).logits)


def pytorch():
    """Normalized before, with learned positions."""
    network = torch.nn.Transformer(WIDTH, HEADS, 1, 1, HIDDEN, 0.0, "gelu", batch_first=True, norm_first=True).eval()
    words, places = torch.nn.Embedding(VOCABULARY, WIDTH), torch.nn.Embedding(PLACES, WIDTH)
    for parameter in [*network.parameters(), *words.parameters(), *places.parameters()]:
        torch.nn.init.normal_(parameter, std=0.3)

    def embed(ids):
        return words(ids) * WIDTH**0.5 + places.weight[: ids.shape[1]]

    out = network(embed(SOURCE), embed(TARGET), tgt_mask=torch.nn.Transformer.generate_square_subsequent_mask(5),
                  src_key_padding_mask=MASK == 0, memory_key_padding_mask=MASK == 0)
    write("nn-transformer", out @ words.weight.T)
    folder = FIXTURES / "nn-transformer"
    (folder / "config.json").write_text(json.dumps({
        "nhead": HEADS, "norm_first": True, "activation_function": "gelu", "max_position_embeddings": PLACES}) + "\n")
    torch.save({"shared.weight": words.weight.data, "encoder.embed_positions.weight": places.weight.data,
                **network.state_dict()}, folder / "model.pth")


hugging_face("marian", MarianMTModel(MarianConfig(**SIZES, scale_embedding=True, activation_function="swish")))
hugging_face("bart", BartForConditionalGeneration(BartConfig(**SIZES)))
pytorch()
