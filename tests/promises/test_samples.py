"""Each noun's sample says what the crawls cannot guess, and stands by itself; what is missing is said in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.promises.everywhere import (
    Everywhere,
    Furnished,
    addresses,
    copied,
    furnish,
    look,
    new_folder,
    values_of,
)
from tests.promises.forms import TEXTS
from tests.promises.hostile import Pages
from tests.samples.sample import Sample, found


def test_every_argument_of_an_address_has_a_row(made: Everywhere) -> None:
    for method in ("GET", "POST"):
        assert addresses(made, method)


def test_an_argument_without_a_row_is_said_in_a_sentence(made: Everywhere) -> None:
    made.noun = ""
    for values in made.of.values.values():
        values.pop("slip", None)
    with pytest.raises(
        AssertionError, match=r"no sample gives a row for <slip>.*tests/samples/counter/release_slips\.py"
    ):
        addresses(made)


def missing(made: Everywhere, pages: Pages) -> list[str]:
    """Fields that must be filled in, stand empty, and of which no sample says what is typed."""
    return [
        f"{form.action}: the field `{each.name}` is required, and `good` of tests/samples{_noun(form.action)}.py "
        f'does not say what is typed there. Add {{"{each.name}": "..."}}.'
        for _, form in pages.sent(made)
        for each in form.inputs
        if each.need and each.kind in TEXTS and not each.value
        if not made.sample_of(form.action).good_of(each.name)
    ]


def _noun(action: str) -> str:
    return "/".join(action.split("/")[:3])


def test_every_field_that_must_be_filled_in_has_a_good_value(made: Everywhere, pages: Pages) -> None:
    found = missing(made, pages)
    assert not found, "\n".join(found)


def test_a_field_without_a_good_value_is_said_in_a_sentence(
    made: Everywhere, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pages.whole:
        return
    monkeypatch.setitem(made.of.samples, "counter/custody", Sample())
    assert any(
        "`scope` is required, and `good` of tests/samples/counter/custody.py" in each for each in missing(made, pages)
    )


def test_one_name_is_one_table_everywhere(furnished: Furnished) -> None:
    """`<int:receipt>` is a receipt on every address."""
    assert {name: kinds for name, kinds in furnished.tables.items() if len(kinds) > 1} == {}


def test_every_sample_is_of_a_screen_and_speaks_of_its_views(made: Everywhere) -> None:
    """A name that nothing has would say nothing."""
    views: dict[str, set[str]] = {}
    for endpoint in made.desk.app.view_functions:
        views.setdefault(made.noun_of(endpoint), set()).add(endpoint.rpartition(".")[2])
    for noun, sample in made.of.samples.items():
        assert noun in views, f"tests/samples/{noun}.py: there is no such screen"
        named = {*sample.asks, *sample.left_out, *sample.uncounted}
        named |= {each.partition(".")[0] for each in (*sample.empty_again, *sample.no_page)}
        unknown = {each for each in named if "*" not in each} - views[noun]
        assert not unknown, f"tests/samples/{noun}.py speaks of {unknown}, which its screen does not have"


def test_samples_stand_by_themselves(
    new_books: Path, furnished: Furnished, tmp_path: Path, data: Path, desk_on: Any
) -> None:
    """Furnished in the opposite order, every address answers the boss, and the same numbers are in the books."""
    backwards = dict(reversed(found().items()))
    with new_folder(new_books, tmp_path / "backwards") as folder:
        made = furnish(folder, backwards)
    assert sorted(map(_place, made.estate.numbers.of.values())) == sorted(
        map(_place, furnished.estate.numbers.of.values())
    )
    with copied(made, data, desk_on) as turned:
        for endpoint, url in addresses(turned):
            assert look(turned, "mia", endpoint, url, "fragment").status < 500, url
        assert values_of(turned, "counter/cashier", "receipt")


def _place(place: str) -> str:
    """Which household a sample gets depends on the order."""
    return place.partition(" of 9-1-")[0]
