"""Approvals by role, in order, never one's own; signatures from the pad are kept as drawn."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import pytest
from PIL import Image

from app.base import clock, db
from app.base.refusal import Refused
from app.desk.who.people import Presence, Staff
from app.desk.work import signatures, signoff
from tests.within import within


def drawn(size=(300, 100), mode="RGBA") -> bytes:
    image = Image.new(mode, size, "#ffffff00" if mode == "RGBA" else "white")
    image.paste("black", (10, 10, 200, 14))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def approve(by, step="seal", **given):
    wanted = {"role": "engineering_supervisor", "raised_by": 0} | given
    return within(signoff.approve, "counter.release_slips", 1, step, by=by, **wanted)


def test_the_named_role_approves_once_and_is_named(cast) -> None:
    row = approve(cast.lu, note_text="7 bags, seen")
    assert (row.staff_id, row.role, row.note, row.deputy) == (
        cast.lu.id,
        "engineering_supervisor",
        "7 bags, seen",
        False,
    )
    assert list(signoff.of("counter.release_slips", 1)) == ["seal"]
    with pytest.raises(Refused, match="鲁工 approved this"):
        approve(cast.lu)


def test_another_role_does_not_approve(cast) -> None:
    with pytest.raises(Refused):
        approve(cast.mia)


def test_nobody_approves_their_own_matter(cast) -> None:
    with pytest.raises(Refused, match="own matter"):
        approve(cast.lu, raised_by=cast.lu.id)


def test_nobody_gives_two_steps_of_one_matter(cast) -> None:
    approve(cast.mia, "first", role="supervisor")
    with pytest.raises(Refused, match="own matter"):
        approve(cast.mia, "second", role="supervisor", after="first")


def test_steps_are_given_in_order(cast) -> None:
    with pytest.raises(Refused, match="before this one"):
        approve(cast.mia, "second", role="supervisor", after="seal")
    approve(cast.lu)
    approve(cast.mia, "second", role="supervisor", after="seal")


@pytest.mark.rule("ORG-1")
def test_the_absent_supervisors_deputy_is_marked(cast) -> None:
    assert approve(cast.ben, role="supervisor").deputy
    Presence.create(staff=Staff.get_by_id(cast.mia.id), since=clock.now())
    with pytest.raises(Refused):
        approve(replace(cast.ben), "again", role="supervisor")


def test_an_approval_is_never_changed(cast) -> None:
    approve(cast.lu)
    with pytest.raises(Exception, match="append-only"):
        signoff.Approval.update(note="x").execute()


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L"])
def test_a_drawn_signature_is_kept_as_it_is(cast, mode) -> None:
    png = drawn(mode=mode)
    url = "data:image/png;base64," + base64.b64encode(png).decode()
    row = within(signatures.keep, "counter.keys", 5, "taker", signatures.from_url(url), by=cast.ana)
    assert signatures.image(row.id) == png
    assert signatures.of("counter.keys", 5)["taker"].id == row.id
    with pytest.raises(Exception, match="append-only"):
        signatures.Signature.delete().execute()


def broken() -> dict[str, bytes]:
    blank = io.BytesIO()
    Image.new("RGBA", (300, 100)).save(blank, "PNG")
    jpeg = io.BytesIO()
    Image.open(io.BytesIO(drawn(mode="RGB"))).save(jpeg, "JPEG")
    good = drawn()
    return {
        "blank": blank.getvalue(),
        "jpeg": jpeg.getvalue(),
        "cut": good[:60],
        "text": b"<svg onload=alert(1)>",
        "wide": drawn((2401, 100)),
        "heavy": good + b"x" * signatures.MOST_BYTES,
        "empty": b"",
    }


@pytest.mark.parametrize("name", ["blank", "jpeg", "cut", "text", "wide", "heavy", "empty"])
def test_what_is_no_signature_is_refused(cast, name) -> None:
    with pytest.raises(Refused):
        within(signatures.keep, "counter.keys", 5, "taker", broken()[name], by=cast.ana)
    assert signatures.Signature.select().count() == 0


@pytest.mark.parametrize(
    "text", ["x", "data:image/svg+xml;base64,AAAA", "data:image/png;base64,%%%", "data:image/png;base64,é"]
)
def test_a_field_that_is_no_picture_is_refused(text) -> None:
    with pytest.raises(Refused):
        signatures.from_url(text)


def test_an_untouched_pad_sends_nothing() -> None:
    assert signatures.from_url("") == b""


def test_tables_are_there(books) -> None:
    assert {"approval", "signature"} <= set(db.database.get_tables())
