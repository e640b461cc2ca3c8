"""Tokenizers of every kind, small, with what the tokenizers package makes of difficult texts.

pip install tokenizers==0.23.3; python3 make_fixtures.py
Writes Fixtures/NAME.json: {"tokenizer": …, "cases": [{"text", "ids", "plain", "decoded"}]} and Fixtures/characters.json.
"""

import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders as D
from tokenizers import models as M
from tokenizers import normalizers as N
from tokenizers import pre_tokenizers as P
from tokenizers import processors as PP
from tokenizers import trainers as T

OUT = pathlib.Path(__file__).parent / "Fixtures"
WORDS = (
    "the quick brown fox jumps over a lazy dog Don't you'll they're I've we'd it's 12345 3.14 naïve café Zürich ﬁne ½ ² Ⅷ ﷺ "
    "Straße İstanbul Σίσυφος ΟΔΟΣ Привет мир 你好世界 こんにちは カタカナ 한국어 ไทย हिन्दी עברית العربية 👩\u200d👩\u200d👧 🏳️\u200d🌈 👍🏽 "
    "e\u0301 a\u0308\u0323 \u0323\u0308a ... --- !? [CLS] [MASK] <s> </s> <unk> <0x0A> ##ing _foo_ a.b.c http://x.y/z?q=1#t "
    "@user \u200d \ufeff \u00ad running singing token tokens tokenizer"
).split(" ")
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2028", "\u0085", "   ", "\x0b", "\x1c", "\u200b"]
FIXED = [
    "", " ", "  ", "\n", "a", "'", "''s", " 's", "\x00", "\ufffd", "a" * 100, "a" * 101, "é" * 100, "的" * 30, "\u0301" * 40,
    "don't 'll 've's't're", "  two  spaces  ", "xy" * 400,
]


def texts(count, seed):
    r = random.Random(seed)

    def scalar():
        while True:
            high = r.choice([0x80, 0x300, 0x3000, 0xFFFF, 0x1FFFF, 0x10FFFF])
            c = r.randrange(high)
            # Characters up to Unicode 6: regular expressions know later ones or not, by their version.
            if not 0xD800 <= c < 0xE000 and (c < 0x1FFFF or r.random() < 0.2):
                import unicodedata
                if unicodedata.ucd_3_2_0.category(chr(c)) != "Cn":
                    return chr(c)

    out = []
    for i in range(count):
        kind = i % 3
        if kind == 0:
            out.append("".join(r.choice(WORDS) + r.choice(SPACES) for _ in range(r.randrange(1, 14))))
        elif kind == 1:
            out.append("".join(scalar() for _ in range(r.randrange(1, 25))))
        else:
            out.append("".join(r.choice([r.choice(WORDS), scalar(), r.choice(SPACES)]) for _ in range(r.randrange(1, 14))))
    return out


CORPUS = [" ".join(random.Random(i).choices(WORDS, k=12)) for i in range(300)]
CASES = FIXED + texts(90, 1)


def write(name, tokenizer, cases=CASES):
    if not isinstance(tokenizer, str):
        tokenizer = tokenizer.to_str()
    t = Tokenizer.from_str(tokenizer)
    rows = []
    for text in cases:
        ids = t.encode(text).ids
        rows.append({
            "text": text, "ids": ids, "plain": t.encode(text, add_special_tokens=False).ids,
            "decoded": t.decode(ids), "kept": t.decode(ids, skip_special_tokens=False),
        })
    pairs = [(a, b, t.encode(a, b)) for a, b in zip(cases[20:30], cases[30:40])]
    document = {
        "tokenizer": tokenizer, "cases": rows,
        "pairs": [{"first": a, "second": b, "ids": e.ids, "types": e.type_ids, "mask": e.attention_mask} for a, b, e in pairs],
    }
    (OUT / f"{name}.json").write_text(json.dumps(document, ensure_ascii=True, separators=(",", ":")) + "\n")


def bpe(tokenizer, **options):
    tokenizer.train_from_iterator(CORPUS, T.BpeTrainer(show_progress=False, **options))
    return tokenizer


