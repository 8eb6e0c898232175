"""P8: two clerks at once: no update is lost, nobody sees a lock error."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import date

import pytest

from app.base import db
from app.base.refusal import Conflict, Refused
from app.desk.accounts import charge, ledger, receipt
from app.desk.homes import households, residents
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.running import proof
from tests.within import within

CLERKS = 4
EACH = 2000  # operations a clerk; --long: 20,000


@deed("paid", act="desk.see")
def pay(unit, *, by: Actor) -> receipt.Receipt | None:
    owed = charge.open_of(unit, limit=1)
    if not owed:
        return None
    return receipt.issue(
        unit=unit, payer="李伟", items=[receipt.item_of(owed[0])], tenders=[receipt.Tender("cash", owed[0].left)], by=by
    )


@deed("promised", act="desk.see")
def promise(n: int, *, by: Actor) -> None:
    due.expect("counter.keys", n, at=journal.moment(), text="x")


def test_four_clerks_lose_no_update_and_see_no_lock(cast, home, times: int) -> None:
    done: list[Counter[str]] = [Counter() for _ in range(CLERKS)]
    errors: list[BaseException] = []

    def work(n: int) -> None:
        dice, by = random.Random(n), list(vars(cast).values())[n]
        try:
            for _ in range(EACH * times):
                act = dice.choice(("charge", "pay", "promise", "prepay", "read"))
                try:
                    if act == "charge":
                        within(
                            charge.add,
                            unit=home.unit,
                            item="card_fee",
                            text="卡",
                            fen=500,
                            due=date(2026, 11, 22),
                            by=by,
                        )
                    elif act == "pay":
                        act = "paid" if pay(home.unit, by=by) else "nothing owed"
                    elif act == "promise":
                        promise(dice.randrange(20), by=by)
                    elif act == "prepay":
                        prepay(home.unit, by=by)
                    else:
                        assert sum(ledger.totals().values()) == 0
                    done[n][act] += 1
                except Refused:
                    done[n]["refused"] += 1
        except BaseException as error:
            errors.append(error)
        finally:
            db.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CLERKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    total = sum(done, Counter())
    assert total.total() == CLERKS * EACH * times
    assert receipt.Receipt.select().count() == total["paid"] > 0
    assert charge.Charge.select().count() == total["charge"]
    assert ledger.balance("tender.cash") == 500 * total["paid"] + 100 * total["prepay"]
    assert ledger.prepaid(home.unit) == 100 * total["prepay"]
    assert list(proof.problems()) == []


@deed("prepaid", act="desk.see")
def prepay(unit, *, by: Actor) -> None:
    ledger.post({"tender.cash": 100, "prepaid": -100}, unit=unit)


def test_control_reading_before_the_write_lock_loses_updates(cast, home) -> None:
    """What the deeds are spared: read, then write, without holding the lock from the start."""
    staff = people.Staff.get()
    people.Staff.update(version=0).where(people.Staff.id == staff.id).execute()
    gate = threading.Barrier(2)

    def work() -> None:
        db.connect()
        seen = people.Staff.get_by_id(staff.id).version
        gate.wait()
        people.Staff.update(version=seen + 1).where(people.Staff.id == staff.id).execute()
        db.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert people.Staff.get_by_id(staff.id).version == 1


def test_a_stale_edit_is_refused_and_says_what_stands_there_now(cast, home) -> None:
    """Edits carry the version they were read with."""
    seen = home.owner.version
    residents.change_person(home.owner, version=seen, phone="13900001111", by=cast.ana)
    with pytest.raises(Conflict) as no:
        residents.change_person(home.owner, version=seen, phone="13900002222", by=cast.chen)
    assert "139****1111" in str(no.value)
    assert households.Person.get_by_id(home.owner.id).phone == "13900001111"
