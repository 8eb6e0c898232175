"""Columns, wrapping, borders: a ReceiptLine document becomes parts on a grid of half-width columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .markup import Column, Divider, Properties, TextLine, read
from .model import PLAIN, Code, Cut, MarkupError, Part, Piece, Row, Rule, Style, cells

BORDERS = {"line": -1, "space": 1, "none": 0, "0": 0, "1": 1, "2": 2}
ALIGNS = {"left": 0, "center": 1, "right": 2}
REST = -1  # a column that shares what is left over: '*'


@dataclass(frozen=True)
class _Frame:
    """Where the ruled table stands, so that its next line can meet the last one."""

    left: int
    widths: tuple[int, ...]

    def marks(self, columns: int) -> str:
        line = " " * self.left + "+" + "".join("-" * width + "+" for width in self.widths)
        return line.ljust(columns)


@dataclass
class _Layout:
    """The state that properties leave behind for the lines after them."""

    columns: int
    parts: list[Part] = field(default_factory=list)
    wrap: bool = True
    border: int = 1
    align: int = 1
    widths: tuple[int, ...] = ()
    options: tuple[str, ...] = ()
    table_due: bool = False  # border:line was set, its top line is drawn with the first row
    rule_due: bool = False  # a rule inside a table is drawn with the next row
    frame: _Frame | None = None

    def text(self, line: TextLine) -> None:
        given = list(line.columns)
        if self.widths:
            given += [Column((), 1)] * (len(self.widths) - len(given))
        wanted = self.widths or (REST,) * len(given)
        pairs = [(column, width) for column, width in zip(given, wanted, strict=False) if width]
        room = (self.columns - 1) // 2 if self.border < 0 else (self.columns + self.border) // (self.border + 1)
        pairs = pairs[:room]
        if not pairs:
            return
        edges = len(pairs) + 1 if self.border < 0 else (len(pairs) - 1) * self.border
        widths, free = _share([width for _, width in pairs], self.columns - edges)
        left = free * self.align // 2
        self._table_lines(_Frame(left, widths))
        wrapped = [_wrap(column, width) for (column, _), width in zip(pairs, widths, strict=True)]
        for index in range(max(1, *(len(lines) for lines in wrapped)) if self.wrap else 1):
            self._row(wrapped, widths, left, index)

    def _row(self, wrapped: list[list[list[Piece]]], widths: tuple[int, ...], left: int, index: int) -> None:
        pieces: list[Piece] = []
        bars = [left] if self.frame else []
        at = left + (1 if self.frame else 0)
        for lines, width in zip(wrapped, widths, strict=True):
            if index < len(lines):
                pieces += [replace(piece, column=piece.column + at) for piece in lines[index]]
            at += width
            if self.frame:
                bars.append(at)
            at += abs(self.border)
        self.parts.append(Row(tuple(pieces), tuple(bars)))

    def _table_lines(self, frame: _Frame) -> None:
        if self.table_due:
            self.parts.append(Rule(frame.marks(self.columns)))
        elif self.frame and self.rule_due:
            pairs = zip(self.frame.marks(self.columns), frame.marks(self.columns), strict=True)
            self.parts.append(Rule("".join("+" if "+" in pair else max(pair) for pair in pairs)))
        elif not self.frame:
            return
        self.table_due = self.rule_due = False
        self.frame = frame

    def close_table(self) -> None:
        if self.frame:
            self.parts.append(Rule(self.frame.marks(self.columns)))
        self.frame = None
        self.table_due = self.rule_due = False

    def divider(self, line: Divider) -> None:
        if line.sign == "=":
            again = self.frame is not None
            self.close_table()
            self.parts.append(Cut())
            self.table_due = again
        elif self.frame:
            self.rule_due = True
        elif not self.table_due:
            width, left = self._area()
            self.parts.append(Rule(" " * left + "-" * width))

    def _area(self) -> tuple[int, int]:
        """Width and left edge of what has no columns of its own: rules and codes."""
        if not self.widths or REST in self.widths:
            return self.columns, 0
        shown = [width for width in self.widths if width]
        edges = len(shown) + 1 if self.border < 0 else (len(shown) - 1) * self.border
        width = min(sum(shown) + edges, self.columns)
        return width, (self.columns - width) * self.align // 2

    def properties(self, values: dict[str, str]) -> None:
        if "text" in values:
            self.wrap = values["text"].lower() != "nowrap"
        if "border" in values:
            border = _known(BORDERS, values["border"])
            if self.border < 0 <= border:
                self.close_table()
            self.table_due = self.table_due or (border < 0 <= self.border)
            self.border = border
        if "width" in values:
            words = _words(values["width"])
            self.widths = () if "auto" in words else tuple(REST if word == "*" else int(word) for word in words)
        if "align" in values:
            self.align = _known(ALIGNS, values["align"])
        if "option" in values:
            self.options = _words(values["option"])
        if "code" in values:
            self.parts.append(self._code(values["code"]))

    def _code(self, data: str) -> Code:
        def number(low: int, high: int, default: int) -> int:
            return next((int(w) for w in self.options if w.isdecimal() and low <= int(w) <= high), default)

        kind = next(
            (word for word in self.options if word.isalpha() and word not in {"hri", "nohri", *"lmqh"}), "code128"
        )
        kind = "qrcode" if "qrcode" in self.options else kind
        if kind not in ("qrcode", "code128"):
            raise MarkupError(f"a code our papers do not use: {kind!r}")
        width, left = self._area()
        level = next((word for word in self.options if word in "lmqh"), "l")
        return Code(
            kind,
            data,
            left,
            width,
            1,
            number(2, 4, 2),
            number(24, 240, 72),
            "hri" in self.options,
            number(3, 8, 3),
            level,
        )


def lay_out(document: str, columns: int) -> tuple[Part, ...]:
    """A document as parts for paper of so many half-width columns."""
    layout = _Layout(columns)
    for line in read(document):
        if isinstance(line, Properties):
            layout.properties(line.values)
        elif isinstance(line, Divider):
            layout.divider(line)
        else:
            layout.text(line)
    layout.close_table()
    return tuple(layout.parts)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\t ,]+", text.strip().lower()) if word)


def _known(table: dict[str, int], value: str) -> int:
    if value.lower() not in table:
        raise MarkupError(f"{value!r} is none of {', '.join(table)}")
    return table[value.lower()]


def _share(wanted: list[int], room: int) -> tuple[tuple[int, ...], int]:
    """The columns' widths, and what is left over when none of them takes the rest."""
    widths = list(wanted)
    rests = [index for index, width in enumerate(widths) if width == REST]
    free = room - sum(width for width in widths if width != REST)
    while free < len(rests):  # too much was reserved: the widest gives way
        widest = max((i for i in range(len(widths)) if widths[i] > 0), key=lambda i: (widths[i], i))
        widths[widest] -= 1
        free += 1
    for nth, index in enumerate(rests):
        widths[index] = (free + nth) // len(rests)
    return tuple(widths), 0 if rests else free


