"""Writes the boxes that OpenCV contrib's selective search finds in Examples/Images/cat.jpg.

Usage: make_fixtures.py (needs opencv-contrib-python)
"""

from pathlib import Path

import cv2

here = Path(__file__).parent
picture = cv2.imread(str(here / "../../Examples/Images/cat.jpg"))
for mode in ("Fast", "Quality"):
    search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
    search.setBaseImage(picture)
    getattr(search, f"switchToSelectiveSearch{mode}")(200, 200, 0.8)
    boxes = sorted((x, y, x + width, y + height) for x, y, width, height in search.process().tolist())
    lines = [" ".join(map(str, box)) for box in boxes]
    (here / "Fixtures" / f"cat-{mode.lower()}.txt").write_text("\n".join(lines) + "\n")
