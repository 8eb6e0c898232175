"""Sixty strings that broke other programs, in every text field of every form.

Nothing answers 500; what is accepted stands literally on pages and papers; what is refused is still in its field.
Lists from Excel: test_hostile_lists.py. A seeded shuffle gives each field a few of them and each of them many fields; --long gives every field every one.
"""

from __future__ import annotations

import random
import re
from urllib.parse import quote

import pytest
from jinja2 import ChoiceLoader, DictLoader

from app.desk.homes import instructions
from app.desk.papers import paper
from tests.promises.everywhere import FRAGMENT, Crawled, Everywhere, addresses, look, undone
from tests.promises.forms import Form
from tests.promises.hostile import HOSTILE, SEED, Pages, Trial, raw

# ---- the tests


def test_every_text_field_takes_or_refuses_every_string_calmly(pages: Pages, made: Everywhere, times: int) -> None:
    assert len(set(HOSTILE)) >= 60
    shuffled, trial = random.Random(SEED), Trial(made, pages)
    pool: list[str] = []
    for nick, form in pages.sent(made):
        for each in form.texts():
            for _ in range(len(HOSTILE) if times > 1 else 3):
                pool = pool or shuffled.sample(HOSTILE, len(HOSTILE))
                trial.run(nick, form, each.name, pool.pop(), fragment=bool(shuffled.getrandbits(1)))
    print(trial.accepted, "accepted,", trial.shown, "shown,", trial.printed, "printed,", trial.refused, "refused")
    assert trial.wrong == []
    assert trial.lost == set(), "comes back empty; where that is right, `empty_again` of its sample says why"
    assert trial.unseen == set(), (
        "stands on no page and no paper; where that is right, `no_page` of its sample says why"
    )
    if pages.whole:
        assert len(pages.sent(made)) > 70
        assert min(trial.accepted, trial.refused) > 100
        assert min(trial.shown, trial.printed) > 20


# Numbers as nobody types them, for the fields nobody types into.
NUMBERS = (
    "9" * 19, "9" * 30, "9" * 5000, "-1", "0", "", "²", "٣", "1e3", "0x10", "1_000", " 1 ", "null", "NaN", "1.5", "\x00", "' OR 1=1", "{0}",
)  # fmt: skip


def test_a_field_nobody_types_into_takes_anything_calmly(pages: Pages, made: Everywhere, times: int) -> None:
    """Hidden fields, lists, ticks: another page could send them, so each is answered in words, never with 500."""
    shuffled, trial = random.Random(SEED), Trial(made, pages)
    tried = 0
    for nick, form in pages.sent(made):
        for each in form.inputs:
            if each.name in ("csrf_token", "_key") or (each.kind in ("text", "textarea") and times == 1):
                continue
            for text in NUMBERS if times > 1 else shuffled.sample(NUMBERS, 3):
                tried += 1
                with undone():
                    answer = trial.send(nick, form, each.name, text, fragment=False)
                if answer.status_code >= 500 and answer.status_code != 503:
                    trial.wrong.append(f"{form.action} {each.name}={text[:30]!r}: {answer.status_code}")
    assert trial.wrong == []
    assert tried > 200 or not pages.whole


# What every page is asked, whether it knows it or not; with the names of what any sample asks.
ASKED = (
    "q", "show", "seen", "below", "rows", "v", "next", "name", "at", "from", "due", "charges_below", "receipts_below",
)  # fmt: skip


