"""The application for Django, in one file."""

from __future__ import annotations

import json as json_module

from common import HELLO, STATIC, burn, sleep
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.static import serve  # noqa: E402


def item(request, item_id):
    return JsonResponse(
        {"id": item_id, "q": request.GET.get("q"), "n": request.GET.get("n")}
    )


def form(request):
    return HttpResponse(f"{request.POST['a']} {request.POST['b']} {request.POST['c']}")


urlpatterns = [
    path("", lambda request: HttpResponse(HELLO)),
    path("item/<item_id>", item),
    path("form", form),
    path("json", lambda r: JsonResponse(json_module.loads(r.body), safe=False)),
    path("sleep", lambda request: HttpResponse(sleep())),
    path("burn", lambda request: HttpResponse(burn())),
    path("static/<path:path>", serve, {"document_root": str(STATIC)}),
]
application = get_wsgi_application()
