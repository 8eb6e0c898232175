"""A release slip's rows: the slip, its items, who signed, what left the gate, what the returned gate copy says."""

from __future__ import annotations

import peewee

from app.base import db
from app.base.refusal import N_
from app.desk.homes.households import Person, Unit
from app.desk.record import numbering
from app.desk.record.options import OPTIONS, Option
from app.desk.who.people import Staff

KIND = "counter.release_slips"  # in due, sign-offs and signatures
numbering.declare("FX", kind="release", digits=20)

# Who asks for the goods to be let out. A crew is a decoration crew (GOODS-4).
APPLICANTS = {
    "owner": N_("Owner"),
    "resident": N_("Resident"),
    "tenant": N_("Tenant"),
    "crew": N_("Decoration crew"),
}
# What the gate checks (GOODS-6): at home first, then what firms move.
CATEGORIES = {
    "furniture": N_("Removal furniture"),
    "appliance": N_("Large appliances and household goods"),
    "valuable": N_("Valuables or equipment"),
    "decoration": N_("Decoration and building materials"),
    "office": N_("Office goods"),
    "electrical": N_("Electrical equipment"),
    "machine": N_("Machine parts"),
    "merchandise": N_("Merchandise"),
}

OPTIONS["slips.valid_days"] = Option(
    0, N_("Release slips stay valid for so many days after the day of issue"), "GOODS-8"
)
OPTIONS["slips.valid_days_most"] = Option(
    7, N_("The most days a release slip may stay valid after its day of issue"), "GOODS-8"
)
OPTIONS["slips.owner_signs_within"] = Option(
    7, N_("Days within which an owner who agreed by phone should sign"), "GOODS-3"
)


class Slip(db.Table):
    """One slip. It has a number from the moment it is issued; a crew's waits for engineering's seal until then."""

    unit = peewee.ForeignKeyField(Unit, index=True)
    number = peewee.TextField(null=True, unique=True)
    code = peewee.TextField(null=True, unique=True)  # 14 digits, in the QR
    applicant_kind = peewee.TextField()
    applicant = peewee.TextField()
    firm = peewee.TextField(default="")
    person = peewee.ForeignKeyField(Person, null=True)
    id_number = peewee.TextField(default="")
    owner_name = peewee.TextField()
    call_number = peewee.TextField(default="")  # the owner's consent by phone: number, when, who called
    call_at = db.MomentField(null=True)
    caller = peewee.TextField(default="")
    days = peewee.IntegerField(default=0)  # valid so many days after the day of issue
    made = db.MomentField()
    staff = peewee.ForeignKeyField(Staff)  # the handler (经手人)
    issued = db.MomentField(null=True)
    day = db.DayField(null=True)  # of issue
    until = db.DayField(null=True)  # last valid day
    cancelled = db.MomentField(null=True)
    reason = peewee.TextField(default="")
    closed = db.MomentField(null=True)  # used up, cancelled, or the gate copy came back

    unit_id: int
    staff_id: int
    person_id: int | None

    class Meta:
        table_name = "release_slip"
        indexes = ((("closed", "id"), False), (("day", "id"), False))


class Item(db.AppendOnly):
    slip = peewee.ForeignKeyField(Slip, index=True)
    line = peewee.IntegerField()
    category = peewee.TextField()
    name = peewee.TextField()
    quantity = peewee.IntegerField()
    unit = peewee.TextField()

    slip_id: int
    gone: int  # what left already, where a query sums it

    class Meta:
        table_name = "release_item"


class Signing(db.AppendOnly):
    """That `who` (handler, owner, applicant) signed, and `how`: session, pad, paper."""

    slip = peewee.ForeignKeyField(Slip)
    who = peewee.TextField()
    how = peewee.TextField()
    at = db.MomentField()
    staff = peewee.ForeignKeyField(Staff)

    slip_id: int

    class Meta:
        table_name = "release_signing"
        indexes = ((("slip", "who"), True),)


class Exit(db.AppendOnly):
    """Goods that left: one passage of the gate. A mistaken one is undone by another with `undoes`, quantities negative."""

    slip = peewee.ForeignKeyField(Slip, index=True)
    at = db.MomentField()
    plate = peewee.TextField(default="")  # empty: on foot
    staff = peewee.ForeignKeyField(Staff)  # the guard
    undoes = peewee.ForeignKeyField("self", null=True, unique=True)

    slip_id: int
    staff_id: int
    undoes_id: int | None

    class Meta:
        table_name = "release_exit"


class ExitLine(db.AppendOnly):
    exit = peewee.ForeignKeyField(Exit, index=True)
    item = peewee.ForeignKeyField(Item, index=True)
    quantity = peewee.IntegerField()

    exit_id: int
    item_id: int

    class Meta:
        table_name = "release_exit_line"


class Return(db.AppendOnly):
    """The gate copy that came back to the desk (核销): what it says left in all, and any difference with its reason."""

    slip = peewee.ForeignKeyField(Slip, unique=True)
    at = db.MomentField()
    guard = peewee.TextField()
    plate = peewee.TextField(default="")
    differs = db.FlagField(default=False)
    note = peewee.TextField(default="")
    staff = peewee.ForeignKeyField(Staff)

    slip_id: int

    class Meta:
        table_name = "release_return"


class ReturnLine(db.AppendOnly):
    ret = peewee.ForeignKeyField(Return, index=True)
    item = peewee.ForeignKeyField(Item)
    quantity = peewee.IntegerField()

    item_id: int

    class Meta:
        table_name = "release_return_line"
