"""Software by others that judges our papers: receiptline and receiptio on Node, zbarimg."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".tools" / "node_modules"
PAPERS = ROOT / "tests" / "data" / "papers"

needs_node = pytest.mark.skipif(
    not shutil.which("node") or not (MODULES / "receiptline").is_dir(),
    reason="node or the npm packages are missing: scripts/test installs them",
)
needs_zbar = pytest.mark.skipif(not shutil.which("zbarimg"), reason="zbarimg is missing: scripts/test installs it")


def samples() -> list[str]:
    """The sample papers, made up, in their order."""
    return [path.read_text("utf-8") for path in sorted(PAPERS.glob("*.receipt"))]


def node(script: str, given: object) -> str:
    """What a script prints; it finds `given` in the variable `given` and the packages by name."""
    program = f"const given = {json.dumps(given)};\n{script}"
    done = subprocess.run(
        ["node", "-"],
        input=program, capture_output=True, text=True, timeout=180, check=True, env={**os.environ, "NODE_PATH": str(MODULES)},
    )  # fmt: skip
    return done.stdout


def receiptline(papers: list[tuple[str, int]]) -> list[list[str]]:
    """The text lines of each (document, columns) as receiptline lays them out."""
    out = node(
        "const r = require('receiptline');"
        "console.log(JSON.stringify(given.map(([d, c]) => r.transform(d, {cpl: c, encoding: 'gb18030', command: 'text'}))))",
        papers,
    )
    return [[line.rstrip() for line in text.rstrip().splitlines()] for text in json.loads(out)]


def ours(text: str) -> list[str]:
    """Our text form without the codes, which receiptline's leaves out."""
    lines = [line for line in text.splitlines() if not line.startswith(("<code128", "<qrcode", "<cut"))]
    return "\n".join(lines).rstrip().splitlines()


def zbar(png: bytes, where: Path) -> list[str]:
    """The codes zbarimg reads in a picture, as KIND:data."""
    path = where / "read.png"
    path.write_bytes(png)
    done = subprocess.run(["zbarimg", "-q", str(path)], capture_output=True, text=True, timeout=180, check=False)
    return done.stdout.split()
