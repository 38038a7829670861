"""The applications for FastAPI: `application` with async def, `plain` with def."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from common import HELLO, SLEEP_SECONDS, STATIC, burn, sleep
from fastapi import Body, FastAPI, Form
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles

application = FastAPI()
plain = FastAPI()


@application.get("/", response_class=PlainTextResponse)
async def index():
    return HELLO


@application.get("/item/{item_id}")
async def item(item_id: str, q: str | None = None, n: str | None = None):
    return {"id": item_id, "q": q, "n": n}


@application.post("/form", response_class=PlainTextResponse)
async def form(
    a: Annotated[str, Form()], b: Annotated[str, Form()], c: Annotated[str, Form()]
):
    return f"{a} {b} {c}"


@application.post("/json")
async def json(document: Annotated[Any, Body()]):
    return document


@application.get("/sleep", response_class=PlainTextResponse)
async def sleep_page():
    await asyncio.sleep(SLEEP_SECONDS)
    return "slept"


@plain.get("/", response_class=PlainTextResponse)
def plain_index():
    return HELLO


@plain.get("/item/{item_id}")
def plain_item(item_id: str, q: str | None = None, n: str | None = None):
    return {"id": item_id, "q": q, "n": n}


@plain.post("/form", response_class=PlainTextResponse)
def plain_form(
    a: Annotated[str, Form()], b: Annotated[str, Form()], c: Annotated[str, Form()]
):
    return f"{a} {b} {c}"


@plain.post("/json")
def plain_json(document: Annotated[Any, Body()]):
    return document


@plain.get("/sleep", response_class=PlainTextResponse)
def plain_sleep():
    return sleep()


for app in (application, plain):
    app.get("/burn", response_class=PlainTextResponse)(burn)
    app.mount("/static", StaticFiles(directory=str(STATIC)))
