"""Byte-level BPE (Sennrich et al. 2016, Radford et al. 2019) with the standard library only: learns merges, encodes,
decodes, and writes the `tokenizer.json` that Hugging Face's `tokenizers` reads with identical ids.

Text is cut into pieces by GPT-2's rule, each piece becomes its UTF-8 bytes, each byte one printable character, and
merges join neighbours, the earliest learned first. The source side is lower-cased before (`tokenizer.json` says so as
its normalizer); the target side keeps its case, so that what the model writes needs no repair.
"""
import heapq
import json
import unicodedata
from collections import Counter, defaultdict

SPECIAL = ("<pad>", "<s>", "</s>")
PAD, BOS, EOS = range(3)
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")


def byte_characters():
    """GPT-2's one character for every byte: printable Latin-1 stays, the rest moves to U+0100 and up."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = (byte for byte in range(256) if byte not in kept)
    return {**{byte: chr(byte) for byte in kept}, **{byte: chr(256 + index) for index, byte in enumerate(moved)}}


BYTES = byte_characters()
CHARACTERS = {character: byte for byte, character in BYTES.items()}


def kind(character):
    if character.isspace():
        return "space"
    category = unicodedata.category(character)[0]
    return {"L": "letter", "N": "number"}.get(category, "other")


def pieces(text):
    """`'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`, written out."""
    start, end = 0, len(text)
    while start < end:
        contraction = next((c for c in CONTRACTIONS if text.startswith(c, start)), None)
        if contraction:
            stop = start + len(contraction)
        else:
            first = start + 1 if text[start] == " " and start + 1 < end and kind(text[start + 1]) != "space" else start
            group, stop = kind(text[first]), first + 1
            while stop < end and kind(text[stop]) == group:
                stop += 1
            # The last space of several belongs to the word behind it.
            if group == "space" and stop < end and stop - start > 1:
                stop -= 1
        yield text[start:stop]
        start = stop


class Tokenizer:
    def __init__(self, merges):
        self.merges = [tuple(merge) for merge in merges]
        self.ranks = {merge: rank for rank, merge in enumerate(self.merges)}
        self.tokens = [*SPECIAL, *(BYTES[byte] for byte in sorted(BYTES, key=lambda byte: BYTES[byte]))]
        self.tokens += [left + right for left, right in self.merges]
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        self.known = {}

    @classmethod
    def learn(cls, lines, size):
        """Merges the most frequent pair again and again until there are `size` tokens; ties go to the pair first in order."""
        counts = Counter(piece for line in lines for piece in pieces(" " + line))
        words = [[BYTES[byte] for byte in piece.encode()] for piece in counts]
        numbers = list(counts.values())
        pairs, where = Counter(), defaultdict(set)
        for index, word in enumerate(words):
            for pair in zip(word, word[1:]):
                pairs[pair] += numbers[index]
                where[pair].add(index)
        heap = [(-count, pair) for pair, count in pairs.items()]  # counts grow stale; checked when taken
        heapq.heapify(heap)
        merges, taken = [], {*SPECIAL, *CHARACTERS}
        while len(taken) < size and heap:
            count, pair = heapq.heappop(heap)
            if pairs[pair] != -count:
                continue
            if count > -2:
                break
            if pair[0] + pair[1] in taken:  # two ways to one token would make ids ambiguous
                continue
            merges.append(pair)
            taken.add(pair[0] + pair[1])
            changed = set()
            for index in list(where[pair]):
                word = words[index]
                for old in zip(word, word[1:]):
                    pairs[old] -= numbers[index]
                    where[old].discard(index)
                    changed.add(old)
                words[index] = word = join(word, pair)
                for new in zip(word, word[1:]):
                    pairs[new] += numbers[index]
                    where[new].add(index)
                    changed.add(new)
            for other in changed - {pair}:
                if pairs[other] > 0:
                    heapq.heappush(heap, (-pairs[other], other))
        return cls(merges)

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls(json.load(file)["model"]["merges"])

    def encode(self, text):
        """Ids without special tokens; a space goes before the first word, if there is none."""
        text = text if text.startswith(" ") or not text else " " + text
        return [token for piece in pieces(text) for token in self.piece(piece)]

    def source(self, text):
        """What the encoder reads: lower-cased character by character, `</s>` at the end."""
        return self.encode("".join(character.lower() for character in text)) + [EOS]

    def piece(self, piece):
        if piece not in self.known:
            word = [BYTES[byte] for byte in piece.encode()]
            while len(word) > 1:
                best = min(zip(word, word[1:]), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
                if best not in self.ranks:
                    break
                word = join(word, best)
            self.known[piece] = [self.ids[token] for token in word]
        return self.known[piece]

    def decode(self, ids):
        text = "".join(self.tokens[index] for index in ids if index >= len(SPECIAL))
        text = bytes(CHARACTERS[character] for character in text).decode("utf-8", "replace")
        return text.removeprefix(" ")

    def write(self, path):
        special = [{"id": index, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
                    "normalized": False, "special": True} for index, token in enumerate(SPECIAL)]
        value = {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
            "normalizer": {"type": "Lowercase"},
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
                         {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "</s>", "type_id": 1}}],
                "special_tokens": {"</s>": {"id": "</s>", "ids": [EOS], "tokens": ["</s>"]}},
            },
            "decoder": {"type": "Sequence", "decoders": [
                {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": self.ids, "merges": [list(merge) for merge in self.merges]},
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1)
            file.write("\n")


def join(word, pair):
    """Joins every occurrence of the pair, from left to right."""
    joined, index = [], 0
    while index < len(word):
        if index + 1 < len(word) and word[index] == pair[0] and word[index + 1] == pair[1]:
            joined.append(pair[0] + pair[1])
            index += 2
        else:
            joined.append(word[index])
            index += 1
    return joined
