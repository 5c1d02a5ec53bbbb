"""Signals: they interrupt, or wait while nothing may be interrupted."""

import os
import signal
from collections.abc import Iterator

import pytest

from dockerd_cfg import signals
from dockerd_cfg.errors import Interrupted


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in signals.ASKING_TO_STOP}
    signals.install()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def receive(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", signals.ASKING_TO_STOP, ids=lambda number: number.name)
def test_a_signal_interrupts_where_it_arrives(number: signal.Signals) -> None:
    with pytest.raises(Interrupted) as caught:
        receive(number)

    assert caught.value.signal_name == number.name


def test_no_handler_of_exceptions_swallows_an_interruption() -> None:
    assert not issubclass(Interrupted, Exception)


def test_a_deferred_signal_interrupts_at_the_end_of_the_block() -> None:
    reached = []

    def act() -> None:
        with signals.deferred():
            receive(signal.SIGTERM)
            reached.append("the end")

    with pytest.raises(Interrupted, match="SIGTERM"):
        act()
    assert reached == ["the end"]


def test_a_signal_within_nested_blocks_waits_for_the_outermost() -> None:
    reached = []

    def act() -> None:
        with signals.deferred():
            with signals.deferred():
                receive(signal.SIGINT)
            reached.append("after the inner one")

    with pytest.raises(Interrupted):
        act()
    assert reached == ["after the inner one"]


def test_a_signal_while_undoing_is_answered_and_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    with signals.deferred("undoing"):
        receive(signal.SIGINT)

    assert capsys.readouterr().err == "SIGINT received: undoing\n"


def test_a_signal_within_a_block_within_undoing_is_dropped_too(capsys: pytest.CaptureFixture[str]) -> None:
    with signals.deferred("undoing"), signals.deferred():
        receive(signal.SIGINT)

    assert capsys.readouterr().err == "SIGINT received: undoing\n"


def test_impatience_is_answered_once(capsys: pytest.CaptureFixture[str]) -> None:
    with signals.deferred("undoing"):
        receive(signal.SIGINT)
        receive(signal.SIGINT)
        receive(signal.SIGTERM)

    assert capsys.readouterr().err.count("\n") == 1


def test_a_dropped_signal_does_not_come_back_later(capsys: pytest.CaptureFixture[str]) -> None:
    with signals.deferred("undoing"):
        receive(signal.SIGINT)

    with signals.deferred():
        pass  # nothing waits any more

    assert "SIGINT" in capsys.readouterr().err


def test_an_error_in_the_block_is_not_hidden_by_a_waiting_signal() -> None:
    def act() -> None:
        with signals.deferred():
            receive(signal.SIGTERM)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    with pytest.raises(Interrupted), signals.deferred():
        pass  # it still waits, for the next chance


def test_after_an_error_in_the_block_signals_interrupt_again() -> None:
    with pytest.raises(ZeroDivisionError), signals.deferred("undoing"):
        raise ZeroDivisionError

    with pytest.raises(Interrupted):
        receive(signal.SIGHUP)


def test_once_all_is_done_no_signal_interrupts_the_telling() -> None:
    with signals.deferred():
        signals.close()
        receive(signal.SIGTERM)
    receive(signal.SIGINT)


def test_a_signal_that_waits_is_not_shut_out() -> None:
    def act() -> None:
        with signals.deferred():
            receive(signal.SIGTERM)
            signals.close()

    with pytest.raises(Interrupted):
        act()


def test_after_an_undoing_no_signal_interrupts_even_if_one_was_dropped() -> None:
    with signals.deferred("undoing"):
        receive(signal.SIGINT)
        signals.close()
    receive(signal.SIGINT)


def test_a_signal_interrupts_where_it_is_admitted_within_a_block() -> None:
    with pytest.raises(Interrupted), signals.deferred(), signals.admitted():
        receive(signal.SIGTERM)


def test_a_signal_that_waits_interrupts_as_soon_as_it_is_admitted() -> None:
    reached = []

    def act() -> None:
        with signals.deferred():
            receive(signal.SIGTERM)
            with signals.admitted():
                reached.append("what is admitted")

    with pytest.raises(Interrupted, match="SIGTERM"):
        act()
    assert reached == []


def test_where_signals_were_admitted_they_wait_again_afterwards() -> None:
    reached = []

    def act() -> None:
        with signals.deferred():
            with signals.admitted():
                pass
            receive(signal.SIGTERM)
            reached.append("the end")

    with pytest.raises(Interrupted):
        act()
    assert reached == ["the end"]


def test_once_all_is_done_no_signal_interrupts_even_around_what_was_admitted() -> None:
    with signals.deferred():
        with signals.admitted(), signals.deferred():
            signals.close()
        receive(signal.SIGTERM)
    receive(signal.SIGINT)


def test_a_signal_dropped_within_a_block_does_not_interrupt_at_its_end() -> None:
    with signals.deferred(), signals.deferred("undoing"):
        receive(signal.SIGINT)


def test_a_signal_that_is_held_interrupts_once_signals_are_installed() -> None:
    signals.hold()
    receive(signal.SIGINT)

    with pytest.raises(Interrupted, match="SIGINT"):
        signals.install()
    signals.install()
