"""The receipt's rows: append-only, what the other parts of this package write and read."""

from __future__ import annotations

import peewee

from app.base import db
from app.desk.accounts.charge import Charge
from app.desk.homes.households import Unit
from app.desk.record import numbering
from app.desk.who.people import Staff

numbering.declare("SJ", kind="receipt", digits=10)


class Receipt(db.AppendOnly):
    """`kind` receipt | void | refund; the last two hash and name the original in `of`."""

    number = peewee.TextField(unique=True)
    year = peewee.IntegerField()
    n = peewee.IntegerField()
    kind = peewee.TextField()
    of = peewee.ForeignKeyField("self", null=True, index=True)
    unit = peewee.ForeignKeyField(Unit, null=True)
    unit_id: int | None
    payer = peewee.TextField()
    staff = peewee.ForeignKeyField(Staff)
    at = db.MomentField(index=True)
    day = db.DayField(index=True)  # business day
    fen = db.FenField()  # negative: a reversal
    suspense = peewee.TextField(null=True)  # the money was posted before, at the intent
    reason = peewee.TextField(default="")
    payee = peewee.TextField(default="")  # who got a refund
    facts = db.JsonField()
    previous = peewee.TextField()
    hash = peewee.TextField(unique=True)

    class Meta:
        indexes = ((("year", "n"), True), (("unit", "id"), False), (("staff", "id"), False), (("staff", "day"), False))

    @property
    def check_code(self) -> str:
        return str(self.hash)[:8]

    @property
    def code(self) -> str:
        """The 14 digits of its CODE128."""
        return str(numbering.Number("SJ", self.year, self.n).code)


class ReceiptItem(db.AppendOnly):
    """A line of a receipt; `account` is where it is earned or held. A reversal's line names the line it takes back."""

    receipt = peewee.ForeignKeyField(Receipt, index=True)
    text = peewee.TextField()
    account = peewee.TextField()
    charge = peewee.ForeignKeyField(Charge, null=True, index=True)
    fen = db.FenField()
    of = peewee.ForeignKeyField("self", null=True, index=True)
    of_id: int | None

    class Meta:
        indexes = ((("account", "id"), False),)


class ReceiptTender(db.AppendOnly):
    """What was paid how, net of change; `ref` is the merchant's order number."""

    receipt = peewee.ForeignKeyField(Receipt, index=True)
    kind = peewee.TextField()
    ref = peewee.TextField(default="")
    fen = db.FenField()
    of = peewee.ForeignKeyField("self", null=True, index=True)

    class Meta:
        indexes = ((("kind", "ref"), False),)
