"""The water desk's rows: accounts, meters, cards, top-ups. Volumes in hundredths of a cubic metre (0.01 吨)."""

from __future__ import annotations

import peewee

from app.base import db, live
from app.desk.accounts.receipt import Receipt, Tender
from app.desk.homes.households import Person, Unit
from app.desk.record import numbering, options
from app.desk.who.people import Staff
from hardware.watercard.record import Purchase
from hardware.watercard.steps import Known

KIND = "counter.water_cards"  # of due rows and charges
numbering.declare("SK", kind="topup", digits=50)
SUSPENSE = "suspense.water"  # money taken for water that is not proven to be on a card


class Account(db.Table):
    """Who buys water for which unit; its id stands on the card. Closed when the water was handed back."""

    unit = peewee.ForeignKeyField(Unit, index=True)
    unit_id: int
    person = peewee.ForeignKeyField(Person, null=True)
    holder = peewee.TextField()
    opened = db.MomentField()
    closed = db.MomentField(null=True)

    class Meta:
        table_name = "water_account"


class Meter(db.Table):
    """A water meter: prepaid by card or post-paid by reading, never both (C46). `until` = taken down, with `left` in it."""

    number = peewee.TextField(unique=True)  # 8 digits
    unit = peewee.ForeignKeyField(Unit, index=True)
    unit_id: int
    mode = peewee.TextField(constraints=[peewee.Check("mode IN ('card', 'reading')")])
    since = db.MomentField()
    until = db.MomentField(null=True)
    left = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "water_meter"


class Card(db.Table):
    """One card by its UID. `seq`..`tag` = the last sale the books know on it, `mseq` the meter's last note seen.

    States: stock -> issuing -> active -> ended (`ended_as`: lost, damaged, exchanged, handed_back, spoiled).
    """

    uid = peewee.TextField(unique=True)  # hex
    state = peewee.TextField(default="stock")
    account = peewee.ForeignKeyField(Account, null=True)
    account_id: int | None
    meter = peewee.ForeignKeyField(Meter, null=True)
    issue = peewee.IntegerField(default=0)
    seq = peewee.BigIntegerField(default=0)
    amount = peewee.BigIntegerField(default=0)
    cumulative = peewee.BigIntegerField(default=0)
    tag = peewee.BigIntegerField(default=0)
    mseq = peewee.BigIntegerField(default=0)
    since = db.MomentField()
    ended = db.MomentField(null=True)
    ended_as = peewee.TextField(default="")
    staff = peewee.ForeignKeyField(Staff, null=True)  # who issues it

    class Meta:
        table_name = "water_card"
        indexes = ((("state", "id"), False),)

    @property
    def record(self) -> Purchase:
        return Purchase(self.seq, self.amount, self.cumulative, self.tag)

    @property
    def its_meter(self) -> Meter:
        """The meter of a card that was issued (the stock has none)."""
        assert isinstance(self.meter, Meter)
        return self.meter

    @property
    def its_account(self) -> Account:
        assert isinstance(self.account, Account)
        return self.account


# An account has one card in use (or being issued) at a time.
Card.add_index(
    Card.index(Card.account, unique=True, where=peewee.SQL("state IN ('issuing', 'active')"), name="water_card_in_use")
)


