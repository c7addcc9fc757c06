"""`python -m benchmarks.echo PORT`: a bare aiohttp server that reads JSON and sends it back. The server's yardstick."""

import sys

from aiohttp import web


async def echo(request: web.Request) -> web.Response:
    """What came, sent back."""
    return web.json_response(await request.json())


if __name__ == "__main__":
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/echo", echo)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