def test_an_address_with_anything_in_it_is_answered_calmly(made: Everywhere, times: int) -> None:
    """What stands after the question mark, and in the path."""
    shuffled = random.Random(SEED)
    client, wrong, tried, seen = made.client("mia"), [], 0, set()
    texts = [*HOSTILE, *NUMBERS]
    asks = [query for sample in made.of.samples.values() for queries in sample.asks.values() for query in queries]
    names = sorted({*ASKED, *re.findall(r"(?:^|&)(\w+)=", "&".join(asks))})
    for endpoint, url in addresses(made):
        plain = url.partition("?")[0]
        if endpoint in seen:
            continue
        seen.add(endpoint)
        for text in texts if times > 1 else shuffled.sample(texts, 3):
            asked = dict.fromkeys(names, text)
            tried += 1
            answer = client.get(plain, query_string=asked, headers=FRAGMENT if tried % 2 else {})
            if answer.status_code >= 500:
                wrong.append(f"{plain} ?{text[:30]!r}: {answer.status_code}")
            elif answer.mimetype == "text/html":
                wrong += [f"{plain} ?{text[:30]!r}: {each}" for each in raw(answer.text)]
    for rule in made.desk.app.url_map.iter_rules():
        if not rule.arguments or rule.endpoint == "static" or made.noun not in ("", made.noun_of(rule.endpoint)):
            continue
        method = "GET" if "GET" in rule.methods else "POST"
        strange = (
            [str(2**63), "9" * 30, "0", "9" * 5000]
            if "int:" in rule.rule
            else ["{0}", "%s", "<b>x</b>", "王" * 500, "\u202e", "..%2f..%2f"]
        )
        for text in strange:
            path = re.sub(r"<(?:\w+:)?\w+>", lambda _, text=text: quote(text, safe="%"), rule.rule)
            with undone():
                answer = client.open(path, method=method, data={"_key": made.desk.key()} if method == "POST" else None)
            tried += 1
            if answer.status_code >= 500 and answer.status_code != 503:
                wrong.append(f"{method} {path[:80]}: {answer.status_code}")
    assert wrong == []
    assert tried > 300 or made.noun


# ---- the check can fail


def planted(monkeypatch: pytest.MonkeyPatch, made: Everywhere, name: str, was: str, now: str) -> None:
    """One template with a mistake in it."""
    environment = made.desk.app.jinja_env
    source = environment.loader.get_source(environment, name)[0]
    assert was in source, "the mutant has nothing to change"
    loader = ChoiceLoader([DictLoader({name: source.replace(was, now)}), environment.loader])
    monkeypatch.setattr(environment, "loader", loader)
    environment.cache.clear()


MUTANTS = (
    ("{{ each.text|safe }}", '"><img src=x onerror=alert(1)>'),
    ("{{ each.text|safe }}", "<script>alert(1)</script>"),
    ("{{ each.text.format(name=1) }}", "{name}"),
    ("{{ each.text.format(name=1) }}", "{"),
    ("{{ each.text|striptags }}", "<b>王</b>"),
    ("{{ each.text|forceescape|forceescape }}", "O'Brien"),
)


def form_of(made: Everywhere, area: str, action: str) -> tuple[Trial, Form]:
    """The form with that action that the boss finds at an address of that screen."""
    made.noun = ""
    seen = [look(made, "mia", endpoint, url, "fragment") for endpoint, url in addresses(made) if url.startswith(area)]
    pages = Pages(Crawled(seen, "", same=True, whole=False))
    return Trial(made, pages), next(form for _, form in pages.forms if re.fullmatch(action, form.action))


def test_a_text_that_is_not_shown_as_it_is_would_be_seen(made: Everywhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a household leaves as an instruction, in a page with a mistake; it stands there once, as one that was read."""
    monkeypatch.setattr(instructions, "unread", lambda *_asked, **_more: [])
    for now, text in MUTANTS:
        trial, form = form_of(made, f"/homes/households/{made.home.unit.id}", ".*/instruct")
        trial.run("mia", form, "text", text, fragment=True)
        assert trial.wrong == []
        with pytest.MonkeyPatch.context() as patch:
            planted(patch, made, "homes/household.html", "{% for each in alerts %}", "{% for each in [] %}")
            planted(patch, made, "homes/household.html", "{{ each.text }}", now)
            trial.run("mia", form, "text", text, fragment=True)
        made.desk.app.jinja_env.cache.clear()
        assert trial.wrong, now


def test_a_text_that_writes_on_paper_what_it_likes_would_be_seen(
    made: Everywhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, form = form_of(made, "/counter/release_slips/new", "/counter/release_slips/make")
    trial.run("mia", form, "item_name_1", "^^^大", fragment=True)
    assert trial.wrong == []
    assert trial.printed == 1
    monkeypatch.setattr(paper.receipt, "escape", str)
    trial.run("mia", form, "item_name_1", "^^^大", fragment=True)
    assert trial.wrong
