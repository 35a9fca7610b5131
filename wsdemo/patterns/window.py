"""Sending numbered messages in order, again where they did not arrive: *go-back-N*.

::

    confirmed │ 5 6 7 8 │ 9 10 …          at most `size` numbers are on their way
              first     next              error at 6: back to 6, which goes alone until it is confirmed

After an error the answers to the numbers behind it are still on their way, and belong to a flight that is
over. While one number goes alone, an answer to a later one is such a straggler, and its confirmation proves
that all of them have come. Else a late refusal could hit the message that has moved up to its number.
Pure: numbers and times in, numbers out; it never sees a message.
"""

from __future__ import annotations

from wsdemo.protocol.errors import ProtocolError


class Window:
    """The numbers on their way over one connection. ``first``: the oldest; ``size``: at most at a time.

    >>> window = Window(first=1, size=3)
    >>> [window.take(last=9, now=0.0) for _ in range(4)]
    [1, 2, 3, None]
    >>> window.refused(2, now=0.0, retry=5.0)  # and 3 will be out of order
    True
    >>> window.refused(3, now=0.1)
    False
    >>> [window.take(last=9, now=now) for now in (4.9, 5.0, 5.0)]
    [None, 2, None]
    >>> window.confirmed(2)
    >>> [window.take(last=9, now=5.1) for _ in range(4)]
    [3, 4, 5, None]
    """

    def __init__(self, first: int, size: int = 64) -> None:
        self.first = first  #: the oldest number that is not confirmed
        self.next = first  #: the number to send next
        self.until = 0.0  #: the time before which nothing is sent
        self._size = size
        self._top = first - 1  # the highest number sent, of the messages as they are numbered now
        self._alone: int | None = None  # goes alone, until it is confirmed

    def take(self, last: int, now: float) -> int | None:
        """The number to send now, which counts as sent; None: nothing to send, or it must wait."""
        number = self.next
        alone = self._alone is not None and number > self._alone
        if alone or number > last or number >= self.first + self._size or now < self.until:
            return None
        self.next = number + 1
        self._top = max(self._top, number)
        return number

    def confirmed(self, number: int) -> None:
        """The server has stored all up to ``number``. Raises ProtocolError for one that was never sent."""
        if number > self._top:
            raise ProtocolError(f"confirm {number}, but only numbers up to {self._top} were sent")
        self.first = max(self.first, number + 1)
        self.next = max(self.next, self.first)
        if self._alone is not None and number >= self._alone:
            self._alone = None

    def expects(self, number: int) -> bool:
        """Whether an answer to ``number`` is one to the flight that is on its way."""
        if number == self._alone:
            return self.next > number  # it was sent again
        return self.first <= number <= (self._top if self._alone is None else self._alone)

    def refused(self, number: int, now: float, retry: float = 0.0) -> bool:
        """The server will not take ``number`` now: go back to it, after ``retry`` seconds.

        False: an answer to a flight that is over, or to a number that is not on its way.
        """
        if not self.expects(number):
            return False
        self.next = self._alone = number
        self.until = now + retry
        return True

    def dropped(self, number: int, now: float) -> bool:
        """``number`` was dropped, and those behind it have moved up. False: as in `refused`."""
        if not self.refused(number, now):
            return False
        self._top = number - 1  # the numbers behind it stand for other messages now
        return True

    def out_of_order(self, number: int, expected: int, now: float, retry: float = 0.0) -> None:
        """The server wants ``expected`` before ``number``. Raises ProtocolError where that makes no sense."""
        if self.expects(number):
            if not self.first <= expected < number:
                raise ProtocolError(
                    f"{number} is out of order, {expected} expected; {self.first} is the oldest"
                )
            self.refused(expected, now, retry)
