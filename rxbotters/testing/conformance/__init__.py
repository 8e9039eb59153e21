"""Questions that every exchange has to answer, asked of its descriptor and of its collections.

`check` asks all of them and raises one error with everything that was found; `questions` gives them one by one, for
``pytest.mark.parametrize``. They need the extra ``rxbotters[testing]``.

>>> from rxbotters.exchanges import collection, exchange_of
>>> from rxbotters.testing import conformance
>>> [str(question) for question in conformance.questions(exchange_of("bitflyer"))][:2]
['the_descriptor_is_complete', 'every_host_has_its_keys_and_its_environment']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rxbotters.descriptor import Exchange
from rxbotters.stores import DataStoreCollection
from rxbotters_operators.errors import RxbottersError

from . import facts, folds, proofs, sessions
from .subject import Asked, LoginAnswers, Subject

__all__ = ["QUESTIONS", "Asked", "LoginAnswers", "NotConforming", "Question", "check", "questions"]

_ASK: dict[str, Callable[[Subject], Iterator[str]]] = {
    ask.__name__: ask for room in (facts, proofs, sessions, folds) for ask in room.QUESTIONS
}
QUESTIONS = tuple(_ASK)
"""The names of all questions."""


class NotConforming(RxbottersError, AssertionError):
    """An exchange has not the answer that all must have.

    Attributes:
        exchange: Its name.
        findings: (question, what was found) in the order of the questions.
    """

    def __init__(self, exchange: str, findings: Sequence[tuple[str, str]]) -> None:
        lines = "".join(f"\n  {question.replace('_', ' ')}: {found}" for question, found in findings)
        super().__init__(f"{exchange} does not conform, {len(findings)} findings:{lines}")
        self.exchange = exchange
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one exchange; call it to ask.

    Attributes:
        name: What is asked, one of `QUESTIONS`.
    """

    name: str
    _subject: Subject

    def findings(self) -> list[str]:
        """Return what was found; empty if all is well."""
        try:
            return list(_ASK[self.name](self._subject))
        except Exception as error:  # what breaks a question is an answer too
            return [f"{type(error).__name__}: {error}"]

    def __call__(self) -> None:
        """Ask.

        Raises:
            NotConforming: With everything that was found.
        """
        found = self.findings()
        if found:
            raise NotConforming(self._subject.exchange.name, [(self.name, one) for one in found])

    def __str__(self) -> str:
        return self.name


def questions(
    exchange: Exchange,
    *,
    collections: Sequence[type[DataStoreCollection]] = (),
    apis: Mapping[str, Sequence[str]] | None = None,
    messages: Iterable[Any] = (),
    requests: Iterable[Any] = (),
    logins: Sequence[LoginAnswers] = (),
    subscriptions: Sequence[Any] = (),
    unsigned: Mapping[str, str] | None = None,
    examples: int = 50,
) -> list[Question]:
    """Return all questions to one exchange.

    Args:
        exchange: Its descriptor.
        collections: The classes that ``stores`` names.
        apis: Keys, as a client takes them; only where canaries are not valid in form. Of no account.
        messages: What arrived: decoded messages, or the records of a recording (`rxbotters.record.read_records`), whose
            REST answers are applied too. The first 2,000 count.
        requests: Private requests: (method, url), (method, url, params), (method, url, params, data) or `Asked`.
        logins: How the exchange answers its logins.
        subscriptions: Messages that users send, beside those of the feeds.
        unsigned: REST hosts without a signing function, and why.
        examples: How many random values each question about random values tries.
    """
    subject = Subject.of(
        exchange,
        collections=collections,
        apis=apis or {},
        messages=messages,
        requests=requests,
        logins=logins,
        subscriptions=subscriptions,
        unsigned=unsigned or {},
        examples=examples,
    )
    return [Question(name, subject) for name in QUESTIONS]


def check(exchange: Exchange, **known: Any) -> None:
    """Ask all questions of one exchange; the arguments are those of `questions`.

    Raises:
        NotConforming: With everything that was found.
    """
    found = [(question.name, one) for question in questions(exchange, **known) for one in question.findings()]
    if found:
        raise NotConforming(exchange.name, found)
