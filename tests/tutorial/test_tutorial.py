"""The tutorials, asked as modules that are mounted, and run as programs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.test import helper
from cherrypy.tutorial import thing2
from tests.manual.running import PYTHON, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(cherrypy.__file__).parent / "tutorial"

ROOTS = {
    "tut01_helloworld": "HelloWorld",
    "tut02_expose_methods": "HelloWorld",
    "tut03_get_and_post": "WelcomePage",
    "tut04_complex_site": "root",
    "tut05_derived_objects": "HomePage",
    "tut06_default_method": "UsersPage",
    "tut07_sessions": "HitCounter",
    "tut08_generators_and_yield": "GeneratorDemo",
    "tut09_files": "FileDemo",
    "tut10_http_errors": "HTTPErrorDemo",
}


class TutorialTest(helper.CPWebCase):
    @classmethod
    def setup_server(cls) -> None:
        cherrypy.tree.mount(object())

    def mount(self, name: str) -> None:
        """Serve a tutorial in the place of the one before."""
        module = import_module(f"cherrypy.tutorial.{name}")
        root = getattr(module, ROOTS[name])
        cherrypy.tree.mount(
            root() if isinstance(root, type) else root, config=module.tutconf
        )

    def see(self, url: str, text: str) -> None:
        """Check the whole body of a page."""
        self.getPage(url)
        self.assertStatus(200)
        self.assertBody(text)

    def test_01_hello_world(self) -> None:
        self.mount("tut01_helloworld")
        self.see("/", "Hello world!")

    def test_02_pages_link_to_each_other(self) -> None:
        self.mount("tut02_expose_methods")
        self.see("/", 'We have an <a href="show_msg">important message</a> for you!')
        self.see("/show_msg", "Hello world!")

    def test_03_a_form_asks_for_a_name(self) -> None:
        self.mount("tut03_get_and_post")
        self.getPage("/")
        self.assertInBody('<form action="greetUser" method="GET">')
        self.see("/greetUser?name=Bob", "Hey Bob, what's up?")
        self.see("/greetUser", 'Please enter your name <a href="./">here</a>.')
        again = 'No, really, enter your name <a href="./">here</a>.'
        self.see("/greetUser?name=", again)
        self.getPage("/greetUser", method="POST", body="name=Ada")
        self.assertBody("Hey Ada, what's up?")
        self.getPage("/greetUser?name=%3Cscript%3E")
        self.assertBody("Hey &lt;script&gt;, what's up?")

    def test_04_objects_are_folders(self) -> None:
        self.mount("tut04_complex_site")
        self.getPage("/")
        self.assertInBody('<a href="/joke/">A silly joke</a>')
        self.getPage("/joke/")
        self.assertInBody('"Read a Perl file!"')
        self.getPage("/links/")
        self.assertInBody('<a href="./extra/">')
        self.see(
            "/links/extra/",
            """
            <p>Here are some extra useful links:</p>

            <ul>
                <li><a href="http://del.icio.us">del.icio.us</a></li>
                <li><a href="http://www.cherrypy.dev">CherryPy</a></li>
            </ul>

            <p>[<a href="../">Return to links page</a>]</p>""",
        )
        self.getPage("/links")
        self.assertHeader("Location", f"{self.base()}/links/")

    def test_05_pages_have_a_class_in_common(self) -> None:
        self.mount("tut05_derived_objects")
        self.getPage("/")
        self.assertInBody("<title>Tutorial 5</title>")
        self.assertInBody('<a href="./another/">another page</a>')
        blank = " " * 8
        self.see(
            "/another/",
            f"""
            <html>
            <head>
                <title>Another Page</title>
            <head>
            <body>
            <h2>Another Page</h2>
{blank}
            <p>
            And this is the amazing second page!
            </p>
{blank}
            </body>
            </html>
        """,
        )

    def test_06_urls_may_be_data(self) -> None:
        self.mount("tut06_default_method")
        back = '(<a href="./">back</a>)'
        german = "Hendrik Mans, CherryPy co-developer & crazy German"
        self.see("/hendrik", f"{german} {back}")
        self.see("/remi", f"Remi Delon, CherryPy lead developer {back}")
        self.see("/lorenzo", f"Lorenzo Lamas, famous actor and singer! {back}")
        self.see("/nobody", f"Unknown user. :-( {back}")
        self.getPage("/")
        self.assertInBody('<a href="./remi">Remi Delon</a><br/>')

    def test_07_visitors_are_remembered(self) -> None:
        self.mount("tut07_sessions")
        self.getPage("/")
        for number in (2, 3):
            self.getPage("/", headers=self.cookies)
            self.assertBody(
                "\n            During your current session, you've viewed this"
                f"\n            page {number} times! Your life is a patio of fun!"
                "\n        "
            )

    def test_08_pages_may_be_made_of_pieces(self) -> None:
        self.mount("tut08_generators_and_yield")
        self.see(
            "/",
            "<html><body><h2>Generators rule!</h2>"
            "<h3>List of users:</h3>"
            "Remi<br/>Carlos<br/>Hendrik<br/>Lorenzo Lamas<br/>"
            "</body></html>",
        )

    def test_09_files_come_and_go(self) -> None:
        self.mount("tut09_files")
        form = (
            b"--x\r\n"
            b'Content-Disposition: form-data; name="myFile"; filename="hello.txt"\r\n'
            b"Content-Type: text/plain\r\n\r\n" + b"a" * 110_000 + b"\r\n--x--\r\n"
        )
        headers = [
            ("Content-Type", "multipart/form-data; boundary=x"),
            ("Content-Length", str(len(form))),
        ]
        self.getPage("/upload", headers, "POST", form)
        self.assertBody("""<html>
        <body>
            myFile length: 110000<br />
            myFile filename: hello.txt<br />
            myFile mime-type: text/plain
        </body>
        </html>""")
        self.getPage("/download")
        self.assertHeader("Content-Type", "application/x-download")
        self.assertHeader("Content-Disposition", 'attachment; filename="pdf_file.pdf"')
        assert len(self.body) == 11961

    def test_10_errors_have_pages(self) -> None:
        self.mount("tut10_http_errors")
        self.getPage("/")
        self.assertInBody('<a href="toggleTracebacks">off</a>')
        self.getPage("/error?code=500")
        self.assertStatus(500)
        self.assertErrorPage(500, pattern="HTTPError")
        self.getPage("/toggleTracebacks")
        self.assertStatus(303)
        self.getPage("/error?code=500")
        self.assertErrorPage(500, pattern=None)
        self.getPage("/error?code=403")
        self.assertStatus(403)
        self.assertInBody("<h2>You can't do that!</h2>")
        self.assertInBody("<p>Request forbidden -- authorization will not help</p>")
        self.getPage("/messageArg")
        self.assertStatus(500)
        self.assertInBody("If you construct an HTTPError with a 'message'")


def test_a_config_can_name_an_object_of_the_tutorial() -> None:
    from cherrypy.core.unrepr import unrepr

    assert unrepr("cherrypy.tutorial.thing2") is thing2


def test_the_pdf_is_a_pdf() -> None:
    pdf = (FOLDER / "pdf_file.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.4\n")
    table = re.search(rb"startxref\n(\d+)\n%%EOF\n$", pdf)
    assert table
    lines = pdf[int(table[1]) :].splitlines()
    assert lines[:2] == [b"xref", b"0 6"]
    for number, line in enumerate(lines[3:8], 1):
        assert pdf[int(line[:10]) :].startswith(b"%d 0 obj\n" % number)


@pytest.fixture
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Program]:
    """Run a module as a program of its own."""
    pipe = tmp_path / "reports"
    os.mkfifo(pipe)
    with (
        open(tmp_path / "stdout", "wb") as stdout,
        open(tmp_path / "stderr", "wb") as stderr,
    ):
        process = subprocess.Popen(
            [
                *(PYTHON, "-X", "dev", "-m", "tests.tutorial.run_module"),
                *(request.param, str(pipe)),
            ],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    reports = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    program = Program(process, tmp_path, reports)
    try:
        program.wait_until_started()
        yield program
    finally:
        program.abandon()


@pytest.mark.live
@pytest.mark.parametrize(
    "program", [f"cherrypy.tutorial.{name}" for name in ROOTS], indirect=True
)
def test_a_tutorial_runs_as_a_program(program: Program) -> None:
    answer = program.ask("/")
    assert answer.status == 200
    assert answer.media_type == "text/html;charset=utf-8"
    assert program.stop() == 0
    assert "Warning" not in program.log
    assert "Traceback" not in program.log


class ScaffoldTest(helper.CPWebCase):
    script_name = "/app"

    @classmethod
    def setup_server(cls) -> None:
        from cherrypy import scaffold

        cherrypy.tree.mount(scaffold.root, cls.script_name)

    def test_the_pages_are_there(self) -> None:
        self.getPage("/")
        self.assertInBody(f"<a href='{self.base()}/other?a=7'>other</a> path")
        self.assertInBody(
            f"<img src='{self.base()}/files/made_with_cherrypy_small.png'"
        )
        self.getPage("/other")
        self.assertBody("Have 2 bananas.")
        self.assertHeader("Content-Type", "text/plain;charset=utf-8")
        self.getPage("/other?a=1&b=2&c=3")
        self.assertBody("Have 1 2, 3.")
        self.getPage("/some/path?x=1")
        self.assertBody("args: ('some', 'path') kwargs: {'x': '1'}")
        self.getPage("/files/made_with_cherrypy_small.png")
        self.assertHeader("Content-Type", "image/png")
        self.getPage("/files/nothing.py")
        self.assertStatus(404)


@pytest.mark.live
def test_the_scaffold_runs_from_its_own_folder(tmp_path: Path) -> None:
    import shutil

    from cherrypy import scaffold
    from cherrypy.test import sites

    port = sites.free_port()
    folder = tmp_path / "site"
    shutil.copytree(scaffold.local_dir, folder)
    config = folder / "site.conf"
    config.write_text(config.read_text().replace("8080", str(port)))
    process = subprocess.Popen(
        [sys.executable, "-m", "cherrypy", "-c", "site.conf"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said: list[bytes] = []
    try:
        for line in process.stderr:
            said.append(line)
            if b"Bus STARTED" in line:
                break
        else:
            pytest.fail(b"".join(said).decode())
        from urllib.request import urlopen

        with urlopen(f"http://127.0.0.1:{port}/other") as answer:
            assert answer.read() == b"Have 2 bananas."
        assert "GET /other" in (folder / "access.log").read_text()
    finally:
        process.terminate()
        process.communicate()


def test_what_is_documented_lies_beside_the_code() -> None:
    import cherrypy.scaffold

    files: dict[Any, set[str]] = {
        FOLDER: {"tutorial.conf", "custom_error.html", "pdf_file.pdf", "__init__.py"},
        Path(cherrypy.scaffold.local_dir): {
            *("site.conf", "example.conf", "apache-fcgi.conf"),
            "static/made_with_cherrypy_small.png",
        },
    }
    for folder, names in files.items():
        assert {name for name in names if not (folder / name).is_file()} == set()
