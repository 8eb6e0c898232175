"""What is wrong with texts and their Chinese: each said with its place and with what mends it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from app.translations import Entry
from app.translations.extract import Use
from app.translations.nouns import SHARED


def judge(said: Iterable[Use], there: Iterable[Entry]) -> list[str]:
    """All of it, in the order of the files."""
    said, there = list(said), list(there)
    stale = [
        f"{each.place}: {each.noun} does not say {each.msgid!r}. Run scripts/texts --prune"
        for each in unsaid(said, there)
    ]
    return [*_homeless(said, there), *stale, *_twice(there), *_untranslated(there), *_misplaced(there)]


def unsaid(said: Iterable[Use], there: Iterable[Entry]) -> list[Entry]:
    """Entries that their noun does not use (of shared.po: that nobody uses)."""
    used = {(use.noun, use.text) for use in said} | {(SHARED, use.text) for use in said}
    return [each for each in there if (each.noun, each.msgid) not in used]


def _homeless(said: list[Use], there: list[Entry]) -> Iterator[str]:
    """Texts that stand neither in their noun's part nor in the shared one."""
    homes = defaultdict(list)
    for each in there:
        homes[each.msgid].append(each)
    for use in said:
        nouns = {each.noun for each in homes[use.text]}
        if not nouns:
            yield f"{use.place}: {use.text!r} has no Chinese. Run scripts/texts, fill in what it wrote"
        elif not nouns & {use.noun, SHARED}:
            yield (
                f"{use.place}: {use.text!r} of {use.noun} shows the Chinese of {homes[use.text][0].place}. "
                "Where it means the same, move that entry to shared.po; else say it in other English and run scripts/texts"
            )


def _twice(there: list[Entry]) -> Iterator[str]:
    first: dict[str, Entry] = {}
    for each in there:
        before = first.setdefault(each.msgid, each)
        if before is not each:
            yield (
                f"{each.place}: {each.msgid!r} stands in {before.place} too. "
                "Where it means the same, keep one of them, in shared.po; else say one in other English and run scripts/texts"
            )


def _untranslated(there: list[Entry]) -> Iterator[str]:
    for each in there:
        if not each.string or each.fuzzy:
            yield f"{each.place}: {each.msgid!r} is {'fuzzy' if each.fuzzy else 'empty'}. Write its Chinese there"


def _misplaced(there: list[Entry]) -> Iterator[str]:
    """`{key}` in English is `{key}` in Chinese: a lost place would hide a number, a made-up one would fail when shown."""
    for each in there:
        english, chinese = (set(re.findall(r"{(\w+)[^}]*}", text)) for text in (each.msgid, each.string or each.msgid))
        if english != chinese:
            differing = " ".join(f"{{{name}}}" for name in sorted(english ^ chinese))
            yield f"{each.place}: {each.msgid!r} and its Chinese differ in {differing}. Correct it there"
