"""The hub's proxy, in Python: configurable-http-proxy of PyPI with room for a class.

As it comes it passes on ten requests at a time, gives up after 20 seconds and cuts messages at 10 MB. A class that
starts together waits longer than that for its servers, and a picture that a cell draws may be larger.
"""

import functools

from configurable_http_proxy import cli, handlers
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

SECONDS, BYTES = 600, 200_000_000

AsyncHTTPClient.configure(None, max_clients=2000, max_body_size=BYTES, defaults={"request_timeout": SECONDS})
handlers.websocket_connect = functools.partial(websocket_connect, max_message_size=BYTES)  # from a student's server
handlers.ProxyHandler.max_message_size = BYTES  # from a browser

if __name__ == "__main__":
    cli.main()
