"""The guards of the key counter, each turned off once: the machine, or the books themselves, must notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.base import db
from app.desk.record import journal
from app.desk.work import loan
from app.desk.work.loan import Loan
from app.procedures.counter.keys import after, lending, register, scans


def no_check_and_no_index(patch) -> None:
    """Lending asks nobody, and the books would take two open loans."""
    patch.setattr(loan, "open_of", lambda kind, thing: None)
    db.database.execute_sql("DROP INDEX loan_in_one_hand")


def close_whatever_is_there(patch) -> None:
    """Closing does not look whether the loan is still open."""

    def close(row, *, outcome="returned", by):
        Loan.update(ended=journal.moment(), outcome=outcome, taken_by=by.id or None).where(
            Loan.thing == row.thing, Loan.ended.is_null()
        ).execute()
        return Loan.get_by_id(row.id)

    patch.setattr(loan, "close", close)


def undo_without_looking_what_followed(patch) -> None:
    def reopen(row):
        Loan.update(ended=journal.moment(), outcome="returned").where(
            Loan.thing == row.thing, Loan.ended.is_null()
        ).execute()
        Loan.update(ended=None, outcome="", taken_by=None).where(Loan.id == row.id).execute()
        return Loan.get_by_id(row.id)

    patch.setattr(loan, "reopen", reopen)


def every_pull_of_the_trigger_counts(patch) -> None:
    patch.setattr(scans, "AGAIN", timedelta(0))


def a_duplicate_label_is_just_an_old_one(patch) -> None:
    real = register.read

    def read(label):
        row = register.Label.get_or_none(register.Label.code == label)
        return row.key if row else real(label)

    patch.setattr(register, "read", read)


def a_form_may_be_sent_twice(patch) -> None:
    patch.setattr(journal, "_earlier", lambda by, verb, gives: (False, None))


def a_lost_key_stays_in_its_borrowers_hand(patch) -> None:
    patch.setattr(register.loan, "close", lambda row, *, outcome="returned", by: row)


def anybody_undoes_at_any_time(patch) -> None:
    patch.setattr(after, "UNDO", timedelta(days=1))
    real = after.undo

    def undo(there, *, by):
        acted = there.taken_by_id if there.ended else there.lent_by_id
        return real(there, by=replace(by, id=acted or by.id))

    patch.setattr(after, "undo", undo)


def a_return_forgets_what_was_due(patch) -> None:
    patch.setattr(register, "settle", lambda key, *slugs: None)


def the_scan_returns_by_key_not_by_loan(patch) -> None:
    real = lending.give_back
    patch.setattr(lending, "give_back", lambda key, *, meant=None, by: real(key, by=by))


MUTANTS = [
    no_check_and_no_index, close_whatever_is_there, undo_without_looking_what_followed,
    every_pull_of_the_trigger_counts, a_duplicate_label_is_just_an_old_one, a_form_may_be_sent_twice,
    a_lost_key_stays_in_its_borrowers_hand, anybody_undoes_at_any_time, a_return_forgets_what_was_due,
    the_scan_returns_by_key_not_by_loan,
]  # fmt: skip
