import queue
import threading

import cherrypy

PAGE = """<!DOCTYPE html>
<html lang="en">
<title>News</title>
<ol id="news"></ol>
<script src="/script"></script>
</html>
"""

SCRIPT = """
new EventSource("/events").onmessage = (event) => {
  const item = document.createElement("li");
  item.textContent = event.data;
  document.getElementById("news").append(item);
};
"""


class News:
    def __init__(self):
        self.lock = threading.Lock()
        self.listeners = set()

    @cherrypy.expose
    def index(self):
        return PAGE

    @cherrypy.expose
    def script(self):
        cherrypy.response.headers["Content-Type"] = "text/javascript"
        return SCRIPT

    @cherrypy.expose
    def tell(self, text):
        with self.lock:
            for listener in self.listeners:
                listener.put(text)
        return "Told."

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def events(self):
        cherrypy.response.headers["Content-Type"] = "text/event-stream"
        cherrypy.response.headers["Cache-Control"] = "no-store"

        def stream():
            mine = queue.SimpleQueue()
            with self.lock:
                self.listeners.add(mine)
            try:
                yield ": welcome\n\n"
                while cherrypy.engine.state == cherrypy.engine.states.STARTED:
                    try:
                        text = mine.get(timeout=15)
                    except queue.Empty:
                        # A comment: if nobody is there any more, this ends.
                        yield ": still here\n\n"
                        continue
                    if text is None:
                        return
                    for line in text.splitlines():
                        yield f"data: {line}\n"
                    yield "\n"
            finally:
                with self.lock:
                    self.listeners.discard(mine)

        return stream()

    def hang_up(self):
        with self.lock:
            for listener in self.listeners:
                listener.put(None)


news = News()
# Before the server (25): it waits for those who are being answered.
cherrypy.engine.subscribe("stop", news.hang_up, priority=10)
cherrypy.config.update({"server.thread_pool": 30})
cherrypy.quickstart(news)
