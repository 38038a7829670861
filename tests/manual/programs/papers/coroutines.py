# An asynchronous CherryPy server based on asyncio: "turning page-handlers into
# coroutines". The program is not printed, and `import cherrypy.async`, its only other
# difference, has been a syntax error since Python 3.7.
import asyncio

import cherrypy


class Root(object):
    @cherrypy.expose
    async def index(self):
        return "Hello world!"

    @cherrypy.expose
    async def echo(self, message, delay=0):
        await asyncio.sleep(float(delay))
        return message

    @cherrypy.expose
    @cherrypy.tools.json_out()
    async def data(self):
        await asyncio.sleep(0)
        return {'path': cherrypy.request.path_info}

    @cherrypy.expose
    async def missing(self):
        await asyncio.sleep(0)
        raise cherrypy.NotFound()

    @cherrypy.expose
    async def both(self):
        # Two at once on one loop: each waits for what the other does.
        first, second = asyncio.Event(), asyncio.Event()

        async def one():
            first.set()
            await second.wait()
            return "one"

        async def two():
            await first.wait()
            second.set()
            return "two"

        return ' '.join(await asyncio.gather(one(), two()))


if __name__ == '__main__':
    cherrypy.quickstart(Root())
