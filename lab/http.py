"""What every answer of the server has in common: who may ask, the security headers, the files of the page."""

from pathlib import Path
from urllib.parse import urlsplit

import tornado.web

STATIC = Path(__file__).parent / "static"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def is_own_page(request):
    """Whether a request was meant for this server, and comes from its own page or from no page at all.

    The Host header keeps out names that were rebound to an address of this computer, Origin other sites' scripts.
    """
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:  # brackets that hold no address
        return False
    if name not in (*LOOPBACK, address_asked(request)):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin == f"http://{request.host}"


def address_asked(request):
    """The address of this computer at which a request has arrived, None where its line is closed already."""
    stream = request.connection.stream
    return None if stream.closed() else stream.socket.getsockname()[0]


class SecureHeaders:
    """Headers for every answer: the page loads from here and talks to here, and no other site may use it."""

    def set_default_headers(self):
        """Called by Tornado for every answer, errors too."""
        self.clear_header("Server")
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'self'; connect-src 'self' ws://{self.request.host}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Frame-Options", "DENY")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-cache")

    def prepare(self):
        if not is_own_page(self.request):
            raise tornado.web.HTTPError(403, reason="Only this server's own page may ask")

    def write_error(self, status_code, **kwargs):
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish({"error": f"{self._reason}."})


class StaticFile(SecureHeaders, tornado.web.StaticFileHandler):
    """Serves the files of lab/static, with types of its own, since the registry of Windows may have other ones."""

    def get_content_type(self):
        return f"{TYPES.get(Path(self.absolute_path).suffix, 'application/octet-stream')}; charset=utf-8"

    def validate_absolute_path(self, root, absolute_path):
        try:
            return super().validate_absolute_path(root, absolute_path)
        except ValueError:  # a path that no system has, such as one with a NUL
            raise tornado.web.HTTPError(404) from None

    def compute_etag(self):
        """A tag of the file as it is now. Tornado would keep the first one, and a page changed later stay stale."""
        return f'"{self.get_content_version(self.absolute_path)}"'


class Module(SecureHeaders, tornado.web.RequestHandler):
    """Serves a module that is made here, a text of JavaScript."""

    def initialize(self, text):
        self.text = text

    def get(self):
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(self.text)


class ToFolder(SecureHeaders, tornado.web.RedirectHandler):
    """Leads whoever left out the last / of the address to the page."""


class NotFound(SecureHeaders, tornado.web.RequestHandler):
    """Answers every other address with 404."""

    def prepare(self):
        raise tornado.web.HTTPError(404)
