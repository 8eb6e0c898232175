"""Signing in: a form of it sent by a crawl would end the crawl's own session."""

from __future__ import annotations

from tests.samples.sample import Sample

_OUT = "it signs the crawl out"

sample = Sample(
    asks={"badge": ["code=12345678901234"]},
    good={"password*": "", "code": "ABCD-EFGH", "old": "", "pin": ""},
    left_out={"sign_out": _OUT, "go_off": _OUT},
)
