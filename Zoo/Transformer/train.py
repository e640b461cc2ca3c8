#!/usr/bin/env python3
"""Trains an English-German Transformer (Vaswani et al. 2017) and writes the checkpoint that `zoo pack` takes.

    python3 train.py --data multi30k --out transformer-en-de
    python3 train.py --data multi30k --out transformer-en-de --translate english.txt > german.txt

Needs PyTorch; tokenizer.py beside it learns the byte-level BPE. The data folder holds `train.en.gz`, `train.de.gz` and
the same for `val` and `test_2016_flickr`, one sentence a line. The run is seeded; after every epoch it saves its whole
state in --out (`state`) and goes on from there when started again, also with another number of epochs. In the end the
folder holds `model.pth` (the state_dict), `tokenizer.json` and `config.json`, and, with sacrebleu installed, the BLEU
of the test set is printed.
"""
import argparse
import gzip
import json
import math
import os
import sys
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

from tokenizer import BOS, EOS, PAD, Tokenizer


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def keys_values(self, x):
        return self.split(self.k_proj(x)), self.split(self.v_proj(x))

    def forward(self, x, keys_values, mask=None, causal=False):
        keys, values = keys_values
        y = F.scaled_dot_product_attention(self.split(self.q_proj(x)), keys, values, attn_mask=mask, is_causal=causal)
        return self.out_proj(y.transpose(1, 2).flatten(2))


class EncoderLayer(nn.Module):
    """Attention and a feed-forward network, each added to its input and normalized after (post-norm)."""

    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.final_layer_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def feed_forward(self, x):
        y = self.fc2(self.dropout(F.relu(self.fc1(x))))
        return self.final_layer_norm(x + self.dropout(y))

    def forward(self, x, mask):
        y = self.self_attn(x, self.self_attn.keys_values(x), mask)
        return self.feed_forward(self.self_attn_layer_norm(x + self.dropout(y)))


