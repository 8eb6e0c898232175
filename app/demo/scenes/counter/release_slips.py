"""Release slips: a tenant moves a few things out."""

from __future__ import annotations

from app.demo import estate
from app.demo.scenes import BASE_URL, Cast, owner, this_morning, unit
from app.desk.homes import households
from app.desk.record import journal
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor
from app.procedures.counter.release_slips import issue
from app.procedures.counter.release_slips.items import Line


@this_morning(3)
@deed("demo.slip", act=DESK_ONLY)
def a_tenant_moves(cast: Cast, *, by: Actor) -> None:
    """A tenant moves a few things out, the owner agreed by phone."""
    home = unit(estate.LET_TO_TENANT)
    tenant = next(relation for relation in households.people_of(home) if relation.kind == "tenant")
    issue.make(
        home,
        applicant=issue.Applicant(relation_id=tenant.id),
        consent=issue.Consent(how="call", owner_id=owner(home).id, at=journal.moment(), caller=cast["assistant"].name),
        lines=[Line("双开门冰箱", 1, "台", "appliance"), Line("餐椅", 4, "把"), Line("纸箱（衣物）", 6, "箱")],
        base_url=BASE_URL,
        by=cast["assistant"],
    )
