"""Questions of sessions: logins that end, messages that are read and never changed, and readers that no message breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import Any, cast

from hypothesis import strategies as st
from yarl import URL

from rxbotters.descriptor import Ack, Host, LoginScript
from rxbotters.errors import LoginRefused, ProtocolError, RxbottersError
from rxbotters.wire import dumps, loads

from .anything import Broken, any_json, first_broken, gone_wrong
from .subject import STAMPS, LoginAnswers, Subject

__all__ = ["QUESTIONS"]


def _logins(subject: Subject) -> Iterator[tuple[LoginAnswers, Host, LoginScript | None]]:
    for answers in subject.logins:
        url = URL(answers.url)
        host = subject.exchange.ws.get(url.host or "")
        if host is not None and host.login is not None:
            yield answers, host, host.login(subject.credentials[host.api], STAMPS[0], url)


def _begun(script: LoginScript) -> list[str]:
    return list(script.send(None) or ())


def every_login_is_asked(subject: Subject) -> Iterator[str]:
    """For each login it is known how the exchange says yes and no, and each is a generator, or ``None``."""
    known = {host.login for _, host, _ in _logins(subject)}
    for name, host in subject.exchange.ws.items():
        if host.login is not None and host.login not in known:
            known.add(host.login)
            yield f"{name}: nobody says how its login is answered: logins=[LoginAnswers('wss://{name}/…', yes=…, no=…)]"
    for answers, _, script in _logins(subject):
        if script is None:
            yield f"{answers.url}: there is no login on this path: give a url that logs in"
        elif not isinstance(script, Generator):  # pyright: ignore[reportUnnecessaryIsInstance]
            yield f"{answers.url}: its login is {type(script).__name__}, no generator"


def logins_end_when_the_exchange_says_yes(subject: Subject) -> Iterator[str]:
    """A login sends texts, and returns at the message that says yes; the same moment sends the same texts."""
    for answers, host, script in _logins(subject):
        if script is None:
            continue
        sent = _begun(script)
        if not sent or not all(isinstance(text, str) for text in sent):  # pyright: ignore[reportUnnecessaryIsInstance]
            yield f"{answers.url}: it sends {sent!r}, no texts"
        again = host.login(subject.credentials[host.api], STAMPS[0], URL(answers.url)) if host.login else None
        if again is not None and _begun(again) != sent:
            yield f"{answers.url}: two logins at one moment send two different things"
        try:
            script.send(answers.say(answers.yes, sent))
        except StopIteration:
            continue
        except Exception as error:
            yield f"{answers.url}: at yes it raises {type(error).__name__}: {error}"
        else:
            yield f"{answers.url}: at yes it goes on"


def refused_logins_raise_and_tell_no_secret(subject: Subject) -> Iterator[str]:
    """At no a login raises `LoginRefused`; its text holds no secret, not even where the exchange repeats what it was sent."""
    for answers, host, _ in _logins(subject):
        keys = subject.credentials[host.api]
        secrets = [text for text in (*subject.secrets(), keys.passphrase.reveal()) if text]
        for repeats in (False, True):
            script = host.login(keys, STAMPS[0], URL(answers.url)) if host.login is not None else None
            if script is None:
                continue
            sent = _begun(script)
            no = answers.say(answers.no, sent)
            found = _refused(script, _repeating(no, " ".join(sent)) if repeats else no)
            if not isinstance(found, LoginRefused):
                if not repeats:
                    yield f"{answers.url}: at no it {'goes on' if found is None else f'raises {found!r}'}"
            elif any(secret in f"{found} {found!r} {found.__dict__}" for secret in secrets):
                yield f"{answers.url}: the error of a refused login holds a secret"


def _refused(script: LoginScript, answer: Any) -> BaseException | None:
    try:
        script.send(answer)
    except BaseException as error:
        return error
    return None


def _repeating(message: Any, sent: str) -> Any:
    """Return a refusal whose longest text also repeats what was sent, as some exchanges do."""
    if not isinstance(message, dict):
        return message
    answer = copy.deepcopy(cast("dict[str, Any]", message))
    texts = [(len(value), name) for name, value in answer.items() if isinstance(value, str)]
    if texts:
        _, name = max(texts)
        answer[name] = f"{answer[name]} {sent}"
    return answer


def logins_leave_all_other_messages_alone(subject: Subject) -> Iterator[str]:
    """Whatever else arrives during a login or a greeting, it goes on, ends or refuses: no other error gets out."""
    for make, where in _scripts(subject):

        def look(messages: list[Any], make: Callable[[], LoginScript | None] = make) -> None:
            script = make()
            if script is None:
                return
            _begun(script)
            for message in messages:
                try:
                    script.send(message)
                except (StopIteration, RxbottersError):
                    return
                except Exception as error:
                    raise Broken(f"{message!r} ends it with {type(error).__name__}: {error}") from error

        values = any_json([*subject.heard(), *(answers.no for answers in subject.logins)])
        found = first_broken(st.lists(values, max_size=4), look, subject.examples)
        if found is not None:
            yield f"{where}: {found}"


def _scripts(subject: Subject) -> Iterator[tuple[Callable[[], LoginScript | None], URL]]:
    for host, url in subject.sockets("login", "greet", "path"):
        if host.login is not None:
            yield partial(host.login, subject.credentials[host.api], STAMPS[0], url), url
        if host.greet is not None:
            yield partial(host.greet, url), url


# ---------------------------------------------------------------------- messages


def what_is_sent_is_made_of_copies(subject: Subject) -> Iterator[str]:
    """Signing, cutting, naming and ending a message read it: a user may send the same object again and again."""
    for host, url in subject.sockets("sign_message", "split", "request_ids", "undo", "path"):
        for name, use in _uses(subject, host, url).items():

            def look(message: Any, use: Callable[[Any], Any] = use, name: str = name) -> None:
                before = copy.deepcopy(message)
                try:
                    use(message)
                except Exception as error:
                    raise Broken(f"{name}({before!r}) raises {type(error).__name__}: {error}") from error
                if repr(message) != repr(before):
                    raise Broken(f"{name} changed {before!r} into {message!r}")

            found = _first(subject.spoken(), look, subject.examples)
            if found is not None:
                yield f"{url}: {found}"


def _uses(subject: Subject, host: Host, url: URL) -> dict[str, Callable[[Any], Any]]:
    keys, sign, split = subject.credentials[host.api], host.sign_message, host.split
    uses: dict[str, Callable[[Any], Any] | None] = {
        "sign_message": (lambda message: sign(message, keys, STAMPS[0], url)) if sign is not None else None,
        "split": (lambda message: split(message, url)) if split is not None else None,
        "request_ids": host.request_ids,
        "undo": host.undo,
    }
    return {name: use for name, use in uses.items() if use is not None}


def subscriptions_are_cut_without_loss(subject: Subject) -> Iterator[str]:
    """What `split` makes of a subscription can be sent as JSON, and cut again it stays as it is."""
    for host, url in subject.sockets("split", "path"):
        for message in subject.spoken() if host.split is not None else ():
            assert host.split is not None
            parts = list(host.split(message, url))
            if not parts:
                yield f"{url}: nothing is left of {message!r}"
            for part in parts:
                if loads(part if isinstance(part, str) else dumps(part)) is None or list(host.split(part, url)) != [
                    part
                ]:
                    yield f"{url}: cut twice, {part!r} is another message"


def no_message_breaks_a_reader(subject: Subject) -> Iterator[str]:
    """Channels, times, acknowledgements, farewells and answers are read from any message; who cannot says `ProtocolError`."""
    for host, url in subject.sockets("channel_of", "time_of", "ack", "farewell"):
        for name, read in _readers(host, url).items():

            def look(message: Any, name: str = name, read: tuple[Callable[[Any], Any], Any] = read) -> None:
                before, (reader, kinds) = copy.deepcopy(message), read
                try:
                    told = reader(message)
                except ProtocolError:
                    return
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    if name == "time_of":  # whose failures are forgiven: lag is not measured then
                        return
                    raise Broken(f"{name}({before!r}) raises {type(error).__name__}: {error}") from error
                if told is not None and not isinstance(told, kinds):
                    raise Broken(f"{name}({before!r}) is {told!r}")
                if repr(message) != repr(before):
                    raise Broken(f"{name} changed {before!r}")

            found = _first(subject.heard(), look, subject.examples)
            if found is not None:
                yield f"{url}: {found}"


def _readers(host: Host, url: URL) -> dict[str, tuple[Callable[[Any], Any], Any]]:
    readers = {
        "channel_of": (host.channel_of, str),
        "time_of": (host.time_of, int | float),
        "ack": (host.ack, Ack),
        "farewell": (host.farewell, str),
    }
    return {name: (read, kind) for name, (read, kind) in readers.items() if read is not None}


def _first(real: Sequence[Any], look: Callable[[Any], None], examples: int) -> str | None:
    """Return what is wrong with the first of the real messages, else with any other."""
    for message in real:
        try:
            look(message)
        except Broken as found:
            return str(found)
    values = any_json(real)
    return first_broken(values | gone_wrong(real) if real else values, look, examples)


QUESTIONS = (
    every_login_is_asked,
    logins_end_when_the_exchange_says_yes,
    refused_logins_raise_and_tell_no_secret,
    logins_leave_all_other_messages_alone,
    what_is_sent_is_made_of_copies,
    no_message_breaks_a_reader,
    subscriptions_are_cut_without_loss,
)
