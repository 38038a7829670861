"""Let atheris look for bytes that the HTTP/1 protocol handles badly.

Not a test of the normal run: `scripts/fuzz` starts it. Arguments go to libFuzzer; the
last one is the folder of inputs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cherrypy.httpd.protocols"]):
    from tests.httpd.test_http1_fuzz import TIGHT, WORDS, check_connection, small_cases


def check(data: bytes) -> None:
    """Fail if bytes are neither requests nor refused, or packets matter."""
    check_connection(data)
    check_connection(data, TIGHT)


def main(arguments: list[str]) -> None:
    """Run until libFuzzer has had enough."""
    folder = Path(arguments[-1])
    for number, case in enumerate(small_cases()):
        (folder / f"case-{number:03}").write_bytes(case)
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as words:
        for word in WORDS:
            escaped = "".join(f"\\x{byte:02x}" for byte in word)
            words.write(f'"{escaped}"\n')
        words.flush()
        options = [
            f"-dict={words.name}",
            "-max_len=2000",
            f"-artifact_prefix={folder}/",
        ]
        atheris.Setup([*arguments[:-1], *options, str(folder)], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
