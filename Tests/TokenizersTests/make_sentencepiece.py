"""Writes Fixtures/sentencepiece_*.json: models that sentencepiece (0.2) trained on a few lines, and what it makes of texts."""

import io
import json
import pathlib
import struct

import sentencepiece

LINES = """The quick brown fox jumps over the lazy dog.
Pack my box with five dozen liquor jugs, and count: 1 2 3 10 20 300.
Der schnelle braune Fuchs springt über den faulen Hund.
Le renard brun saute par-dessus le chien paresseux, où ça ?
Съешь же ещё этих мягких французских булок.
the other thing there then this that these those them
def function(value):
    return value + other_value
walking talking jumping running walked talked jumped
""".splitlines()

TEXTS = LINES + [
    "", " ", "  ", "a", " a", "a ", "hello world", "hello   world", "  two before", "two behind  ", "\n", "\n\n\t x", "été naïve",
    "e\u0301 combined", "日本語 text", "\U0001f600\u200d\U0001f680", "\u0000\u0001\u007f", "x" * 60, "the" * 30, "ﬁne ﬀ ½ Ⅷ",
    "▁ visible ▁▁ x", "<s> </s> <unk>", "don't 'quote' \"this\"", "1234567890", "ÀÉÎ", "\u00a0\u3000", "ＡＢＣ", "mixed МиХеД Case",
]


def protobuf_fields(data):
    """The fields of one message: number, value."""
    place = 0

    def varint():
        nonlocal place
        shift = result = 0
        while True:
            byte = data[place]
            place += 1
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result

    while place < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 5:
            value = struct.unpack_from("<f", data, place)[0]
            place += 4
        else:
            size = varint()
            value = data[place:place + size]
            place += size
        yield key >> 3, value


def fixture(name, model, **options):
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 3), model_writer=stream, minloglevel=2, hard_vocab_limit=False, **options)
    data = stream.getvalue()
    processor = sentencepiece.SentencePieceProcessor(model_proto=data)
    tokens, scores, kinds, character_map = [], [], [], b""
    for field, value in protobuf_fields(data):
        if field == 1:
            piece = dict(protobuf_fields(value))
            tokens.append(piece[1].decode())
            scores.append(piece.get(2, 0.0))
            kinds.append(piece.get(3, 1))
        elif field == 3:
            character_map = dict(protobuf_fields(value)).get(2, b"")
    cases = [{"text": text, "ids": processor.encode(text), "decoded": processor.decode(processor.encode(text))} for text in TEXTS]
    flags = {"add_space_prefix": options["add_dummy_prefix"], "remove_extra_whitespaces": options["remove_extra_whitespaces"]}
    document = {"model": model, "tokens": tokens, "scores": scores, "kinds": kinds, "map": list(character_map),
                "unknown": processor.unk_id(), "flags": flags, "cases": cases}
    path = pathlib.Path(__file__).parent / "Fixtures" / f"{name}.json"
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    rules = pathlib.Path("/tmp/rules.tsv")
    pairs = [("ﬁ", "fi"), ("ﬀ", "ff"), ("½", "1/2"), ("Ⅷ", "VIII"), ("e\u0301", "é"), ("\u3000", " "), ("\u00a0", " "), ("Ａ", "A"),
             ("\t", " "), ("\n", " "), ("ＡＢ", "ab")]
    rules.write_text("".join(
        " ".join(f"{ord(c):X}" for c in old) + "\t" + " ".join(f"{ord(c):X}" for c in new) + "\n" for old, new in pairs))
    fixture("sentencepiece_bpe", "llama", model_type="bpe", vocab_size=480, byte_fallback=True, add_dummy_prefix=True,
            remove_extra_whitespaces=False, normalization_rule_name="identity", character_coverage=0.99)
    fixture("sentencepiece_plain", "llama", model_type="bpe", vocab_size=480, byte_fallback=True, add_dummy_prefix=False,
            remove_extra_whitespaces=False, normalization_rule_name="identity", character_coverage=0.98)
    fixture("sentencepiece_unigram", "t5", model_type="unigram", vocab_size=200, add_dummy_prefix=True,
            remove_extra_whitespaces=True, normalization_rule_tsv=str(rules))
    rules.unlink()


main()
