"""The printer's driver: a job goes out once, and its outcome is said as it is."""

import pytest

from hardware.drivers.escpos_printer import KICK, from_url
from hardware.drivers.replies import Replies
from hardware.ports import DeviceError, Outcome
from tests.hardware.printer_bench import JOB, bench


def test_a_job_is_printed_when_the_fence_behind_it_is_answered():
    b = bench()
    assert b.printer.send(JOB) is Outcome.PRINTED
    assert b.receipts() == 1
    assert b.printer.problem is None


def test_a_slow_printer_is_waited_for():
    b = bench(speed=20)
    assert b.printer.send(JOB) is Outcome.PRINTED
    assert b.receipts() == 1


def test_a_job_longer_than_the_printers_memory_goes_through():
    b = bench(buffer=512, speed=200)
    assert b.printer.send(JOB * 5) is Outcome.PRINTED
    assert b.receipts() == 5


@pytest.mark.parametrize(
    ("fault", "says"),
    [("cover_open", "cover"), ("offline", "offline"), ("fault", "fault"), ("mute", "does not answer"), ("garbage", "does not answer"),
     ("echo", "does not answer")],
)  # fmt: skip
def test_nothing_is_sent_to_a_printer_that_is_not_ready(fault, says):
    b = bench()
    setattr(b.model.faults, fault, True)
    assert b.printer.send(JOB) is Outcome.NOT_SENT
    assert says in str(b.printer.problem)
    assert b.wire.written < 20, "only questions were sent"
    assert b.papers == []


def test_a_printer_without_paper_gets_nothing():
    b = bench(paper=0)
    assert b.printer.send(JOB) is Outcome.NOT_SENT
    assert "out of paper" in str(b.printer.problem)
    b.model.load_paper()
    assert b.printer.send(JOB) is Outcome.PRINTED


def test_status_tells_near_end_cover_and_paper():
    b = bench()
    assert b.printer.status().ready
    b.model.faults.near_end = True
    assert b.printer.status().paper == "near-end"
    assert b.printer.status().ready
    b.model.load_paper(0)
    assert b.printer.status().paper == "out"
    b.model.faults.cover_open = True
    status = b.printer.status()
    assert status.cover_open
    assert not status.ready


def test_paper_that_runs_out_in_a_job_leaves_it_unknown_and_says_so_soon():
    b = bench(paper=12)
    before = b.clock.at
    assert b.printer.send(JOB) is Outcome.UNKNOWN
    assert "ran out of paper" in str(b.printer.problem)
    assert b.clock.at - before < 10, "the printer said why: there is nothing to wait for"


def test_the_rest_of_an_uncertain_job_comes_out_with_new_paper_and_is_not_taken_for_the_next_ones_answer():
    b = bench(paper=12)
    b.printer.send(JOB)
    b.model.load_paper()
    assert b.printer.send(JOB) is Outcome.PRINTED
    assert b.receipts() == 2, "what it still had in its memory, and the new one"


def test_an_answer_that_comes_late_does_not_confirm_the_next_job():
    b = bench()
    b.printer.send(JOB)
    b.model.faults.no_fence = True
    assert b.printer.send(JOB) is Outcome.UNKNOWN
    b.model.faults.no_fence = False
    b.model._answers += b"\x00"  # the answer to the second job, at last
    b.model.load_paper(100)
    assert b.printer.send(JOB) is Outcome.PRINTED
    b.model.load_paper(2)
    b.model._answers += b"\x00"  # and once more, out of nothing
    assert b.printer.send(JOB) is Outcome.UNKNOWN


def test_an_answer_before_the_question_is_noise():
    b = bench()
    b.printer.status()
    original = b.model.receive

    def early(data: bytes) -> int:
        if JOB[:20] in data:
            b.model._answers += b"\x00"
        return original(data)

    b.model.receive = early
    assert b.printer.send(JOB) is Outcome.UNKNOWN
    assert "noise" in str(b.printer.problem)


def test_pushed_frames_between_the_answers_are_passed_over():
    b = bench()
    b.printer.status()
    b.wire.write(b"\x1da\xff", 1)
    original = b.model.receive

    def chatty(data: bytes) -> int:
        b.model.status_pushed()
        return original(data)

    b.model.receive = chatty
    assert b.printer.status().ready
    assert b.printer.send(JOB) is Outcome.PRINTED


def test_a_frame_in_pieces_is_one_frame():
    replies = Replies()
    replies.feed(b"\x10\x00")
    assert replies.next() is None
    replies.feed(b"\x00\x00\x12\x00")
    assert [replies.next().kind for _ in range(3)] == ["pushed", "status", "fence"]
    assert replies.noise == 0


def test_flow_control_is_no_noise_but_an_echo_is():
    replies = Replies()
    replies.feed(b"\x11\x13")
    assert replies.next() is None
    assert replies.noise == 0
    replies.feed(b"\x1d\x90")
    assert replies.next() is None
    assert replies.noise == 2


