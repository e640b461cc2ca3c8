"""Pictures to score, and what one process says of them:

    python3 pictures.py FOLDER [COUNT]

writes FOLDER/pictures/*.parquet (id, jpeg), pieces of Examples/Images of random places and sizes, and FOLDER/answers.parquet (id,
label, probability). The same COUNT gives the same pictures.
"""

import io
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from PIL import Image

import modelzoo
from scoring import MODEL, scored

PER_FILE = 500


def pieces(count):
    """JPEG files."""
    folder = Path(__file__).parent.parent / "Images"
    wholes = [Image.open(folder / name).convert("RGB") for name in ("cat.jpg", "smear.jpg")]
    random = np.random.default_rng(20)
    for _ in range(count):
        whole = wholes[random.integers(2)]
        side = int(random.integers(64, 257))
        left, top = (int(random.integers(0, extent - side + 1)) for extent in whole.size)
        piece = whole.crop((left, top, left + side, top + side))
        if random.integers(2):
            piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        file = io.BytesIO()
        piece.save(file, "JPEG", quality=int(random.integers(70, 96)))
        yield file.getvalue()


if __name__ == "__main__":
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    jpegs = list(pieces(count))
    for start in range(0, count, PER_FILE):
        part = jpegs[start:start + PER_FILE]
        table = pa.table({"id": pa.array(range(start, start + len(part)), pa.int64()), "jpeg": pa.array(part, pa.binary())})
        parquet.write_table(table, folder / "pictures" / f"part-{start:08}.parquet")
    model = modelzoo.Model(MODEL, threads=1)
    model.warm_up()
    start_time = time.monotonic()
    labels, probabilities = scored(model, jpegs)
    seconds = time.monotonic() - start_time
    table = pa.table({
        "id": pa.array(range(count), pa.int64()), "label": labels, "probability": pa.array(probabilities, pa.float64())})
    parquet.write_table(table, folder / "answers.parquet")
    print(f"{count} pictures of {sum(map(len, jpegs)) / count:.0f} bytes, one process: {seconds:.1f} s, {count / seconds:.0f} a second")
