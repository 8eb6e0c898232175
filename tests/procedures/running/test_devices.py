"""Devices and papers: the page, its buttons, the simulated paper, and that no page ever waits for a device."""

from types import SimpleNamespace

import pytest

from app import factory
from app.base import clock
from app.desk.papers import outbox
from app.desk.papers.outbox import Job
from app.desk.record import demo
from app.desk.record.demo import Demo
from app.desk.who import people
from app.procedures.running.printing import PrintWorker
from app.settings import Settings
from hardware.ports import DeviceError
from hardware.receipt import cells
from hardware.simulators.printer import SimulatedPrinter
from tests.conftest import Client, Desk
from tests.desk.test_outbox import take
from tests.hardware.printer_bench import bench


@pytest.fixture
def made(books, data, cast):
    """A desk with a printer on an injected clock and its simulated far end."""
    b = bench()
    far_end = SimulatedPrinter(b.model)
    worker = PrintWorker(b.printer, address="tcp://printer", far_end=far_end)
    app = factory.create_app(Settings(data=data, demo=True), SimpleNamespace(printer=worker, reader=None, scanner=None))
    app.test_client_class = Client
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return SimpleNamespace(desk=Desk(app), b=b, worker=worker, far_end=far_end)


def post(made, who, path, **values):
    return made.desk.client(who).post(
        f"/running/devices/{path}", data={"_key": made.desk.key(), **values}, headers={"HX-Request": "true"}
    )


def test_the_page_shows_devices_queue_and_questions(made, cast):
    take(by=cast.chen)
    html = made.desk.client(cast.ana).get("/running/devices/").text
    assert "tcp://printer" in html
    assert "SJ-2026-000413" in html
    made.b.model.load_paper(30)
    made.worker.work()
    html = made.desk.client(cast.ana).get("/running/devices/").text
    assert f"/running/devices/came_out/{Job.get(Job.state == 'unknown').id}" in html


def test_the_two_buttons_of_an_uncertain_paper(made, cast):
    made.b.model.load_paper(30)
    take(by=cast.chen)
    made.worker.work()
    first = Job.get(Job.state == "unknown")
    assert post(made, cast.ana, f"came_out/{first.id}").status_code == 200
    assert Job.get_by_id(first.id).state == "printed"
    assert post(made, cast.ana, f"again/{first.id}").status_code == 422, "it was answered"
    made.b.model.load_paper()
    made.worker.work()
    made.b.model.load_paper(30)
    take(by=cast.chen, copies=("客户联",))
    made.worker.work()
    second = Job.get(Job.state == "unknown")
    assert post(made, cast.ana, f"again/{second.id}").status_code == 200
    made.b.model.load_paper()
    made.worker.work()
    assert Job.select().where(Job.reprint == 1, Job.state == "printed").count() == 1


def test_a_double_click_on_print_again_prints_one_more_copy(made, cast):
    take(by=cast.chen, copies=("客户联",))
    outbox.uncertain(Job.get(), state="unknown", why=DeviceError("x"), by=people.DESK)
    client, key = made.desk.client(cast.ana), made.desk.key()
    for _ in range(2):
        assert client.post(f"/running/devices/again/{Job.get().id}", data={"_key": key}).status_code in (200, 303)
    assert Job.select().count() == 2


def test_the_gate_guard_does_not_answer_for_papers(made, cast):
    take(by=cast.chen, copies=("客户联",))
    outbox.uncertain(Job.get(), state="unknown", why=DeviceError("x"), by=people.DESK)
    assert post(made, cast.gao, f"came_out/{Job.get().id}").status_code in (403, 422)
    assert Job.get().state == "unknown"


def test_a_paper_is_shown_as_a_picture_and_so_is_what_the_simulated_printer_printed(made, cast):
    take(by=cast.chen, copies=("客户联",))
    client = made.desk.client(cast.ana)
    for path in (f"paper/{Job.get().id}.png",):
        answer = client.get(f"/running/devices/{path}")
        assert answer.mimetype == "image/png"
        assert answer.data.startswith(b"\x89PNG")
    assert client.get("/running/devices/simulated/printer/1.png").status_code == 404
    made.worker.work()
    assert client.get("/running/devices/simulated/printer/1.png").data.startswith(b"\x89PNG")
    assert client.get("/running/devices/paper/999.png").status_code == 404


def test_the_self_test_slip_shows_widths_and_codes(made, cast):
    assert post(made, cast.ana, "test", printer="receipt").status_code == 200
    made.worker.work()
    lines = made.b.model.finished[0].lines()
    assert any("<qrcode" in line for line in lines)
    assert any("<code128" in line for line in lines)
    assert max(cells(line) for line in lines if "<" not in line) == 32


def test_a_demo_lets_its_printer_fail(made, cast):
    Demo.create(seed=1, at=clock.now())
    assert demo.is_on()
    assert post(made, cast.ana, "simulate/printer", fault="paper_out").status_code == 200
    assert made.b.model.out_of_paper
    made.worker.work()
    assert made.worker.paper == "out"
    assert post(made, cast.ana, "simulate/printer", fault="paper_out").status_code == 200
    assert not made.b.model.out_of_paper


def test_real_books_have_no_such_switches(made, cast):
    assert post(made, cast.ana, "simulate/printer", fault="paper_out").status_code == 422
    assert not made.b.model.out_of_paper


def test_no_page_asks_a_device(made, cast):
    """Promise P18: pages read what the worker last saw; a printer that answers nothing costs them nothing."""
    made.b.model.faults.mute = True
    take(by=cast.chen)
    before = made.b.clock.naps
    client = made.desk.client(cast.ana)
    for path in ("/running/devices/", "/running/today/", "/running/today/lamps"):
        assert client.get(path).status_code == 200
    assert post(made, cast.ana, "test", printer="receipt").status_code == 200
    assert made.b.clock.naps == before
    assert made.b.wires == []


def test_a_switch_that_the_simulated_printer_has_not_is_refused(made, cast):
    from app.base.refusal import Refused
    from app.procedures.running import printing

    Demo.create(seed=1, at=clock.now())
    with pytest.raises(Refused, match="no such switch"):
        printing.simulate(made.worker, "explode", by=cast.ana)
    assert post(made, cast.ana, "simulate/reader", fault="paper_out").status_code == 404
