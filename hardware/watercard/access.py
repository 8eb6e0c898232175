"""MIFARE Classic access bits (NXP MF1S50YYX data sheet, 8.7): who may do what with which key.

Three bits C1 C2 C3 a block, stored with their complements in bytes 6..8 of the sector trailer.
"""

# data blocks: condition -> (keys that may read, keys that may write)
DATA = {
    0b000: ("AB", "AB"),
    0b010: ("AB", ""),
    0b100: ("AB", "B"),
    0b110: ("AB", "B"),
    0b001: ("AB", ""),
    0b011: ("B", "B"),
    0b101: ("B", ""),
    0b111: ("", ""),
}
# trailers: condition -> (keys that may write the keys, write the access bits, read the access bits, read key B)
TRAILER = {
    0b000: ("A", "", "A", "A"),
    0b010: ("", "", "A", "A"),
    0b100: ("B", "", "AB", ""),
    0b110: ("", "", "AB", ""),
    0b001: ("A", "A", "A", "A"),
    0b011: ("B", "B", "AB", ""),
    0b101: ("", "B", "AB", ""),
    0b111: ("", "", "AB", ""),
}


def conditions(access: bytes) -> tuple[int, int, int, int]:
    """C1C2C3 of the sector's four blocks. Raises ValueError where bits and complements disagree."""
    b6, b7, b8 = access[:3]
    c1, c2, c3 = b7 >> 4, b8 & 0xF, b8 >> 4
    if (b6 & 0xF, b6 >> 4, b7 & 0xF) != (c1 ^ 0xF, c2 ^ 0xF, c3 ^ 0xF):
        raise ValueError(f"access bits {access[:3].hex()} contradict their complements")
    first, second, third, trailer = ((c1 >> n & 1) << 2 | (c2 >> n & 1) << 1 | c3 >> n & 1 for n in range(4))
    return first, second, third, trailer


def desk_may_write(access: bytes, key: str) -> bool:
    return all(key in DATA[condition][1] for condition in conditions(access)[:3])


def readable_keys(access: bytes) -> bool:
    """Whether key B can be read from the card (a key B that can be read cannot be used to authenticate)."""
    return bool(TRAILER[conditions(access)[3]][3])
