#!/usr/bin/env python3
"""Writes Fixtures/bleu.json: pairs of texts, and what sacreBLEU (2.6) says of them. Needs sacrebleu."""
import json
from pathlib import Path

import sacrebleu
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

corpora = {
    "captions": (
        ["Ein Mann in einem blauen Hemd steht auf einer Leiter und putzt ein Fenster.",
         "Zwei Hunde spielen im Schnee.", "Eine Frau liest ein Buch.", "Kinder laufen über die Strasse ."],
        ["Ein Mann in einem blauen Hemd steht auf einer Leiter und reinigt ein Fenster.",
         "Zwei braune Hunde spielen im tiefen Schnee.", "Eine Frau liest in einem Buch.", "Kinder rennen über die Straße."]),
    "numbers and marks": (
        ["In 1,000.50 Fällen: 3-4 (oder 5), \"so\" &amp; mehr... a.b,c 1. 2, -5 10-mal ,x .y", "it's 5 o'clock;at 10:30/11:00"],
        ["in 1,000.50 fällen: 3-4 [oder 5], 'so' & mehr … a.b, c 1. 2 -5 10-mal , x . y", "It's 5 o'clock; at 10:30/11:00!"]),
    "entities": (["&quot;A&quot; &lt;b&gt; &amp;lt; <skipped>x&amp;quot;"], ["\"a\" < b > &lt; x\""]),
    "no match": (["alpha beta gamma delta"], ["eins zwei drei vier"]),
    "one word": (["ja", "nein"], ["Ja", "doch"]),
    "short ones": (["a b c", "d e"], ["a b c", "d f"]),
    "smoothed": (["the cat sat on a mat"], ["a cat was on the mat"]),
    "empty": (["", "ein Haus am See mit Boot"], ["nichts", "ein Haus am See mit einem Boot"]),
    "all empty": (["", ""], ["a b c d", "e"]),
    "longer": (["a b c d e f g h i j k l"], ["a b c d e f"]),
    "unicode": (
        ["ΟΔΥΣΣΕΥΣ ΣΑΣ İstanbul ẞTRASSE e\u0301te \u00a0 x\u2003y\u3000z w\x1cv", "日本語 の テキスト。 ok", "🐕 rennt 👨‍👩‍👧."],
        ["οδυσσευς σας i̇stanbul ßtrasse éte x y z w v", "日本語 の テキスト 。 ok", "🐕 rennt 👨‍👩‍👧 ."]),
    "new lines": (["ge-\ntrennt und\nweiter so geht es"], ["getrennt und weiter so geht es"]),
}
tokenize = Tokenizer13a()
report = []
for name, (translations, references) in corpora.items():
    report.append({
        "name": name, "translations": translations, "references": references,
        "tokens": [tokenize(text.lower().rstrip()).split() for text in translations],
        "score": sacrebleu.corpus_bleu(translations, [references], lowercase=True).score,
    })
path = Path(__file__).parent / "Fixtures/bleu.json"
path.write_text(json.dumps(report, ensure_ascii=True, indent=1) + "\n")
