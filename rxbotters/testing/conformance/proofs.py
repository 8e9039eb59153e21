"""Questions of signing: is it pure, fresh, and of exactly what is sent?"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from yarl import URL

from rxbotters.client import Client
from rxbotters.descriptor import Exchange, Host
from rxbotters.testing.loop import VirtualLoop
from rxbotters.wire import Request

from .subject import STAMPS, Asked, Subject

__all__ = ["QUESTIONS"]


def _signed(subject: Subject, moment: int = 0) -> Iterator[tuple[Host, Asked, Request, Request]]:
    for host, asked, request in subject.asked():
        if host.sign is not None:
            yield host, asked, request, host.sign(request, subject.keys_of(host, asked), STAMPS[moment])


def every_signing_function_signs_something(subject: Subject) -> Iterator[str]:
    """Of the requests that are tried, at least one comes back with a proof."""
    proved = {host.sign for host, _, request, signed in _signed(subject) if signed != request}
    for sign, name in subject.signed_hosts().items():
        if sign not in proved:
            yield f"{name}: none of what was tried is signed: give private requests, requests=[('GET', 'https://…')]"


def signing_is_pure(subject: Subject) -> Iterator[str]:
    """The same request, keys and moment give the same bytes; the request and its headers are as before."""
    for host, asked, request in subject.asked():
        if host.sign is None:
            continue
        before = copy.deepcopy(request.headers)
        keys = subject.keys_of(host, asked)
        first, second = (host.sign(request, keys, STAMPS[0]) for _ in range(2))
        if first != second:
            yield f"{asked.method} {asked.url}: signed twice at one moment, it differs: {_apart(first, second)}"
        if request.headers != before:
            yield f"{asked.method} {asked.url}: the headers that were given were changed"
        if (first.method, first.url.origin()) != (request.method, request.url.origin()):
            yield f"{asked.method} {asked.url}: it goes elsewhere once it is signed: {first.method} {first.url.origin()}"


def two_moments_sign_differently(subject: Subject) -> Iterator[str]:
    """What was signed once is of no use later: at another moment another proof, at least of some requests.

    Others may carry a key alone, or a number that their caller chose.
    """
    same: dict[Any, Asked] = {}
    fresh: set[Any] = set()
    for (host, asked, request, first), (*_, second) in zip(_signed(subject), _signed(subject, 1), strict=True):
        if first != second:
            fresh.add(host.sign)
        elif first != request:
            same.setdefault(host.sign, asked)
    for sign, asked in same.items():
        if sign not in fresh:
            yield f"{asked.method} {asked.url}: signed at two moments, it is the same: a proof that never ends"


def no_secret_is_sent_or_shown(subject: Subject) -> Iterator[str]:
    """The secret stands in no byte that is sent, and in no representation of a request or of keys."""
    secrets = subject.secrets()
    for _, asked, _, signed in _signed(subject):
        sent = f"{signed.url} {dict(signed.headers)} {signed.body.decode(errors='replace')}"
        if any(secret in sent for secret in secrets):
            yield f"{asked.method} {asked.url}: the secret itself is sent"
        proofs = [value for value in signed.headers.values() if len(value) > 40]
        if any(text in repr(signed) for text in (*secrets, *proofs)):
            yield f"{asked.method} {asked.url}: repr() shows a secret or a proof"
    for name, keys in subject.credentials.items():
        if any(secret in repr(keys) for secret in secrets):
            yield f"{name}: repr() of its credentials shows the secret"


def bodies_are_made_without_changing_what_was_given(subject: Subject) -> Iterator[str]:
    """Encoding and signing read the caller's ``data``, ``params`` and ``headers``."""
    for asked in subject.requests:
        before = copy.deepcopy((asked.params, asked.data, asked.headers))
        alone = replace(subject, requests=[asked])
        for host, one, request in alone.asked():
            if one is asked and host.sign is not None:
                host.sign(request, subject.keys_of(host, asked), STAMPS[0])
        if (asked.params, asked.data, asked.headers) != before:
            yield f"{asked.method} {asked.url}: it was changed: {before} → {(asked.params, asked.data, asked.headers)}"


# ---------------------------------------------------------------------- the wire


class Wire:
    """A server of the virtual network that stands for every host and keeps what it is sent, byte by byte."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.bodies: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other."""
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head.split("\r\n")}
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(int(fields.get("content-length", "0"))))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


def what_is_signed_is_what_is_sent(subject: Subject) -> Iterator[str]:
    """Through a client, over a socket of the virtual network: method, target, proofs and body arrive as they were signed."""
    last: list[Request] = []
    exchange = replace(
        subject.exchange, rest={name: _noted(host, last) for name, host in subject.exchange.rest.items()}
    )
    for asked in [asked for host, asked, _ in subject.asked() if host.sign is not None]:
        last.clear()
        try:
            with VirtualLoop() as loop:
                wire = loop.run(_send(exchange, subject, asked))
        except Exception as error:
            yield f"{asked.method} {asked.url}: it was not sent: {type(error).__name__}: {error}"
            continue
        yield from (f"{asked.method} {asked.url}: {found}" for found in _compared(last[-1], wire))


def _noted(host: Host, last: list[Request]) -> Host:
    sign = host.sign
    if sign is None:
        return host

    def noting(request: Request, keys: Any, stamp: Any) -> Request:
        last.append(sign(request, keys, stamp))
        return last[-1]

    return replace(host, sign=noting)


async def _send(exchange: Exchange, subject: Subject, asked: Asked) -> Wire:
    wire = Wire()
    server = await asyncio.start_server(wire.serve, URL(asked.url).host, 443)
    clock = _clock()
    try:
        async with Client(apis=dict(subject.apis), exchanges=[exchange], limits=False, clock=clock) as client:
            options = {"params": asked.params, "data": asked.data, "headers": dict(asked.headers)}
            await client.fetch(asked.method, asked.url, **options)
    finally:
        server.close()
        await server.wait_closed()
    return wire


def _clock() -> Any:
    from rxbotters.clock import Clock

    return Clock(now=lambda: STAMPS[0].ms / 1000, dice=lambda: 0.5, nonce=STAMPS[0].nonce)


def _compared(signed: Request, wire: Wire) -> Iterator[str]:
    line, *fields = wire.heads[-1].rstrip("\r\n").split("\r\n")
    headers = {field.partition(":")[0].lower(): field.partition(":")[2].strip() for field in fields}
    if line != f"{signed.method} {signed.target} HTTP/1.1":
        yield f"signed {signed.method} {signed.target}, sent {line}"
    if wire.bodies[-1] != signed.body:
        yield f"signed the body {signed.body[:200]!r}, sent {wire.bodies[-1][:200]!r}"
    for name, value in signed.headers.items():
        if headers.get(name.lower()) != value.encode().decode("latin-1"):
            yield f"signed {name}, sent another value of it, or none"


def _apart(first: Request, second: Request) -> str:
    parts = [name for name in ("method", "url", "headers", "body") if getattr(first, name) != getattr(second, name)]
    return ", ".join(parts)


QUESTIONS = (
    every_signing_function_signs_something,
    signing_is_pure,
    two_moments_sign_differently,
    no_secret_is_sent_or_shown,
    bodies_are_made_without_changing_what_was_given,
    what_is_signed_is_what_is_sent,
)
