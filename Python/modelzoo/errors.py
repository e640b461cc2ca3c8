"""Exceptions, one a kind of error. Each is one of Python's own, too, where there is one like it."""

from __future__ import annotations

from ._library import library


class Error(Exception):
    """What was wrong, where, and what to do about it."""


class UsageError(Error, ValueError):
    """A call that makes no sense."""


class BadDataError(Error, ValueError):
    """A file that is damaged or of the wrong format."""


class NotFoundError(Error, FileNotFoundError):
    """A file, a model's name or a plugin that is not there."""


class UnsupportedError(Error, NotImplementedError):
    """Something valid that this software does not do."""


class MissingOperatorError(Error):
    """Nothing offers an operator that the model needs."""


class BadInputError(Error, ValueError):
    """An input is missing, unknown, given twice, or of the wrong type."""


class BadShapeError(BadInputError):
    """An input has a shape that the network does not take."""


class OutOfMemoryError(Error, MemoryError):
    """More than the limit of memory, or than there is."""


class CancelledError(Error):
    """The call was cancelled."""


class DeadlineError(Error, TimeoutError):
    """The time of the call is over."""


class DefectError(Error):
    """A defect of this software."""


_KINDS = {
    1: UsageError, 2: BadDataError, 3: NotFoundError, 4: UnsupportedError, 5: MissingOperatorError, 6: BadInputError,
    7: BadShapeError, 8: OutOfMemoryError, 9: CancelledError, 10: DeadlineError, 11: DefectError,
}


def check(status: int) -> None:
    """Raises what a function of the library gave in this thread."""
    if status != 0:
        raise _KINDS.get(status, Error)(library.mz_error().decode())
