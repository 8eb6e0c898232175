"""What holds for every page, on books with a row for each: one crawl has looked, these read what it saw."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import html5lib
import pytest
from html5lib.html5parser import ParseError

from tests.promises.everywhere import Crawled, Everywhere, Visit, look
from tests.promises.forms import plain_of

GOOD_ENDS = (200, 302, 303, 422)


def test_every_page_answers(crawled: Crawled) -> None:
    assert [f"{each.nick} {each.how} {each.url}: {each.status}" for each in crawled.visits if each.status >= 500] == []
    assert {each.nick for each in crawled.visits} >= {"mia", "gm", "storekeeper"}


def unlike_the_table(seen: list[Visit]) -> list[str]:
    """Pages that are refused to somebody who may, or shown to somebody who may not."""
    return [f"{each.nick} {each.url}: {each.status}" for each in seen if (each.status == 422) is each.may]


def test_each_role_meets_its_cells(crawled: Crawled) -> None:
    """The golden role x route is not only made from the acts: a page is answered, or refused with 422, just so."""
    plain = [each for each in crawled.of("page") if "?" not in each.url]  # a question can be refused by a rule, too
    assert unlike_the_table(plain) == []
    assert unlike_the_table([replace(each, may=not each.may) for each in plain])
    assert {each.may for each in plain} == {True, False} or not crawled.whole


def not_html(seen: list[Visit]) -> list[str]:
    """What html5lib in its strict mode complains about."""
    found = []
    for each in seen:
        parse = html5lib.HTMLParser(strict=True)
        try:
            parse.parse(each.text) if "<html" in each.text else parse.parseFragment(each.text)
        except ParseError as no:
            found.append(f"{each.how} {each.url}: {no}")
    return found


def test_pages_are_html(crawled: Crawled) -> None:
    """Every fragment that the boss is shown, and a whole page of each kind."""
    shown = {each.text: each for each in crawled.of("fragment", nick="mia") if each.kind == "text/html"}
    pages = {each.endpoint: each for each in crawled.of("page", nick="mia") if each.kind == "text/html"}
    assert not_html([*shown.values(), *pages.values()]) == []
    broken = replace(next(iter(shown.values())), text="<p>a</b>")
    assert not_html([broken])


def links_of(seen: list[Visit]) -> dict[str, str]:
    """Address -> a page that leads there; of each shape the first (`/counter/keys/1` and `/counter/keys/2` are one)."""
    found: dict[str, tuple[str, str]] = {}
    for each in seen:
        for link in re.findall(r'(?:href|hx-get)="(/[^"]*)"', each.text):
            url = html.unescape(link)
            found.setdefault(plain_of(url), (url, each.url))
    return dict(found.values())


def test_no_link_leads_nowhere(crawled: Crawled, made: Everywhere) -> None:
    """Every address in every page that the boss is shown is one that answers."""
    known = {each.url: each.status for each in crawled.of("page", nick="mia")}
    links = links_of(list(crawled.of("page", "fragment", nick="mia")))
    assert len(links) > 60 or not crawled.whole
    for url, where in links.items():
        status = known.get(url) or look(made, "mia", "", url.partition("#")[0], "page").status
        assert status in GOOD_ENDS, f"{where} leads to {url}"


@pytest.mark.parametrize(("markup", "there"), [('<a href="/no/where">', False), ('<a href="/running/today/">', True)])
def test_a_link_that_leads_nowhere_would_be_seen(made: Everywhere, markup: str, *, there: bool) -> None:
    seen = replace(look(made, "mia", "", "/running/today/", "page"), text=markup)
    (url,) = links_of([seen])
    assert (look(made, "mia", "", url, "page").status in GOOD_ENDS) is there
