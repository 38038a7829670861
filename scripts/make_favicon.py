"""Draw src/cherrypy/favicon.ico: two cherries on their stems, 16 by 16 pixels.

Run once; the icon lies in the package. No library is needed: an ICO file may hold a
plain bitmap (the BMP format without its file header, rows from the bottom up).
"""

from __future__ import annotations

import struct
from pathlib import Path

SIZE = 16

PICTURE = """
................
..........ll....
........llll....
.......slll.....
......ss.s......
.....s...s......
....s....s......
....s.....s.....
..rrrr....s.....
.rrwrrr..rrrr...
.rwrrrr.rrwrrr..
.rrrrrd.rwrrrr..
.rrrrdd.rrrrrd..
..rddd..rrrrdd..
.........rddd...
................
"""

# Blue, green, red, opacity: the order in the file.
COLOURS = {
    ".": (0, 0, 0, 0),
    "d": (24, 8, 96, 255),
    "l": (48, 144, 64, 255),
    "r": (40, 16, 176, 255),
    "s": (32, 88, 72, 255),
    "w": (216, 200, 255, 255),
}


def icon(picture: str) -> bytes:
    """Return the picture, one letter per pixel, as an ICO file."""
    rows = picture.split()
    pixels = b"".join(bytes(COLOURS[c]) for row in reversed(rows) for c in row)
    # One bit per pixel, rows padded to 32 bits: superseded by the opacity, but there.
    mask = bytes(4 * SIZE)
    # The height counts picture and mask.
    bitmap = struct.pack("<IiiHHIIiiII", 40, SIZE, 2 * SIZE, 1, 32, 0, 0, 0, 0, 0, 0)
    image = bitmap + pixels + mask
    directory = struct.pack("<HHH", 0, 1, 1)
    entry = struct.pack("<BBBBHHII", SIZE, SIZE, 0, 0, 1, 32, len(image), 22)
    return directory + entry + image


if __name__ == "__main__":
    target = Path(__file__).parents[1] / "src" / "cherrypy" / "favicon.ico"
    target.write_bytes(icon(PICTURE))