@pytest.mark.parametrize("fence", ["r", "H"])
def test_unplugged_at_any_byte_a_job_is_never_called_printed_unless_it_is(fence):
    for at in range(len(JOB) + 12):
        b = bench(fence=fence)
        b.printer.send(JOB)
        b.unplug_after(9 + at)  # three questions, then the job
        b.plugged = False
        outcome = b.printer.send(JOB)
        b.plugged = True
        if at == 0:
            assert outcome is Outcome.NOT_SENT
        elif at <= len(JOB):
            assert outcome is Outcome.UNKNOWN
        if outcome is Outcome.PRINTED:
            assert b.receipts() == 2
        b.model.power_cycle()
        assert b.printer.send(JOB) is Outcome.PRINTED, "and the next one is whole"
        assert b.papers[-1][-1].endswith("<code128 10202600041327>")


def test_a_cut_off_picture_does_not_swallow_the_next_receipt():
    from hardware.receipt import render

    dots = render("收据\n{code:http://desk.lan/g/20202600023145; option:qrcode,4,m}").raster()
    for at in range(20, len(dots), 617):
        b = bench(buffer=1 << 20)
        b.printer.status()
        b.printer.send(b"")
        b.unplug_after(9 + at)
        assert b.printer.send(dots) is Outcome.UNKNOWN
        assert b.printer.send(JOB) is Outcome.PRINTED
        assert "编号     SJ-2026-000413" in b.papers[-1]


def test_without_filling_up_it_would_be_swallowed(monkeypatch):
    monkeypatch.setattr("hardware.drivers.escpos_printer.FLUSH", b"")
    with pytest.raises(AssertionError):
        test_a_cut_off_picture_does_not_swallow_the_next_receipt()


def test_a_power_cut_in_a_job_is_unknown():
    b = bench(speed=5)
    b.printer.status()
    nap = b.clock.sleep

    def cut(seconds: float) -> None:
        nap(seconds)
        if b.model.received > len(JOB) and b.clock.at > 1004:
            b.model.power_cycle()

    b.wire._sleep = cut
    assert b.printer.send(JOB) is Outcome.UNKNOWN
    assert b.receipts() == 0


def test_a_printer_that_stops_taking_bytes_is_given_up():
    b = bench(buffer=256)
    b.printer.send(JOB)
    original, jam_at = b.model.work, b.model.received + 100
    b.model.work = lambda: original() if b.model.received < jam_at else None
    assert b.printer.send(JOB * 4) is Outcome.UNKNOWN
    assert "stopped taking" in str(b.printer.problem)


def test_three_misses_close_the_line_and_it_is_opened_again():
    b = bench()
    b.model.faults.mute = True
    for _ in range(3):
        with pytest.raises(DeviceError, match="does not answer"):
            b.printer.status()
    b.model.faults.mute = False
    assert b.printer.status().ready
    assert len(b.wires) == 2


def test_an_unplugged_printer_is_a_device_error_and_works_again_when_it_is_back():
    b = bench()
    b.printer.send(JOB)
    b.unplug_after(0)
    b.plugged = False
    assert b.printer.send(JOB) is Outcome.NOT_SENT
    assert "cannot be reached" in str(b.printer.problem)
    with pytest.raises(DeviceError, match="tcp://printer"):
        b.printer.status()
    b.plugged = True
    assert b.printer.send(JOB) is Outcome.PRINTED
    assert b.receipts() == 2


def test_a_line_that_died_since_the_last_job_is_opened_afresh_before_anything_is_sent():
    b = bench()
    b.printer.send(JOB)
    b.unplug_after(0)
    assert b.printer.send(JOB) is Outcome.PRINTED


def test_the_drawer_is_a_job_of_its_own():
    b = bench()
    assert b.printer.kick_drawer() is Outcome.PRINTED
    assert b.model.kicks == 1
    assert KICK not in JOB
    assert b.papers == []


def test_a_clone_without_the_fence_is_told_apart_at_set_up():
    b = bench()
    b.model.faults.no_fence = True
    assert b.printer.send(JOB) is Outcome.NOT_SENT
    assert "run the probe" in str(b.printer.problem)
    without = bench(fence="none")
    without.model.faults.no_fence = True
    assert without.printer.send(JOB) is Outcome.UNKNOWN
    assert without.receipts() == 1


def test_with_job_numbers_a_wrong_number_does_not_confirm():
    b = bench(fence="H")
    assert b.printer.send(JOB) is Outcome.PRINTED
    b.model.faults.no_fence = True
    original = b.model.receive

    def foreign(data: bytes) -> int:
        b.model._answers += b"\x37\x229999\x00" if b"\x1d(H" in data else b""
        return original(data)

    b.model.receive = foreign
    assert b.printer.send(JOB) is Outcome.UNKNOWN


def test_addresses():
    printer = from_url("tcp://192.0.2.7:9100?columns=48&fence=H&raster=1")
    assert (printer.columns, printer.raster) == (48, True)
    assert from_url("serial:///dev/receipt-printer?baud=9600").columns == 32
    for wrong in (
        "http://x",
        "tcp://",
        "serial://x/dev",
        "tcp://h?columns=40",
        "tcp://h?fence=x",
        "tcp://h?colour=1",
        "/dev/x",
    ):
        with pytest.raises(ValueError, match="address"):
            from_url(wrong)
