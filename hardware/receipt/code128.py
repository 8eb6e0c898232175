"""CODE128 for the printer's command and for our own drawing (ISO/IEC 15417).

A payload is what ``GS k 73`` takes: ``{C`` then one byte 0..99 a pair of digits, or ``{B`` then text.
"""

from __future__ import annotations

from .realtime import holds_command

START = {b"{A": 103, b"{B": 104, b"{C": 105}
SWITCH = {b"{A": 101, b"{B": 100, b"{C": 99}
STOP = "2331112"
# the widths of bar, space, bar, space, bar, space of each code word
WIDTHS = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
]


def payload(data: str) -> bytes:
    """Digits in set C where they come in pairs, or the printer would be hit by its own real-time commands
    (the pair 16, 04 is ``DLE EOT``): then, and for everything else, set B. Raises ValueError for other than ASCII.
    """
    if data.isascii() and data.isdecimal() and len(data) % 2 == 0:
        pairs = bytes(int(data[at : at + 2]) for at in range(0, len(data), 2))
        if not holds_command(pairs):
            return b"{C" + pairs
    if not data or not all(" " <= char <= "~" for char in data):
        raise ValueError(f"CODE128 cannot hold {data!r}")
    return b"{B" + data.replace("{", "{{").encode("ascii")


def decode(sent: bytes) -> str:
    """The text of a payload."""
    return _read(sent)[1]


def modules(sent: bytes) -> str:
    """Bars (1) and spaces (0) of a payload, without quiet zones."""
    words, _ = _read(sent)
    check = (words[0] + sum(place * word for place, word in enumerate(words))) % 103
    widths = "".join(WIDTHS[word] for word in [*words, check]) + STOP
    return "".join("10"[nth % 2] * int(width) for nth, width in enumerate(widths))


def _read(sent: bytes) -> tuple[list[int], str]:
    words: list[int] = []
    text: list[str] = []
    code_set = b""
    at = 0
    while at < len(sent):
        if sent[at : at + 2] in START:
            code_set = sent[at : at + 2]
            words.append(SWITCH[code_set] if words else START[code_set])
            at += 2
            continue
        if not code_set:
            raise ValueError("a CODE128 payload starts with its set")
        byte = sent[at]
        at += 2 if sent[at : at + 2] == b"{{" else 1
        if code_set == b"{C":
            words.append(byte)
            text.append(f"{byte:02}")
        else:
            words.append(byte - 32 if byte >= 32 else byte + 64)
            text.append(chr(byte))
    return words, "".join(text)
