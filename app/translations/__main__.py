"""scripts/texts: what is said and not translated, as entries to fill in; the parts in one order.

Each text without an entry gets one, empty, in the .po of its noun (shared.po where several say it); entries are sorted
by their English, one a line. The place stands above an entry until it is translated. `--prune` removes what nobody says.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

from babel.messages.pofile import normalize

from app import translations
from app.translations import Entry
from app.translations.extract import Use, uses
from app.translations.judge import judge, unsaid
from app.translations.nouns import SHARED

HEADER = """\
msgid ""
msgstr ""
"Language: zh_CN\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def main() -> int:
    asked = argparse.ArgumentParser("scripts/texts", description=__doc__.splitlines()[0])
    asked.add_argument("--prune", action="store_true", help="remove the entries that nobody uses")
    there, said = translations.entries(), uses()
    if asked.parse_args().prune:
        gone = set(unsaid(said, there))
        there = [each for each in there if each not in gone]
    there += wanting(said, there)
    write(said, there)
    wrong = judge(said, translations.entries())
    count = f"{len({use.text for use in said})} texts; {len(wrong)} things to mend."
    sys.stdout.write("\n".join([*wrong, count, ""]))
    return bool(wrong)


def wanting(said: tuple[Use, ...], there: list[Entry]) -> list[Entry]:
    """Empty entries for the texts that stand in no part."""
    known = {each.msgid for each in there}
    nouns = defaultdict(set)
    for use in said:
        if use.text not in known:
            nouns[use.text].add(use.noun)
    return [Entry(saying.pop() if len(saying) == 1 else SHARED, text, "") for text, saying in nouns.items()]


def write(said: tuple[Use, ...], there: list[Entry]) -> None:
    """Every part in its one form; a part with nothing in it is removed."""
    places = {use.text: use.path for use in reversed(said)}  # without the line: it would change with every edit
    parts: dict[str, list[str]] = defaultdict(list)
    for each in sorted(there, key=lambda each: each.msgid):
        where = "" if each.string else f"#: {places.get(each.msgid, 'nowhere')}\n"
        fuzzy = "#, fuzzy\n" if each.fuzzy else ""
        english, chinese = normalize(each.msgid, width=0), normalize(each.string, width=0)
        parts[each.noun].append(f"{where}{fuzzy}msgid {english}\nmsgstr {chinese}\n")
    for path in translations.PARTS.rglob("*.po"):
        if path.relative_to(translations.PARTS).with_suffix("").as_posix() not in parts:
            path.unlink()
    for noun, blocks in parts.items():
        path, made = translations.part(noun), "\n".join([HEADER, *blocks])
        if not path.exists() or path.read_text("utf-8") != made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
