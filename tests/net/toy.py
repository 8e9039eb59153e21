"""A small exchange that has every habit a descriptor can say, for tests of the rooms that obey descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Api, Beat, Credentials, Exchange, Host, LeaseRule, Limit, LoginScript, Sends
from rxbotters.errors import LoginRefused
from rxbotters.wire import JSON, Request, dumps, json_body


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    return request.with_headers({"TOY-KEY": creds.key, "TOY-NONCE": str(stamp.serial()), "Content-Type": JSON})


def greet(url: URL) -> LoginScript | None:
    return _greeting() if url.path == "/ws" else None


def _greeting() -> LoginScript:
    reply = yield ['{"hello":true}']
    while reply != {"welcome": True}:
        reply = yield None


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript | None:
    return _login(creds)


def _login(creds: Credentials) -> LoginScript:
    reply = yield [dumps({"login": creds.key})]
    while not (isinstance(reply, dict) and "ok" in reply):
        reply = yield None
    if not reply["ok"]:
        raise LoginRefused("toy", "no")


def sign_message(message: Any, creds: Credentials, stamp: Stamp, url: URL) -> Any:
    return {**message, "signed_at": stamp.ms, "by": creds.key} if "order" in message else message


def request_ids(message: Any) -> Sequence[Any]:
    return tuple(message["sub"]) if isinstance(message, dict) and "sub" in message else ()


def ack(message: Any) -> Ack | None:
    if isinstance(message, dict) and "acked" in message:
        return Ack(message["acked"], message.get("error"))
    return None


def split(message: Any, url: URL) -> Sequence[Any]:
    names = message.get("sub", [])
    return [{"sub": names[at : at + 2]} for at in range(0, len(names), 2)] if len(names) > 2 else [message]


def toy(base: str = "", **changes: Any) -> Exchange:
    """Return the exchange; ``changes`` replace fields of its host."""
    host = Host(
        **{
            "api": "toy",
            "exchange": "toy",
            "sign": sign,
            "encode": json_body,
            "greet": greet,
            "login": login,
            "sign_message": sign_message,
            "request_ids": request_ids,
            "ack": ack,
            "undo": lambda message: {"unsub": message["sub"]} if "sub" in message else None,
            "split": split,
            "beat": lambda url: Beat(every=30.0, text=lambda stamp: '{"beat":1}'),
            "channel_of": lambda message: message.get("ch") if isinstance(message, dict) else None,
            "time_of": lambda message: message.get("t") if isinstance(message, dict) else None,
            "farewell": lambda message: message.get("bye") if isinstance(message, dict) else None,
            **changes,
        }
    )
    return Exchange(
        name="toy",
        apis={"toy": Api()},
        rest={"toy.example": host},
        ws={"toy.example": host},
        leases={
            "private": LeaseRule(
                base=base,
                create=("POST", "/token"),
                renew=("PUT", "/token"),
                renew_data=lambda token: {"token": token},
                every=600.0,
                read=lambda body: body["token"],
                url=lambda body, fresh: f"{base.replace('http', 'ws')}/ws/{body['token']}?id={fresh}",
                refusal=lambda body: body.get("error") if isinstance(body, dict) else "no object",
            )
        },
    )


__all__ = ["Limit", "Sends", "toy"]
