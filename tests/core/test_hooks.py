"""Hooks: their order, and what happens when one of them fails."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cherrypy.core import bridge
from cherrypy.core.errors import HTTPError
from cherrypy.core.hooks import Hook, HookMap, hookpoints


def test_hooks_run_by_priority_and_then_in_order_of_attachment() -> None:
    calls: list[str] = []
    hooks = HookMap(hookpoints)
    for name, priority in (("c", 70), ("a", 10), ("b", 50), ("b2", 50)):
        hooks.attach("before_handler", calls.append, None, priority)
        hooks["before_handler"][-1].kwargs.clear()
        hooks["before_handler"][-1].callback = lambda n=name: calls.append(n)
    hooks.run("before_handler")
    assert calls == ["a", "b", "b2", "c"]


def test_a_hook_takes_its_defaults_from_the_callback() -> None:
    def callback() -> None: ...

    callback.failsafe = True  # type: ignore[attr-defined]
    callback.priority = 7  # type: ignore[attr-defined]
    assert (Hook(callback).failsafe, Hook(callback).priority) == (True, 7)
    hook = Hook(callback, failsafe=False, priority=8)
    assert (hook.failsafe, hook.priority) == (False, 8)


def test_a_hook_can_be_called_and_described() -> None:
    hook = Hook(dict, priority=3, color="red")
    assert hook() == {"color": "red"}
    assert repr(hook) == (
        "Hook(<class 'dict'>, failsafe=False, priority=3, color='red')"
    )


def test_a_hook_of_ones_own_class_is_called_as_that_says() -> None:
    class Twice(Hook):
        def __call__(self) -> None:
            super().__call__()
            super().__call__()

    calls: list[int] = []
    hooks = HookMap(["point"])
    hooks["point"].append(Twice(lambda n: calls.append(n), n=1))
    hooks.run("point")
    assert calls == [1, 1]


def test_after_a_failure_only_failsafe_hooks_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[str] = []

    def fail() -> None:
        calls.append("fail")
        raise ZeroDivisionError

    hooks = [
        Hook(fail),
        Hook(lambda: calls.append("skipped")),
        Hook(lambda: calls.append("failsafe"), failsafe=True),
    ]
    with (
        caplog.at_level(logging.ERROR, "cherrypy"),
        pytest.raises(ZeroDivisionError),
    ):
        HookMap.run_hooks(hooks)
    assert calls == ["fail", "failsafe"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_an_answer_that_is_raised_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(HTTPError):
        HookMap.run_hooks([Hook(HTTPError(403))])
    assert not caplog.records


def test_the_last_failure_is_the_one_that_goes_on() -> None:
    second = Hook(HTTPError(404), failsafe=True)
    with pytest.raises(HTTPError) as caught:
        HookMap.run_hooks([Hook(HTTPError(403)), second])
    assert caught.value.code == 404


def test_the_end_of_the_process_stops_everything() -> None:
    def leave() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        HookMap.run_hooks([Hook(leave), Hook(lambda: 1 / 0, failsafe=True)])


def test_hooks_may_be_asynchronous() -> None:
    calls: list[str] = []

    async def hook(name: str) -> None:
        calls.append(name)

    try:
        HookMap.run_hooks([Hook(hook, name="one"), Hook(hook, name="two")])
    finally:
        bridge.stop_loop()
    assert calls == ["one", "two"]


def test_a_copy_has_lists_of_its_own() -> None:
    hooks = HookMap(["here"])
    hooks.attach("here", print)
    duplicate = hooks.copy()
    duplicate.attach("here", print)
    assert (len(hooks["here"]), len(duplicate["here"])) == (1, 2)
    assert repr(duplicate) == "HookMap(points=['here'])"


def test_an_unknown_point_is_an_error() -> None:
    with pytest.raises(KeyError):
        HookMap(hookpoints).attach("before_lunch", print)


def test_hooks_compare_by_priority() -> None:
    hooks: list[Any] = [Hook(print, priority=60), Hook(print, priority=40)]
    assert [hook.priority for hook in sorted(hooks)] == [40, 60]


def test_a_setting_that_a_hook_does_not_take_is_told() -> None:
    def stamp(colour: str = "red") -> None:
        """Do nothing."""

    hooks = HookMap(["point"])
    hooks.attach("point", stamp, colour="red", color="red")
    with pytest.raises(TypeError) as caught:
        hooks.run("point")
    assert caught.value.__notes__ == [
        f"{stamp.__qualname__} was called with the setting 'color' (as in "
        "tools.NAME.color), which it does not take. Did you mean 'colour'?"
    ]


def test_a_type_error_of_the_hook_itself_is_left_as_it_is() -> None:
    def stamp(**settings: object) -> None:
        raise TypeError("as expected")

    hooks = HookMap(["point"])
    hooks.attach("point", stamp, colour="red")
    with pytest.raises(TypeError) as caught:
        hooks.run("point")
    assert not hasattr(caught.value, "__notes__")


def test_a_point_that_is_not_there_is_told() -> None:
    with pytest.raises(KeyError, match="Did you mean 'before_handler'"):
        HookMap(["before_handler"]).attach("before_handle", print)
