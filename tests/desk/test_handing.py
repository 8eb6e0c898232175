"""Given to a person: the paper that was seen, and the signature."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from PIL import Image

from app.base.refusal import Refused
from app.desk.record.journal import deed
from app.desk.work import handing, signatures
from app.desk.work.loan import Holder

UNSIGNED, UNSEEN = Refused("nobody signed", field="signed"), Refused("no paper was seen", field="checked")


def pen() -> bytes:
    """A pad somebody has drawn on."""
    picture, out = Image.new("RGB", (60, 20), "white"), io.BytesIO()
    picture.putpixel((5, 5), (0, 0, 0))
    picture.save(out, "PNG")
    return out.getvalue()


def _required(to: Holder, signed: str) -> str:
    try:
        handing.require(to, signed, unsigned=UNSIGNED, unseen=UNSEEN)
    except Refused as no:
        return str(no.field)
    return ""


@pytest.mark.parametrize("signed", ["badge", "pad", "paper"])
def test_a_colleague_signs_with_the_badge_or_as_anybody_does(signed: str) -> None:
    assert _required(Holder(name="王海", staff=7), signed) == ""


def test_an_outsider_shows_a_paper_and_signs_without_a_badge() -> None:
    outsider = Holder(name="周师傅", checked="身份证 1234")
    assert [_required(outsider, signed) for signed in ("paper", "pad", "badge", "")] == ["", "", "signed", "signed"]
    assert _required(Holder(name="周师傅", checked=" "), "paper") == "checked"


def test_a_signature_on_the_pad_is_kept_as_a_picture_and_one_on_paper_is_only_noted(cast: SimpleNamespace) -> None:
    @deed("test.handed", act="desk.see")
    def hand(how: str, png: bytes, *, by) -> str:
        return handing.sign("test.thing", 1, "taker", how, png, rule="KEY-4", by=by)

    assert hand("paper", b"", by=cast.ana) == "paper"
    assert signatures.of("test.thing", 1) == {}
    assert hand("pad", pen(), by=cast.ana) == "pad"
    assert set(signatures.of("test.thing", 1)) == {"taker"}
    with pytest.raises(Refused, match="on the pad or on the paper") as no:
        hand("badge", b"", by=cast.ana)
    assert no.value.rule == "KEY-4"
