"""scripts/texts: what is said and not translated, as entries to fill in; the parts in one order.

Each text without an entry gets one, empty, in the .po of its noun (shared.po where several say it), with its place above
it until it is translated. An entry follows the module or page that says it to another noun. Entries are sorted by their
English, a text a line. `--prune` removes what nobody says.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import replace

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
    prune = asked.parse_args().prune
    said = uses()
    there = placed(said, translations.entries(), prune=prune)
    write(said, there)
    wrong = judge(said, translations.entries())
    count = f"{len({use.text for use in said})} texts; {len(wrong)} things to mend."
    sys.stdout.write("\n".join([*wrong, count, ""]))
    return bool(wrong)


def placed(said: tuple[Use, ...], there: list[Entry], *, prune: bool) -> list[Entry]:
    """The entries, each where it is said; an empty one for every text that has none."""
    nouns = defaultdict(set)
    for use in said:
        nouns[use.text].add(use.noun)
    homes = {text: min(saying) if len(saying) == 1 else SHARED for text, saying in nouns.items()}
    known, gone, kept = {(each.noun, each.msgid) for each in there}, set(unsaid(said, there)), []
    for each in there:
        home = homes.get(each.msgid, "")
        if each not in gone:
            kept.append(each)
        elif home and (home, each.msgid) not in known:  # the module or page that says it went to another noun
            kept.append(replace(each, noun=home))
        elif not prune:
            kept.append(each)
    here = {each.msgid for each in kept}
    return kept + [Entry(home, text, "") for text, home in homes.items() if text not in here]


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
