"""What something stands at, as every page shows it: a word, and how loud it is said."""

from __future__ import annotations

from typing import NamedTuple


class State(NamedTuple):
    """`word` is a msgid, which may have values (`due in {minutes} min`); `look`: ok, note, stop or plain."""

    word: str
    look: str