@dataclass
class _Lines:
    """A column's lines while it is filled; a line that is full ends at once."""

    width: int
    align: int
    done: list[list[Piece]] = field(default_factory=list)
    line: list[Piece] = field(default_factory=list)
    used: int = 0

    def add(self, text: str, style: Style) -> None:
        run, start = "", self.used
        for char in text:
            size = cells(char) * style.wide
            if size > self.width:
                continue  # no line of this column can hold it
            if self.used + size > self.width:
                self._put(run, start, style)
                self.end()
                run, start = "", 0
            run += char
            self.used += size
            if self.used == self.width:
                self._put(run, start, style)
                self.end()
                run, start = "", 0
        self._put(run, start, style)

    def _put(self, run: str, start: int, style: Style) -> None:
        if run:
            self.line.append(Piece(start, run, style))

    def end(self) -> None:
        margin = ((self.width - self.used) * self.align + 1) // 2
        self.done.append([replace(piece, column=piece.column + margin) for piece in self.line])
        self.line, self.used = [], 0


def _wrap(column: Column, width: int) -> list[list[Piece]]:
    """A column's lines, each piece placed from the column's left edge."""
    lines, style = _Lines(width, column.align), PLAIN
    for part in column.content:
        if isinstance(part, str):
            lines.add(part, style)
        elif part.sign == "\n":
            lines.end()
        else:
            style = _switch(style, part.sign)
    if lines.line:
        lines.end()
    return lines.done


def _switch(style: Style, sign: str) -> Style:
    if sign == "_":
        return replace(style, underline=not style.underline)
    if sign == '"':
        return replace(style, bold=not style.bold)
    if sign == "`":
        return replace(style, invert=not style.invert)
    step = min(len(sign), 7)
    wide, high = (step + 1, 1) if step < 2 else (step - 1, max(2, step - 1))
    on = (style.wide, style.high) != (wide, high)
    return replace(style, wide=wide if on else 1, high=high if on else 1)
