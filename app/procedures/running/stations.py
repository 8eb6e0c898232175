"""Counter windows: browsers with a name, and which devices serve them."""

from __future__ import annotations

from app.base.refusal import Refused
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor
from app.desk.who.sessions import Session, Station


def every() -> list[Station]:
    return list(Station.select().order_by(Station.active.desc(), Station.name).limit(50))


@deed("station.kept", act="stations.keep")
def keep(name: str, *, printer: str, scanner: bool, reader: bool, active: bool, by: Actor) -> Station:
    """Make a window or change its devices."""
    before = Station.get_or_none(Station.name == name)
    note(printer=printer, scanner=scanner, reader=reader, active=active)
    if before is None:
        return Station.create(name=name, printer=printer, scanner=scanner, reader=reader, active=active)
    Station.update(printer=printer, scanner=scanner, reader=reader, active=active).where(
        Station.id == before.id
    ).execute()
    return Station.get_by_id(before.id)


@deed("station.taken", act="stations.keep")
def take(station_id: int, session: Session, *, by: Actor) -> Station:
    """This browser is that window from now on."""
    station = Station.get_or_none(Station.id == station_id, Station.active == True)  # noqa: E712
    if station is None:
        raise Refused("There is no such window. Open the list anew.")
    Session.update(station=station.name).where(Session.id == session.id).execute()
    return station
