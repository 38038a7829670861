"""The logs: what a line says, who gets it, and what it must never do."""

from __future__ import annotations

import io
import logging
import re
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy.core import access_line
from cherrypy.core.context import Serving, current
from cherrypy.core.log import (
    GlobalLogManager,
    LazyRfc3339UtcTime,
    LogManager,
    NullHandler,
    WSGIErrorHandler,
    front,
    log_exception,
    log_of,
    logfmt,
)
from cherrypy.core.received import HeaderPairs, ReceivedHeaders
from cherrypy.core.request import Request
from cherrypy.core.response import Response
from cherrypy.http.headers import HeaderMap
from cherrypy.http.hosts import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIME = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\]"


class Recorder(logging.Handler):
    """Keeps the records it is given."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def log(request: pytest.FixtureRequest) -> Iterator[LogManager]:
    """A manager with loggers that no other test has seen."""
    manager = LogManager(appid=id(request), logger_root=f"test.{request.node.name}")
    yield manager
    manager.screen = manager.wsgi = False
    manager.error_file = manager.access_file = ""


@pytest.fixture
def page(serving: Serving) -> Serving:
    """A request that was answered with 200 and five bytes."""
    request, response = serving.request, serving.response
    request.request_line = "GET /app/page?x=1 HTTP/1.1"
    request.received = HeaderPairs(
        [("Referer", "http://from.example/"), ("User-Agent", "curl/8")]
    )
    response.body = b"hello"
    response.finalize()
    return serving


class TestLoggers:
    def test_they_are_named_after_the_root_and_the_application(self) -> None:
        log = LogManager(appid=17, logger_root="test.names")
        assert log.error_log.name == "test.names.error.17"
        assert log.access_log.name == "test.names.access.17"
        assert (log.appid, log.logger_root) == (17, "test.names")

    def test_without_an_application_they_are_those_of_the_site(self) -> None:
        log = LogManager()
        assert log.error_log.name == "cherrypy.error"
        assert log.access_log.name == "cherrypy.access"

    def test_they_let_information_pass_and_bubble_up(self, log: LogManager) -> None:
        for logger in (log.error_log, log.access_log):
            assert logger.level == logging.INFO
            assert logger.propagate
            assert [type(handler) for handler in logger.handlers] == [NullHandler]

    def test_a_second_manager_adds_nothing(self, log: LogManager) -> None:
        LogManager(log.appid, log.logger_root)
        assert len(log.error_log.handlers) == 1


class TestErrorLog:
    @pytest.fixture
    def heard(self, log: LogManager) -> Recorder:
        handler = Recorder()
        log.error_log.addHandler(handler)
        return handler

    def test_a_line_has_time_context_and_message(
        self, log: LogManager, heard: Recorder
    ) -> None:
        log("hello", "HTTP")
        log.error("100% {x}")
        assert re.fullmatch(f"{TIME} HTTP hello", heard.lines[0])
        assert re.fullmatch(f"{TIME}  100% {{x}}", heard.lines[1])

    def test_it_has_a_severity(self, log: LogManager, heard: Recorder) -> None:
        log("a")
        log("b", severity=logging.ERROR)
        log("c", severity=logging.DEBUG)
        assert [r.levelno for r in heard.records] == [logging.INFO, logging.ERROR]

    def test_a_traceback_goes_with_the_record(
        self, log: LogManager, heard: Recorder
    ) -> None:
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            log("failed", traceback=True)
        log("nothing failed", traceback=True)
        first, second = heard.records
        assert first.exc_info is not None
        assert first.exc_info[0] is ZeroDivisionError
        assert second.exc_info is None


class TestEscapes:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("two\nlines\tand é", "two\nlines\tand é"),
            ("\x1b[31mred\r\x00\x9b\x7f", r"\x1b[31mred\r\x00\xc2\x9b\x7f"),
        ],
    )
    def test_control_characters_are_shown_and_not_sent(
        self, text: str, shown: str
    ) -> None:
        record = logging.LogRecord("x", logging.INFO, "", 0, text, (), None)
        assert logfmt.format(record) == shown

    def test_a_traceback_is_escaped_as_well(self) -> None:
        try:
            raise ValueError("\x1b]0;title\x07")
        except ValueError:
            record = logging.LogRecord(
                "x", logging.INFO, "", 0, "m", (), sys.exc_info()
            )
        assert r"\x1b]0;title\x07" in logfmt.format(record)


class TestTime:
    def test_it_is_local_time_with_english_months(
        self, log: LogManager, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(access_line, "_last_time", (0, ""))
        now = time.mktime((2026, 11, 21, 2, 41, 31, 0, 0, -1))
        monkeypatch.setattr(time, "time", lambda: now + 0.9)
        assert log.time() == "[21/Nov/2026:02:41:31]"
        assert log.time() is log.time()
        monkeypatch.setattr(time, "time", lambda: now + 1.1)
        assert log.time() == "[21/Nov/2026:02:41:32]"

    def test_utc_is_as_of_rfc_3339(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_042_999)
        assert str(LazyRfc3339UtcTime()) == "2023-11-14T22:13:20.000042Z"


class TestAccessLine:
    def line(self, log: LogManager, line_format: str | None = None) -> str:
        handler = Recorder()
        log.access_log.addHandler(handler)
        if line_format is not None:
            log.access_log_format = line_format
        log.access()
        log.access_log.removeHandler(handler)
        (line,) = handler.lines
        return line

    def test_it_is_in_the_combined_format(self, log: LogManager, page: Serving) -> None:
        assert re.fullmatch(
            rf"192\.0\.2\.7 - - {TIME} "
            r'"GET /app/page\?x=1 HTTP/1\.1" 200 5 '
            r'"http://from\.example/" "curl/8"',
            self.line(log),
        )

    def test_names_of_client_and_user_go_before_nothing(
        self, log: LogManager, page: Serving
    ) -> None:
        page.request.remote = Host("192.0.2.7", 4711, "client.example")
        page.request.login = "bob"
        assert self.line(log).startswith("client.example - bob [")

    def test_what_is_not_known_is_a_dash_or_empty(
        self, log: LogManager, serving: Serving
    ) -> None:
        serving.request.request_line = "GET / HTTP/1.1"
        assert self.line(log, '{s} {b} {o} "{f}" "{a}"') == '- - - "" ""'
        for nothing in (0, "0"):
            serving.response.headers["Content-Length"] = nothing
            assert self.line(log, "{b}") == "-"

    def test_host_uuid_and_utc_may_be_named(
        self, log: LogManager, page: Serving
    ) -> None:
        page.request.received = HeaderPairs([("Host", "h.example:80")])
        host, uuid, utc = self.line(log, "{o} {i} {z}").split()
        assert host == "h.example:80"
        assert uuid == str(page.request.unique_id)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", utc)

    @pytest.mark.parametrize(
        ("line_format", "line"),
        [
            ("{s}|{s:>5}|{s!r}|{s!r:>7}", "200|  200|'200'|  '200'"),
            ("{{{s}}} 100% {{}}", "{200} 100% {}"),
            ("{h[0]}", "1"),
            ("nothing", "nothing"),
        ],
    )
    def test_formats_are_those_of_str_format(
        self, log: LogManager, page: Serving, line_format: str, line: str
    ) -> None:
        assert self.line(log, line_format) == line

    @pytest.mark.parametrize("line_format", ["{nothing}", "{", "{}", "{s.nothing}"])
    def test_a_bad_format_is_told_and_fails_no_page(
        self, log: LogManager, page: Serving, line_format: str
    ) -> None:
        access, error = Recorder(), Recorder()
        log.access_log.addHandler(access)
        log.error_log.addHandler(error)
        log.access_log_format = line_format
        log.access()
        assert not access.records
        assert error.records[0].levelno == logging.ERROR
        assert error.records[0].exc_info

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ('a"b', r"a\"b"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\x1b\x00\x7f", r"\x1b\x00\x7f"),
            ("é€", r"\xc3\xa9\xe2\x82\xac"),
            ("\udc80", r"\xed\xb2\x80"),
            (r"C:\path", r"C:\path"),
            ("quote \\", "quote \\\\"),
            (r"\x41 \n", r"\\x41 \\n"),
            (r"\"", r"\\\""),
        ],
    )
    def test_what_a_client_sent_is_escaped(
        self, log: LogManager, page: Serving, value: str, shown: str
    ) -> None:
        page.request.received = HeaderPairs([("User-Agent", value)])
        page.request.login = value
        assert self.line(log, '{u} "{a}"') == f'{shown} "{shown}"'


class TestAHeadThatComesAgain:
    """The usual line about what our own server received, whose heads are kept."""

    @pytest.fixture
    def received(self) -> ReceivedHeaders:
        """The fields of a head, that may come again with other requests."""
        return ReceivedHeaders(
            [(b"referer", b"http://from.example/"), (b"user-agent", b'an "agent"')]
        )

    @pytest.fixture
    def kind(self) -> type[Request]:
        return Request

    @pytest.fixture
    def ask(
        self, log: LogManager, received: ReceivedHeaders, kind: type[Request]
    ) -> Iterator[Callable[..., str]]:
        """Log one request and return the line without its time."""
        heard = Recorder()
        log.access_log.addHandler(heard)
        before = current.get()

        def ask(
            path: str = "/", client: str = "192.0.2.7", login: str = "", **own: Any
        ) -> str:
            connection = SimpleNamespace(
                server=SimpleNamespace(identifies=bool(login)),
                remote=(client, 4711),
                variables=lambda: {"REMOTE_USER": login},
            )
            request = kind(None, None)
            request.exchange = SimpleNamespace(
                connection=connection, server=connection.server, remote=(client, 4711)
            )
            request.received = received
            request.asked = ("GET", path, "", "HTTP/1.1")
            for name, value in own.items():
                setattr(request, name, value)
            response = Response()
            response.body = b"hello"
            response.finalize()
            current.set(Serving(request, response))
            log.access()
            (line,) = heard.lines
            heard.records.clear()
            return re.sub(TIME, "TIME", line)

        yield ask
        current.set(before)
        log.access_log.removeHandler(heard)

    ENDING = r'HTTP/1.1" 200 5 "http://from.example/" "an \"agent\""'

    def test_says_the_same_again(
        self, ask: Callable[..., str], received: ReceivedHeaders
    ) -> None:
        lines = [ask() for _ in range(3)]
        assert lines == [f'192.0.2.7 - - TIME "GET / {self.ENDING}'] * 3
        # Nobody had to look a second time.
        received.last_values().clear()
        assert ask() == lines[0]

    def test_may_come_from_somebody_else_and_be_led_elsewhere(
        self, ask: Callable[..., str]
    ) -> None:
        assert ask() == f'192.0.2.7 - - TIME "GET / {self.ENDING}'
        assert ask(client="::1") == f'::1 - - TIME "GET / {self.ENDING}'
        assert ask("/é") == rf'192.0.2.7 - - TIME "GET /\xc3\xa9 {self.ENDING}'
        assert ask() == f'192.0.2.7 - - TIME "GET / {self.ENDING}'

    def test_may_come_through_an_interface_of_any_name(
        self, ask: Callable[..., str]
    ) -> None:
        assert ask(client='fe80::1%a"b').startswith(r"fe80::1%a\"b - - TIME")

    def test_may_come_from_somebody_known(self, ask: Callable[..., str]) -> None:
        ask()
        assert ask(login="bob").startswith("192.0.2.7 - bob TIME")
        ask()
        assert ask(login='b"b').startswith(r"192.0.2.7 - b\"b TIME")

    @pytest.mark.parametrize(
        ("name", "value", "start"),
        [
            ("login", "bob", "192.0.2.7 - bob TIME"),
            ("remote", Host("192.0.2.8", 1), "192.0.2.8 - - TIME"),
            ("request_line", "DO it", '192.0.2.7 - - TIME "DO it" 200'),
        ],
    )
    def test_says_less_than_who_sets_an_attribute_of_the_request(
        self, ask: Callable[..., str], name: str, value: Any, start: str
    ) -> None:
        ask()
        own: dict[str, Any] = {name: value}
        assert ask(**own).startswith(start)
        assert ask().endswith(self.ENDING)

    @pytest.mark.parametrize(
        "own",
        [
            {"headers": HeaderMap({"User-Agent": "another"})},
            {"header_list": [("User-Agent", "another")]},
        ],
    )
    def test_says_less_than_headers_that_were_changed(
        self, ask: Callable[..., str], own: dict[str, Any]
    ) -> None:
        ask()
        assert ask(**own).endswith(' "" "another"')
        assert ask().endswith(self.ENDING)

    @pytest.mark.parametrize(
        "kind",
        [
            type("ARequest", (Request,), {"login": "eve"}),
            type("Sub", (type("ARequest", (Request,), {"login": "eve"}),), {}),
            type("Sub", (Request, type("Mixed", (), {})), {"login": "eve"}),
        ],
    )
    def test_says_less_than_a_class_of_requests(self, ask: Callable[..., str]) -> None:
        for _ in range(2):
            assert ask().startswith("192.0.2.7 - eve TIME")

    @pytest.mark.parametrize("kind", [type("ARequest", (Request,), {"x": 1})])
    def test_says_the_same_to_a_class_with_other_attributes(
        self, ask: Callable[..., str], received: ReceivedHeaders
    ) -> None:
        line = ask()
        received.last_values().clear()
        assert ask() == line


@given(st.text(max_size=20))
def test_an_escaped_value_is_one_printable_line_and_can_be_read_back(text: str) -> None:
    shown = access_line._UNSAFE.sub(access_line.escaped, text)
    assert shown.isascii()
    assert not shown or shown.isprintable()
    names = {"n": b"\n", "r": b"\r", "t": b"\t", '"': b'"', "\\": b"\\"}

    def meant(found: re.Match[str]) -> str:
        escape = found[1]
        raw = names.get(escape) or bytes.fromhex(escape[1:])
        return raw.decode("latin-1")

    read = re.sub(r'\\([nrt"\\]|x[0-9a-f]{2})', meant, shown)
    assert read.encode("latin-1").decode("utf-8") == text
    # No quote ends the quotation.
    assert re.fullmatch(r'(?:[^"\\]|\\[^"\\]|\\\\|\\")*', shown)


class TestListeners:
    def test_without_any_no_line_is_built(self, log: LogManager, page: Serving) -> None:
        log.access_log.propagate = False
        log.access_log_format = "{nothing}"
        error = Recorder()
        log.error_log.addHandler(error)
        log.access()
        assert not error.records

    def test_they_are_seen_as_soon_as_they_come_and_go(
        self, log: LogManager, page: Serving
    ) -> None:
        handler = Recorder()
        log.access()
        log.access_log.addHandler(handler)
        log.access()
        log.access_log.removeHandler(handler)
        log.access()
        assert len(handler.records) == 1

    def test_they_are_seen_in_another_list_as_well(
        self, log: LogManager, page: Serving
    ) -> None:
        first, second = Recorder(), Recorder()
        log.access_log.handlers = [first]
        log.access()
        log.access_log.handlers = [second]
        log.access()
        log.access_log.handlers[0] = first
        log.access()
        log.access_log.handlers.clear()
        log.access()
        assert (len(first.records), len(second.records)) == (2, 1)

    def test_they_are_seen_on_any_logger_above(
        self, log: LogManager, page: Serving
    ) -> None:
        log.access()
        node: logging.Logger | None = log.access_log
        while node is not None:
            handler = Recorder()
            node.addHandler(handler)
            log.access()
            node.removeHandler(handler)
            log.access()
            assert len(handler.records) == 1
            node = node.parent

    def test_they_are_seen_on_a_logger_that_is_put_in_between(
        self, log: LogManager, page: Serving
    ) -> None:
        log.access()
        above, handler = logging.getLogger(log.logger_root), Recorder()
        above.addHandler(handler)
        log.access()
        # With it there are four, which is more than are remembered.
        between = logging.getLogger(f"{log.logger_root}.access")
        between.addHandler(handler)
        log.access()
        between.propagate = False
        log.access()
        between.propagate = True
        log.access()
        above.removeHandler(handler)
        between.removeHandler(handler)
        log.access()
        assert len(handler.records) == 1 + 2 + 1 + 2

    def test_they_hear_nothing_while_logging_is_disabled(
        self, log: LogManager, page: Serving
    ) -> None:
        handler = Recorder()
        log.access_log.addHandler(handler)
        log.access()
        logging.disable(logging.INFO)
        log.access()
        logging.disable(logging.NOTSET)
        log.access()
        log.access_log.disabled = True
        log.access()
        assert len(handler.records) == 2

    def test_they_are_those_of_the_logger_that_was_put_in_its_place(
        self, log: LogManager, page: Serving
    ) -> None:
        first, second = Recorder(), Recorder()
        log.access_log.addHandler(first)
        log.access()
        log.access_log = logging.Logger("another", logging.INFO)
        log.access_log.addHandler(second)
        log.access()
        assert (len(first.records), len(second.records)) == (1, 1)

    def test_those_of_a_parent_hear_what_bubbles_up(
        self, log: LogManager, page: Serving
    ) -> None:
        handler = Recorder()
        parent = log.access_log.parent
        assert parent is not None
        parent.addHandler(handler)
        log.access()
        log.access_log.propagate = False
        log.access()
        parent.removeHandler(handler)
        assert len(handler.records) == 1

    def test_levels_are_respected(self, log: LogManager, page: Serving) -> None:
        quiet, loud = Recorder(logging.WARNING), Recorder(logging.INFO)
        log.access_log.addHandler(quiet)
        log.access_log.addHandler(loud)
        log.access()
        log.access_log.setLevel(logging.WARNING)
        log.access()
        assert (len(quiet.records), len(loud.records)) == (0, 1)

    def test_a_record_names_logger_level_and_line(
        self, log: LogManager, page: Serving
    ) -> None:
        first, second = Recorder(), Recorder()
        log.access_log.addHandler(first)
        log.access_log.addHandler(second)
        log.access_log_format = "{s} 100% {{}}"
        log.access()
        assert first.records[0] is second.records[0]
        record = first.records[0]
        assert (record.name, record.levelno) == (log.access_log.name, logging.INFO)
        assert record.getMessage() == "200 100% {}"

    def test_filters_of_the_logger_are_asked(
        self, log: LogManager, page: Serving
    ) -> None:
        handler = Recorder()
        log.access_log.addHandler(handler)
        log.access_log.addFilter(lambda record: False)
        log.access()
        assert not handler.records

    def test_a_logger_of_another_class_logs_in_its_own_way(
        self, log: LogManager, page: Serving
    ) -> None:
        class Loud(logging.Logger):
            def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
                record = super().makeRecord(*args, **kwargs)
                record.msg = "LOUD %s"
                return record

        handler = Recorder()
        log.access_log = Loud("loud", logging.INFO)
        log.access_log.addHandler(handler)
        log.access_log_format = "{s}"
        log.access()
        assert handler.lines == ["LOUD 200"]


class TestFiles:
    def test_a_file_is_opened_when_it_is_named(
        self, log: LogManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert log.error_file == log.access_file == ""
        log.error_file = "error.log"
        log.access_file = tmp_path / "access.log"
        assert log.error_file == str(tmp_path / "error.log")
        assert log.access_file == str(tmp_path / "access.log")
        assert (tmp_path / "error.log").exists()

    def test_lines_are_written_at_once_in_utf_8(
        self, log: LogManager, page: Serving, tmp_path: Path
    ) -> None:
        log.error_file = tmp_path / "error.log"
        log.access_file = tmp_path / "access.log"
        log.access_log_format = "{s} {r}"
        # The runner of tests could not send such a character to another process.
        log.error_log.propagate = False
        log.access()
        log.access()
        log("é \udc80")
        assert (tmp_path / "access.log").read_text() == (
            "200 GET /app/page?x=1 HTTP/1.1\n" * 2
        )
        text = (tmp_path / "error.log").read_text(encoding="utf-8")
        assert text.endswith("  é \\udc80\n")

    @pytest.mark.parametrize("nothing", ["", None])
    def test_without_a_name_it_is_closed(
        self, log: LogManager, tmp_path: Path, nothing: str | None
    ) -> None:
        log.error_file = tmp_path / "error.log"
        handler = log.error_log.handlers[-1]
        log.error_file = nothing
        assert log.error_file == ""
        assert isinstance(handler, logging.FileHandler)
        assert handler.stream is None
        assert len(log.error_log.handlers) == 1

    def test_the_same_name_again_changes_nothing(
        self, log: LogManager, tmp_path: Path
    ) -> None:
        log.error_file = tmp_path / "error.log"
        handler = log.error_log.handlers[-1]
        log.error_file = tmp_path / "error.log"
        assert log.error_log.handlers[-1] is handler
        log.error_file = tmp_path / "other.log"
        assert len(log.error_log.handlers) == 2

    def test_a_file_that_cannot_be_opened_is_told_and_the_old_one_stays(
        self, log: LogManager, tmp_path: Path
    ) -> None:
        log.error_file = tmp_path / "error.log"
        with pytest.raises(OSError, match="missing") as caught:
            log.error_file = tmp_path / "missing" / "error.log"
        assert caught.value.__notes__ == [
            "log.error_file names it: its folder must exist, and the user who runs the "
            "program must be allowed to write there."
        ]
        assert log.error_file == str(tmp_path / "error.log")

    def test_they_are_opened_again_after_rotation(
        self, log: LogManager, page: Serving, tmp_path: Path
    ) -> None:
        log.access_file = tmp_path / "access.log"
        other = logging.FileHandler(tmp_path / "own.log", delay=True)
        log.access_log.addHandler(other)
        (tmp_path / "access.log").rename(tmp_path / "access.log.1")
        log.reopen_files()
        log.access()
        assert (tmp_path / "access.log").read_text()
        assert (tmp_path / "access.log.1").read_text() == ""
        assert (tmp_path / "own.log").read_text()
        log.access_log.removeHandler(other)
        other.close()

    def test_a_closed_file_is_opened_again(
        self, log: LogManager, page: Serving, tmp_path: Path
    ) -> None:
        log.access_file = tmp_path / "access.log"
        log.access_log.handlers[-1].close()
        log.access()
        assert (tmp_path / "access.log").read_text()

    def test_own_formatters_and_filters_see_records(
        self, log: LogManager, page: Serving, tmp_path: Path
    ) -> None:
        log.access_file = tmp_path / "access.log"
        log.access_log_format = "{s}"
        handler = log.access_log.handlers[-1]
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        log.access()
        handler.addFilter(lambda record: False)
        log.access()
        assert (tmp_path / "access.log").read_text() == "INFO 200\n"

    def test_a_full_disk_fails_no_page(
        self,
        log: LogManager,
        page: Serving,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class Full(io.RawIOBase):
            def write(self, data: Any) -> int:
                raise OSError("disk full")

        told: list[logging.LogRecord] = []
        log.access_file = log.error_file = tmp_path / "x.log"
        for logger in (log.access_log, log.error_log):
            handler = logger.handlers[-1]
            handler.close()
            monkeypatch.setattr(handler, "stream", Full())
            monkeypatch.setattr(handler, "handleError", told.append)
        log.access()
        log("error")
        assert len(told) == 2

    def test_a_single_listener_gets_what_it_would_get_beside_others(
        self,
        log: LogManager,
        page: Serving,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        log.access_log.propagate = False
        log.access_file = tmp_path / "x.log"
        log.access_log_format = "{s}"
        handler = log.access_log.handlers[-1]
        log.access()
        handler.setLevel(logging.WARNING)
        log.access()
        handler.setLevel(logging.INFO)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        log.access()
        handler.setFormatter(logfmt)
        handler.addFilter(lambda record: False)
        log.access()
        handler.filters.clear()
        log.access_log.addFilter(lambda record: False)
        log.access()
        log.access_log.filters.clear()
        told: list[logging.LogRecord] = []
        with monkeypatch.context() as broken:
            broken.setattr(handler, "handleError", told.append)
            broken.setattr(handler, "write_line", lambda line: 1 / 0)
            log.access()
        log.access()
        assert [record.getMessage() for record in told] == ["200"]
        assert (tmp_path / "x.log").read_text() == "200\nINFO 200\n200\n"


class TestScreen:
    def test_errors_go_to_stderr_and_accesses_to_stdout(
        self, log: LogManager, page: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert not log.screen
        log.screen = True
        assert log.screen
        log.access_log_format = "{s} {r}"
        log.access()
        log("hello")
        log.screen = False
        log.access()
        log("not seen")
        out, err = capsys.readouterr()
        assert out == "200 GET /app/page?x=1 HTTP/1.1\n"
        assert re.fullmatch(rf"{TIME}  hello\n", err)

    def test_switching_it_on_twice_shows_lines_once(self, log: LogManager) -> None:
        log.screen = True
        log.screen = True
        assert len(log.error_log.handlers) == 2


class TestWSGI:
    def test_errors_go_to_the_stream_of_the_server(
        self, log: LogManager, serving: Serving
    ) -> None:
        assert not log.wsgi
        log.wsgi = True
        assert log.wsgi
        errors = io.StringIO()
        serving.request.wsgi_environ = {"wsgi.errors": errors}
        log("hello")
        log.error_log.handlers[-1].flush()
        log.wsgi = False
        log("not seen")
        assert re.fullmatch(rf"{TIME}  hello\n", errors.getvalue())

    @pytest.mark.parametrize("environ", [None, {}])
    def test_without_a_stream_they_are_dropped(
        self,
        log: LogManager,
        serving: Serving,
        environ: dict[str, Any] | None,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        log.wsgi = True
        serving.request.wsgi_environ = environ
        log("hello")
        log.error_log.handlers[-1].flush()
        # There logging tells what handlers could not do.
        assert capsys.readouterr().err == ""

    def test_a_broken_stream_fails_no_page(
        self, serving: Serving, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handler = WSGIErrorHandler()
        told: list[logging.LogRecord] = []
        monkeypatch.setattr(handler, "handleError", told.append)
        serving.request.wsgi_environ = {"wsgi.errors": object()}
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "m", (), None))
        assert len(told) == 1


class TestGlobalLogManager:
    @pytest.fixture
    def site(self, request: pytest.FixtureRequest) -> GlobalLogManager:
        return GlobalLogManager(logger_root=f"site.{request.node.name}")

    def test_outside_a_request_it_speaks_for_the_site(
        self, site: GlobalLogManager, page: Serving
    ) -> None:
        errors, accesses = Recorder(), Recorder()
        site.error_log.addHandler(errors)
        site.access_log.addHandler(accesses)
        site("hello")
        site.access()
        assert (len(errors.records), len(accesses.records)) == (1, 1)

    def test_during_a_request_it_speaks_for_the_application(
        self, site: GlobalLogManager, log: LogManager, page: Serving
    ) -> None:
        errors, accesses, others = Recorder(), Recorder(), Recorder()
        log.error_log.addHandler(errors)
        log.access_log.addHandler(accesses)
        site.error_log.addHandler(others)
        page.request.app = SimpleNamespace(log=log)
        site("hello", "HTTP")
        site.access()
        assert (len(errors.records), len(accesses.records)) == (1, 1)
        site.error("for the site")
        assert len(others.records) == 1


@pytest.mark.parametrize("inside", [False, True])
def test_an_exception_is_written_to_the_log_of_the_application(
    log: LogManager, serving: Serving, inside: bool
) -> None:
    heard = Recorder()
    logger = log.error_log if inside else logging.getLogger("cherrypy.error")
    logger.addHandler(heard)
    serving.request.app = SimpleNamespace(log=log) if inside else None
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        log_exception(serving.request)
    logger.removeHandler(heard)
    (record,) = heard.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_an_application_logs_to_what_is_called_the_log_of_the_site_if_it_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application: Any = SimpleNamespace(log=object())
    assert log_of(application) is application.log
    replaced = object()
    monkeypatch.setattr(front, "bearer", SimpleNamespace(log=replaced))
    assert log_of(application) is replaced
