"""The application for BlackSheep."""

from __future__ import annotations

import asyncio

from blacksheep import Application, FromForm, Request, json, text
from common import HELLO, SLEEP_SECONDS, STATIC, burn

application = Application()
get, post = application.router.get, application.router.post


@get("/")
async def index():
    return text(HELLO)


@get("/item/{item_id}")
async def item(item_id: str, q: str | None = None, n: str | None = None):
    return json({"id": item_id, "q": q, "n": n})


@post("/form")
async def form(data: FromForm[dict]):
    fields = data.value
    return text(f"{fields['a']} {fields['b']} {fields['c']}")


@post("/json")
async def echo(request: Request):
    return json(await request.json())


@get("/sleep")
async def sleep():
    await asyncio.sleep(SLEEP_SECONDS)
    return text("slept")


@get("/burn")
async def burn_page():
    return text(await asyncio.get_running_loop().run_in_executor(None, burn))


application.serve_files(str(STATIC), root_path="static", extensions={".bin"})