class TopUp(db.Table):
    """One sale (or water carried over to a new meter): pending until bytes read from the card prove it.

    States: pending -> done | refunded | reissued. `block` = the slot it is committed to. `reading` = what the check
    reading showed (WATER-4); `price` in fen a tonne; `tenders` as taken at the intent, `change` given back.
    """

    number = peewee.TextField(unique=True)
    kind = peewee.TextField(default="sale")  # sale | carry
    state = peewee.TextField(default="pending")
    account = peewee.ForeignKeyField(Account)
    account_id: int
    card = peewee.ForeignKeyField(Card)
    card_id: int
    meter = peewee.ForeignKeyField(Meter)
    unit = peewee.ForeignKeyField(Unit)
    unit_id: int
    payer = peewee.TextField()
    volume = peewee.BigIntegerField(constraints=[peewee.Check("volume > 0")])
    price = db.FenField()
    fen = db.FenField(constraints=[peewee.Check("fen >= 0")])
    expression = peewee.TextField()
    tenders = db.JsonField(default=list)
    change = db.FenField(default=0)
    old = db.JsonField()  # [seq, amount, cumulative, tag]
    seq = peewee.BigIntegerField()
    cumulative = peewee.BigIntegerField()
    tag = peewee.BigIntegerField(default=0)
    block = peewee.IntegerField(null=True)
    attempts = peewee.IntegerField(default=0)
    reading = peewee.BigIntegerField(null=True)
    said = peewee.TextField(default="")  # what became of the last attempt: an English msgid
    at = db.MomentField()
    day = db.DayField(index=True)
    staff = peewee.ForeignKeyField(Staff)
    closed = db.MomentField(null=True)
    closed_by = peewee.ForeignKeyField(Staff, null=True)
    reason = peewee.TextField(default="")
    receipt = peewee.ForeignKeyField(Receipt, null=True)

    class Meta:
        table_name = "water_topup"
        indexes = ((("account", "id"), False), (("unit", "id"), False))

    @property
    def record(self) -> Purchase:
        return Purchase(self.seq, self.volume, self.cumulative, self.tag)


# At most one pending top-up a card; and the pending list, the oldest first.
TopUp.add_index(TopUp.index(TopUp.card, unique=True, where=peewee.SQL("state = 'pending'"), name="water_topup_pending"))
TopUp.add_index(TopUp.index(TopUp.id, where=peewee.SQL("state = 'pending'"), name="water_topup_waiting"))


class Handling(db.AppendOnly):
    """A signed change around a card: lost, replaced, meter exchanged, water handed back or transferred."""

    kind = peewee.TextField()
    account = peewee.ForeignKeyField(Account, index=True)
    card = peewee.ForeignKeyField(Card, null=True)
    at = db.MomentField()
    staff = peewee.ForeignKeyField(Staff, null=True)
    staff_id: int
    signed = peewee.TextField(default="")  # who signed
    reason = peewee.TextField(default="")
    facts = db.JsonField(default=dict)  # volumes, meter numbers, the arithmetic

    class Meta:
        table_name = "water_handling"


class Knows(db.AppendOnly):
    """An employee has learnt the top-up procedure (WATER-1)."""

    staff = peewee.ForeignKeyField(Staff, unique=True)
    at = db.MomentField()

    class Meta:
        table_name = "water_knows"


def kept(tenders: list[Tender], change: int) -> list[tuple[str, int]]:
    """What stays of each tender: change comes out of the cash."""
    out = []
    for each in tenders:
        back = min(change, each.fen) if each.kind == "cash" else 0
        change -= back
        out.append((each.kind, each.fen - back))
    return out


def pending_of(card: Card) -> TopUp | None:
    row = TopUp.select(TopUp.id).where(TopUp.card == card, TopUp.state == "pending").first()
    return TopUp.get_by_id(row.id) if row else None


def known_of(card: Card, pending: TopUp | None) -> Known:
    """What the books say of an issued card and its pending sale, for `next_step`."""
    assert card.account_id is not None
    return Known(
        uid=bytes.fromhex(card.uid),
        account=card.account_id,
        meter=card.its_meter.number,
        issue=card.issue,
        old=card.record,
        mseq=card.mseq,
        estate=options.get("water.estate"),
        new=pending.record if pending else None,
        block=pending.block if pending else None,
    )


def card_in_use(account: Account | int) -> Card | None:
    """The account's card: active, or being issued."""
    return Card.get_or_none(Card.account == account, Card.state.in_(("issuing", "active")))


def accounts_of(unit: Unit) -> list[Account]:
    return list(Account.select().where(Account.unit == unit, Account.closed.is_null()).order_by(Account.id).limit(10))


def last_card(account: Account) -> Card | None:
    """The account's newest card, in use or ended."""
    return Card.select().where(Card.account == account).order_by(Card.issue.desc(), Card.id.desc()).first()  # type: ignore[no-any-return]


def changed() -> None:
    """Pages that show water refresh when the deed is committed."""
    db.after_commit(_bump)


def _bump() -> None:
    live.bump("water")
