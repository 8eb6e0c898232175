"""Keys and checks. Crypto-1 is broken: keys keep honest hands off; counters in the books and the meter stop copies."""

import hashlib
import hmac

from hardware.watercard.layout import Check, Layout

TRANSPORT_KEY = bytes.fromhex("FFFFFFFFFFFF")  # what a blank card is delivered with (MF1S50YYX 8.6)


def card_key(layout: Layout, secret: bytes, kind: str, uid: bytes, sector: int) -> bytes:
    """Six bytes: HMAC-SHA256(site secret, kind|version|UID|sector)[:6]; an estate-wide scheme leaves the UID out."""
    return _derive(layout, secret, kind.encode(), uid, bytes([sector]))[:6]


def mac_key(layout: Layout, secret: bytes, uid: bytes) -> bytes:
    return _derive(layout, secret, b"mac", uid, b"")


def _derive(layout: Layout, secret: bytes, kind: bytes, uid: bytes, sector: bytes) -> bytes:
    own = uid if layout.scheme == "per-card" else b""
    return hmac.digest(secret, kind + bytes([layout.key_version]) + own + sector, hashlib.sha256)


def check_bytes(check: Check, key: bytes, uid: bytes, block: int, data: bytes) -> bytes:
    """The check over the bytes before it, for the block number it really stands in."""
    covered = data[: check.offset]
    if check.kind == "hmac4":
        return hmac.digest(key, uid + bytes([block]) + covered, hashlib.sha256)[:4]
    return crc16(covered).to_bytes(2, "big")


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
        crc &= 0xFFFF
    return crc
