"""The application for aiohttp."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web
from common import HELLO, SLEEP_SECONDS, STATIC, burn


async def index(request):
    return web.Response(text=HELLO)


async def item(request):
    query = request.query
    return web.json_response(
        {
            "id": request.match_info["item_id"],
            "q": query.get("q"),
            "n": query.get("n"),
        }
    )


async def form(request):
    fields = await request.post()
    return web.Response(text=f"{fields['a']} {fields['b']} {fields['c']}")


async def json(request):
    return web.json_response(await request.json())


async def sleep(request):
    await asyncio.sleep(SLEEP_SECONDS)
    return web.Response(text="slept")


async def burn_page(request):
    return web.Response(text=await asyncio.to_thread(burn))


application = web.Application()
application.add_routes(
    [
        web.get("/", index),
        web.get("/item/{item_id}", item),
        web.post("/form", form),
        web.post("/json", json),
        web.get("/sleep", sleep),
        web.get("/burn", burn_page),
        web.static("/static", STATIC),
    ]
)

if __name__ == "__main__":
    web.run_app(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
        backlog=1024,
    )
