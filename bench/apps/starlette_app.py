"""The application for Starlette."""

from __future__ import annotations

import asyncio

from common import HELLO, SLEEP_SECONDS, STATIC, burn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


async def index(request):
    return PlainTextResponse(HELLO)


async def item(request):
    query = request.query_params
    return JSONResponse(
        {
            "id": request.path_params["item_id"],
            "q": query.get("q"),
            "n": query.get("n"),
        }
    )


async def form(request):
    fields = await request.form()
    return PlainTextResponse(f"{fields['a']} {fields['b']} {fields['c']}")


async def json(request):
    return JSONResponse(await request.json())


async def sleep(request):
    await asyncio.sleep(SLEEP_SECONDS)
    return PlainTextResponse("slept")


def burn_page(request):
    return PlainTextResponse(burn())


application = Starlette(
    routes=[
        Route("/", index),
        Route("/item/{item_id}", item),
        Route("/form", form, methods=["POST"]),
        Route("/json", json, methods=["POST"]),
        Route("/sleep", sleep),
        Route("/burn", burn_page),
        Mount("/static", StaticFiles(directory=str(STATIC))),
    ]
)
