"""The hub's proxy, in Python: configurable-http-proxy of PyPI, mended for JupyterLab and with room for a class.

As it comes it passes on ten requests at a time, gives up after 20 seconds and cuts messages at 10 MB. A class that
starts together waits longer than that for its servers, and a picture that a cell draws may be larger. It also does not
tell a browser which protocol a kernel chose, and sends bytes on as text; either closes the line to the kernel.
"""

import functools

from configurable_http_proxy import cli, configproxy, handlers
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

SECONDS, BYTES = 600, 200_000_000


class Handler(handlers.ProxyHandler):
    """Between a browser and a student's server (`ws_client`)."""

    max_message_size = BYTES

    def select_subprotocol(self, offered):
        return self.ws_client.selected_subprotocol

    def on_message(self, message):
        if self.ws_client:
            self.proxy.update_last_activity(self.target["prefix"])
            self.ws_client.write_message(message, binary=isinstance(message, bytes))


configproxy.ProxyHandler = Handler
handlers.websocket_connect = functools.partial(websocket_connect, max_message_size=BYTES)
AsyncHTTPClient.configure(None, max_clients=2000, max_body_size=BYTES, defaults={"request_timeout": SECONDS})

if __name__ == "__main__":
    cli.main()
