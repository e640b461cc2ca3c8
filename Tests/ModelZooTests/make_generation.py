#!/usr/bin/env python3
"""Writes Fixtures/transformer: a tiny Transformer and what the training recipe makes of it.

Needs PyTorch. The reference is Zoo/Transformer/train.py: its network, and its beam search.
"""
import json
import sys
from pathlib import Path

import torch

here = Path(__file__).parent
sys.path.insert(0, str(here / "../../Zoo/Transformer"))
from train import Transformer, pad, translate  # noqa: E402

folder = here / "Fixtures/transformer"
folder.mkdir(parents=True, exist_ok=True)
config = {
    "vocab_size": 40, "d_model": 24, "encoder_layers": 1, "decoder_layers": 2, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 24, "activation_function": "relu",
    "layer_norm_eps": 1e-5, "scale_embedding": True, "max_position_embeddings": 64, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, "num_beams": 4, "length_penalty": 0.6,
    "max_extra_tokens": 12,
}
(folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
torch.manual_seed(3)
torch.set_num_threads(1)
network = Transformer(config)
# A little training, to write the source backwards: enough for answers of many lengths that are not all sure.
optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
for step in range(400):
    texts = [torch.randint(3, 40, (int(length),)).tolist() for length in torch.randint(0, 16, (32,))]
    source, inputs = pad([text + [2] for text in texts]), pad([[1] + text[::-1] for text in texts])
    targets = pad([text[::-1] + [2] for text in texts])
    loss = torch.nn.functional.cross_entropy(network(source, inputs).flatten(0, 1), targets.flatten(), ignore_index=0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item())
network.eval()
torch.save(network.state_dict(), folder / "model.pth")

generator = torch.Generator().manual_seed(4)
sources = [torch.randint(3, 40, (length,), generator=generator).tolist() + [2] for length in (3, 9, 1, 14, 6, 6, 0, 20, 4)]
target = torch.randint(3, 40, (len(sources), 5), generator=generator)
with torch.no_grad():
    logits = network(pad(sources), target)
found = {
    "sources": sources,
    "target": target.tolist(),
    "logits": [[[round(x, 6) for x in token[:6].tolist()] for token in row] for row in logits],
    "largest": logits.abs().max().item(),
    "greedy": translate(network, sources, 1, 0.6, extra=12),
    "beam": translate(network, sources, 4, 0.6, extra=12),
    "beam3_one_at_a_time": [translate(network, [source], 3, 1.0, extra=12)[0] for source in sources],
}
(folder / "expected.json").write_text(json.dumps(found) + "\n")
print({key: [len(row) for row in found[key]] for key in ("greedy", "beam", "beam3_one_at_a_time")}, found["beam"][:3])