class DecoderLayer(EncoderLayer):
    def __init__(self, width, heads, hidden, dropout):
        super().__init__(width, heads, hidden, dropout)
        self.encoder_attn = Attention(width, heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(width)

    def forward(self, x, own, memory, mask, causal):
        y = self.self_attn(x, own, causal=causal)
        x = self.self_attn_layer_norm(x + self.dropout(y))
        y = self.encoder_attn(x, memory, mask)
        return self.feed_forward(self.encoder_attn_layer_norm(x + self.dropout(y)))


class Stack(nn.Module):
    def __init__(self, layer, count, *sizes):
        super().__init__()
        self.layers = nn.ModuleList(layer(*sizes) for _ in range(count))


class Transformer(nn.Module):
    """Key names are those of Hugging Face's translation models (Marian, BART), without `model.`."""

    def __init__(self, config, dropout=0.0):
        super().__init__()
        width = config["d_model"]
        self.shared = nn.Embedding(config["vocab_size"], width)
        self.encoder = Stack(EncoderLayer, config["encoder_layers"], width, config["encoder_attention_heads"],
                             config["encoder_ffn_dim"], dropout)
        self.decoder = Stack(DecoderLayer, config["decoder_layers"], width, config["decoder_attention_heads"],
                             config["decoder_ffn_dim"], dropout)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("positions", sinusoids(config["max_position_embeddings"], width), persistent=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.normal_(self.shared.weight, std=width**-0.5)

    def embed(self, ids, first=0):
        x = self.shared(ids) * math.sqrt(self.shared.embedding_dim)
        return self.dropout(x + self.positions[first : first + ids.shape[1]])

    def encode(self, ids):
        mask = (ids != PAD)[:, None, None]
        x = self.embed(ids)
        for layer in self.encoder.layers:
            x = layer(x, mask)
        return x, mask

    def forward(self, source, target):
        memory, mask = self.encode(source)
        x = self.embed(target)
        for layer in self.decoder.layers:
            x = layer(x, layer.self_attn.keys_values(x), layer.encoder_attn.keys_values(memory), mask, causal=True)
        return x @ self.shared.weight.T

    def step(self, token, position, caches, mask):
        """Logits behind one more token of every row; the caches (own keys and values, the source's) grow."""
        x = self.embed(token[:, None], position)
        for layer, cache in zip(self.decoder.layers, caches):
            new = layer.self_attn.keys_values(x)
            cache[0] = tuple(torch.cat(pair, 2) for pair in zip(cache[0], new)) if cache[0] else new
            x = layer(x, cache[0], cache[1], mask, causal=False)
        return x[:, 0] @ self.shared.weight.T


def sinusoids(count, width):
    """Section 3.5: sine in even channels, cosine in odd ones."""
    angles = torch.arange(count)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


@torch.no_grad()
def translate(network, sentences, beam, alpha, extra=50, batch=64):
    """Beam search over ids (greedy with beam 1); the best hypothesis of each sentence, without `</s>`.

    In each step the 2 * beam best continuations of a sentence are looked at, best first: `</s>` among the first
    `beam` of them finishes a hypothesis, the others go on until there are `beam`. A sentence is done when `beam`
    hypotheses are finished, or when the longest allowed, source + `extra` tokens, is reached; what is alive then counts as finished.
    The best has the highest sum of log probabilities / ((5 + length) / 6)^alpha, `</s>` counted in the length.
    """
    order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
    results = [None] * len(sentences)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        memory, mask = network.encode(pad([sentences[row] for row in rows]))
        repeat = torch.arange(len(rows)).repeat_interleave(beam)
        mask = mask[repeat]
        caches = [[None, tuple(x[repeat] for x in layer.encoder_attn.keys_values(memory))]
                  for layer in network.decoder.layers]
        tokens = torch.full((len(rows) * beam,), BOS)
        scores = torch.tensor([0.0] + [-math.inf] * (beam - 1)).repeat(len(rows)).view(len(rows), beam)
        alive = [[[] for _ in range(beam)] for _ in rows]
        finished = [[] for _ in rows]
        limits = [len(sentences[row]) + extra for row in rows]
        for length in range(1, max(limits) + 1):
            logits = network.step(tokens, length - 1, caches, mask)
            vocabulary = logits.shape[1]
            totals = scores[:, :, None] + logits.log_softmax(1).view(len(rows), beam, vocabulary)
            best, where = totals.flatten(1).topk(2 * beam)
            parents, chosen = list(range(len(rows) * beam)), [PAD] * (len(rows) * beam)
            scores = torch.full((len(rows), beam), -math.inf)
            for row in range(len(rows)):
                if len(finished[row]) >= beam or length > limits[row]:
                    continue
                kept = []
                for rank, (score, place) in enumerate(zip(best[row].tolist(), where[row].tolist())):
                    parent, token = divmod(place, vocabulary)
                    if score == -math.inf or len(kept) == beam:
                        break
                    if token != EOS:
                        kept.append((score, parent, token))
                    elif rank < beam:
                        finished[row].append((score / ((5 + length) / 6) ** alpha, alive[row][parent]))
                if length == limits[row]:
                    finished[row] += [(score / ((5 + length) / 6) ** alpha, alive[row][parent] + [token])
                                      for score, parent, token in kept]
                alive[row] = [alive[row][parent] + [token] for _, parent, token in kept]
                for slot, (score, parent, token) in enumerate(kept):
                    scores[row, slot] = score
                    parents[row * beam + slot], chosen[row * beam + slot] = row * beam + parent, token
            if all(len(some) >= beam or length >= limit for some, limit in zip(finished, limits)):
                break
            parents, tokens = torch.tensor(parents), torch.tensor(chosen)
            for cache in caches:
                cache[0] = tuple(x[parents] for x in cache[0])
        for row, some in zip(rows, finished):
            results[row] = max(some, key=lambda pair: pair[0])[1]
    return results


def pad(rows):
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def batches(pairs, limit, generator):
    """Pairs of like length, shuffled: a batch holds at most `limit` tokens a side, padding included."""
    noise = torch.rand(len(pairs), generator=generator).tolist()
    order = sorted(range(len(pairs)), key=lambda i: (len(pairs[i][1]), len(pairs[i][0]), noise[i]))
    groups, longest = [[]], 0
    for index in order:
        longest = max(longest, *map(len, pairs[index]))
        if longest * (len(groups[-1]) + 1) > limit:
            groups.append([])
            longest = max(map(len, pairs[index]))
        groups[-1].append(index)
    for index in torch.randperm(len(groups), generator=generator).tolist():
        source, target = zip(*(pairs[i] for i in groups[index]))
        yield pad(source), pad([[BOS] + row for row in target]), pad([row + [EOS] for row in target])


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.strip() for line in file]


def bleu(guesses, references):
    """sacreBLEU, lower-cased."""
    try:
        import sacrebleu
    except ImportError:
        return "(sacrebleu is not installed)"
    return f"{sacrebleu.corpus_bleu(guesses, [references], lowercase=True).score:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--translate", type=Path, help="translate this file with the finished checkpoint")
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--alpha", type=float, default=1.0, help="strength of the length penalty")
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--encoder-layers", type=int, default=3)
    parser.add_argument("--decoder-layers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=1024, help="tokens a side and batch")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="peak learning rate")
    parser.add_argument("--warm", type=int, default=600, help="steps to the peak")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--average", type=float, default=0.995, help="decay of the running average that is written")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)

    options.out.mkdir(parents=True, exist_ok=True)
    if options.translate:
        tokenizer = Tokenizer.read(options.out / "tokenizer.json")
        network = Transformer(json.loads((options.out / "config.json").read_text())).eval()
        network.load_state_dict(torch.load(options.out / "model.pth", weights_only=True))
        text = [line.strip() for line in options.translate.read_text(encoding="utf-8").splitlines()]
        for ids in translate(network, list(map(tokenizer.source, text)), options.beam, options.alpha):
            print(tokenizer.decode(ids))
        return

    texts = {split: tuple(lines(options.data / f"{split}.{side}.gz") for side in ("en", "de"))
             for split in ("train", "val", "test_2016_flickr")}
    if not (options.out / "tokenizer.json").exists():
        english, german = texts["train"]
        Tokenizer.learn([line.lower() for line in english] + german, options.vocabulary).write(options.out / "tokenizer.json")
    tokenizer = Tokenizer.read(options.out / "tokenizer.json")
    encoded = {split: [(tokenizer.source(a), tokenizer.encode(b)) for a, b in zip(*text)] for split, text in texts.items()}
    config = {
        "model_type": "transformer", "architectures": ["Transformer"], "vocab_size": len(tokenizer.tokens),
        "d_model": options.width, "encoder_layers": options.encoder_layers, "decoder_layers": options.decoder_layers,
        "encoder_attention_heads": options.heads, "decoder_attention_heads": options.heads,
        "encoder_ffn_dim": options.hidden, "decoder_ffn_dim": options.hidden, "activation_function": "relu",
        "normalize_before": False, "layer_norm_eps": 1e-5, "scale_embedding": True, "tie_word_embeddings": True,
        "position_embedding_type": "sinusoidal_interleaved", "max_position_embeddings": 512,
        "pad_token_id": PAD, "bos_token_id": BOS, "eos_token_id": EOS, "decoder_start_token_id": BOS,
        "source_language": "en", "target_language": "de", "num_beams": 4, "length_penalty": options.alpha,
        "length_penalty_formula": "((5 + length) / 6) ^ length_penalty", "max_extra_tokens": 50,
    }
    write(options.out / "config.json", lambda path: path.write_text(json.dumps(config, indent=2) + "\n"))

    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    network = Transformer(config, options.dropout)
    average = {key: value.clone() for key, value in network.state_dict().items()}
    optimizer = torch.optim.Adam(network.parameters(), lr=options.rate, betas=(0.9, 0.98), eps=1e-9)
    state, first, step = options.out / "state", 0, 0
    print(f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} million weights", flush=True)
    if state.exists():
        saved = torch.load(state, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        average, first, step = saved["average"], saved["epoch"], saved["step"]
        generator.set_state(saved["generator"])
        torch.set_rng_state(saved["dropout"])
        print(f"resuming after epoch {first}", flush=True)

    # The steps of an epoch vary a little; the schedule goes by the share of the work that is done.
    tested = Transformer(config).eval()
    for epoch in range(first, options.epochs):
        start, cpu, loss_sum, count = time.time(), time.process_time(), 0.0, 0
        network.train()
        made = list(batches(encoded["train"], options.batch, generator))
        for index, (source, inputs, targets) in enumerate(made):
            left = 1 - (epoch + index / len(made)) / options.epochs
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min((step + 1) / options.warm, left)
            logits = network(source, inputs)
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD,
                                   label_smoothing=options.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            step += 1
            decay = min(options.average, step / (step + 10))
            with torch.no_grad():
                for key, value in network.state_dict().items():
                    average[key].lerp_(value, 1 - decay)
            loss_sum, count = loss_sum + loss.item(), count + 1
            if index % 50 == 49:
                print(f"  step {step} loss {loss_sum / count:.3f} {time.time() - start:.0f} s "
                      f"cpu {time.process_time() - cpu:.0f} s", flush=True)
        tested.load_state_dict(average)
        with torch.no_grad():
            losses = [(F.cross_entropy(tested(source, inputs).flatten(0, 1), targets.flatten(), ignore_index=PAD,
                                       reduction="sum"), (targets != PAD).sum())
                      for source, inputs, targets in batches(encoded["val"], 4096, torch.Generator().manual_seed(0))]
        loss = sum(a for a, _ in losses) / sum(b for _, b in losses)
        some = range(0, len(encoded["val"]), 4)
        guesses = translate(tested, [encoded["val"][i][0] for i in some], 1, options.alpha)
        score = bleu(list(map(tokenizer.decode, guesses)), [texts["val"][1][i] for i in some])
        print(f"epoch {epoch + 1:3d}/{options.epochs} loss {loss_sum / count:.4f} val loss {loss:.4f} "
              f"greedy BLEU of a quarter of val {score} {time.time() - start:.0f} s", flush=True)
        saved = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "average": average,
                 "epoch": epoch + 1, "step": step, "generator": generator.get_state(), "dropout": torch.get_rng_state()}
        write(state, lambda path: torch.save(saved, path))
        write(options.out / "model.pth", lambda path: torch.save(average, path))

    tested.load_state_dict(average)
    for split in ("val", "test_2016_flickr"):
        guesses = translate(tested, [source for source, _ in encoded[split]], options.beam, options.alpha)
        print(f"{split}: BLEU {bleu(list(map(tokenizer.decode, guesses)), texts[split][1])} with beam {options.beam}", flush=True)


def write(path, save):
    """Writes beside and renames, so that a stopped run leaves the old file whole."""
    beside = path.with_name(path.name + ".part")
    save(beside)
    os.replace(beside, path)


if __name__ == "__main__":
    main()