def main():
    OUT.mkdir(exist_ok=True)
    alphabet = sorted(P.ByteLevel.alphabet())

    t = Tokenizer(M.BPE())
    t.pre_tokenizer, t.decoder = P.ByteLevel(add_prefix_space=False), D.ByteLevel()
    t.post_processor = PP.ByteLevel(trim_offsets=False)
    write("gpt2", bpe(t, vocab_size=450, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet))

    t.add_tokens([AddedToken("fox", lstrip=True, rstrip=True), AddedToken("the", single_word=True), AddedToken("Straße")])
    t.post_processor = PP.Sequence([
        PP.ByteLevel(),
        PP.TemplateProcessing("<|endoftext|> $A", "<|endoftext|> $A $B:1", [("<|endoftext|>", 0)]),
    ])
    t.enable_truncation(20)
    t.enable_padding(pad_to_multiple_of=8, pad_id=0, direction="left")
    write("added_tokens", t)

    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    t = Tokenizer(M.BPE(ignore_merges=True))
    t.pre_tokenizer = P.Sequence([P.Split(Regex(pattern), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = D.ByteLevel()
    write("expression", bpe(t, vocab_size=400, initial_alphabet=alphabet))

    t = Tokenizer(M.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])
    t.decoder = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    bpe(t, vocab_size=450, special_tokens=special, limit_alphabet=60)
    t.post_processor = PP.TemplateProcessing("<s> $A", "<s> $A <s>:1 $B:1", [("<s>", 1)])
    fallback = json.loads(t.to_str())
    fallback["added_tokens"] = fallback["added_tokens"][:3]
    write("byte_fallback", json.dumps(fallback))
    fallback["model"]["byte_fallback"] = False
    write("fused_unknown", json.dumps(fallback))
    fallback["model"] |= {"fuse_unk": False, "merges": [" ".join(pair) for pair in fallback["model"]["merges"]]}
    write("unknown", json.dumps(fallback))

    t = Tokenizer(M.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    t.normalizer = N.Sequence([N.NFC(), N.Replace(Regex(r"\s+"), " "), N.Lowercase(), N.Strip()])
    t.pre_tokenizer, t.decoder = P.Whitespace(), D.BPEDecoder()
    write("suffix", bpe(t, vocab_size=350, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=100))

    t = Tokenizer(M.BPE(unk_token="<unk>", continuing_subword_prefix="##"))
    t.pre_tokenizer, t.decoder = P.BertPreTokenizer(), D.WordPiece()
    write("prefix", bpe(t, vocab_size=400, special_tokens=["<unk>"], continuing_subword_prefix="##", limit_alphabet=100))

    forms = {
        "bert": (N.BertNormalizer(), P.BertPreTokenizer()),
        "bert_cased": (N.BertNormalizer(lowercase=False), P.Sequence([P.WhitespaceSplit(), P.Punctuation("removed")])),
        "bert_accents": (N.BertNormalizer(strip_accents=False, handle_chinese_chars=False), P.BertPreTokenizer()),
        "nfc": (N.NFC(), P.Sequence([P.WhitespaceSplit(), P.Punctuation("contiguous"), P.Digits()])),
        "nfd": (N.NFD(), P.Sequence([P.Whitespace(), P.Punctuation("merged_with_previous"), P.Digits(True)])),
        "nfkc": (N.NFKC(), P.Sequence([P.WhitespaceSplit(), P.Punctuation("merged_with_next")])),
        "nfkd": (N.Sequence([N.NFKD(), N.StripAccents()]), P.Sequence([P.CharDelimiterSplit("o"), P.Whitespace()])),
    }
    for name, (normalizer, cutter) in forms.items():
        t = Tokenizer(M.WordPiece(unk_token="[UNK]"))
        t.normalizer, t.pre_tokenizer, t.decoder = normalizer, cutter, D.WordPiece(cleanup=name != "nfc")
        special = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        t.train_from_iterator(
            CORPUS, T.WordPieceTrainer(vocab_size=400, special_tokens=special, show_progress=False, limit_alphabet=150))
        t.post_processor = PP.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
        write(name, t)

    for scheme in ("always", "first", "never"):
        t = Tokenizer(M.Unigram())
        t.normalizer, t.decoder = N.NFKC(), D.Metaspace(prepend_scheme=scheme)
        t.pre_tokenizer = P.Metaspace(prepend_scheme=scheme, split=scheme != "never")
        t.train_from_iterator(
            CORPUS, T.UnigramTrainer(vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False))
        t.add_special_tokens(["<extra>"])
        t.post_processor = PP.RobertaProcessing(("</s>", 2), ("<s>", 1))
        write(f"unigram_{scheme}", t)

    t = Tokenizer(M.WordLevel(unk_token="<unk>"))
    t.pre_tokenizer = P.Split(Regex(r"\w+"), "removed", invert=True)
    t.train_from_iterator(CORPUS, T.WordLevelTrainer(special_tokens=["<unk>"], show_progress=False))
    write("words", t)


main()
