import queue

import cherrypy
from cherrypy.process.plugins import SimplePlugin


class Worker(SimplePlugin):
    """Does what pages leave to it, in a thread of its own, one after the other."""

    def __init__(self, bus):
        super().__init__(bus)
        self.tasks = queue.SimpleQueue()
        self.thread = None
        self.done = []

    def start(self):
        self.thread = cherrypy.process.plugins.BackgroundTask(
            0, self.work, bus=self.bus
        )
        self.thread.start()
        self.bus.subscribe("later", self.tasks.put)

    def stop(self):
        self.bus.unsubscribe("later", self.tasks.put)
        self.thread.cancel()
        self.tasks.put(None)
        self.thread.join()

    def work(self):
        task = self.tasks.get()
        if task is not None:
            self.done.append(task)
            self.bus.log(f"Done: {task}")


class Site:
    def __init__(self, worker):
        self.worker = worker

    @cherrypy.expose
    def order(self, thing):
        cherrypy.engine.publish("later", f"send {thing}")
        return "Ordered."

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def done(self):
        return self.worker.done


worker = Worker(cherrypy.engine)
worker.subscribe()
cherrypy.quickstart(Site(worker))
