"""Debian's coap-client-openssl as a device that we did not write: one request per process, or a
repeated one; what it saw is read from its own trace."""
import re

from .base import Process, run

_RESPONSE = re.compile(r"^v:1 t:(\w+) c:(\d\.\d\d) i:([0-9a-f]+) \{([0-9a-f]*)\}(?: \[ ?(.*?) ?\])?(?: :: (.*))?$")


class Response:
    def __init__(self, kind, code, options, payload):
        self.kind, self.code, self.options, self.payload = kind, code, options, payload

    def option(self, name):
        m = re.search(rf"\b{name}:([^,\s]*)", self.options)
        return m.group(1) if m else None

    def __repr__(self):
        return f"{self.code} [{self.options}] {self.payload}"


class Outcome:
    def __init__(self, lines):
        self.lines = lines
        self.responses = []
        self.empty_acks = 0
        for line in lines:
            m = _RESPONSE.match(line)
            if not m:
                continue
            if m.group(2) == "0.00" and m.group(1) == "ACK":
                self.empty_acks += 1
            elif m.group(2)[0] in "245":
                self.responses.append(Response(m.group(1), m.group(2), m.group(5) or "",
                                               m.group(6) or ""))
        self.code = self.responses[-1].code if self.responses else None
        self.connected = any("session connected" in line for line in lines)

    @property
    def last(self):
        assert self.responses, "no response:\n" + self.text()
        return self.responses[-1]

    def text(self):
        return "\n".join(self.lines)


def _argv(uri, identity, key, method, payload, content_format, extra, path, wait):
    argv = ["coap-client-openssl", "-v", "7", "-B", str(wait), "-m", method, "-w"]
    if identity is not None:
        argv += ["-u", identity, "-k", key]
    if content_format is not None:
        argv += ["-t", str(content_format)]
    if payload is not None:
        argv += ["-f", path]
    return argv + list(extra) + [uri]


def request(uri, identity=None, key=None, method="post", payload=None, content_format=110,
            extra=(), directory="/tmp", wait=25):
    """Runs one request to its end and gives its Outcome."""
    with _payload_file(payload, directory) as path:
        done = run(_argv(uri, identity, key, method, payload,
                         content_format if payload is not None else None, extra, path, wait),
                   deadline=wait + 20, errors="backslashreplace")
    return Outcome((done.stdout + "\n" + done.stderr).splitlines())


def start(uri, identity, key, payload, content_format=110, extra=(), directory="/tmp", wait=60):
    """Starts it and returns the Process; outcome(process) reads what it saw so far."""
    context = _payload_file(payload, directory)
    path = context.__enter__()
    process = Process(_argv(uri, identity, key, "post", payload, content_format, extra, path, wait),
                      "coap-client")
    process.payload_file = context
    return process


def outcome(process):
    return Outcome(list(process.lines))


class _payload_file:
    def __init__(self, payload, directory):
        self.payload, self.directory, self.path = payload, directory, ""

    def __enter__(self):
        import tempfile
        if self.payload is not None:
            with tempfile.NamedTemporaryFile(dir=self.directory, prefix="pack-", delete=False) as f:
                f.write(self.payload)
                self.path = f.name
        return self.path

    def __exit__(self, *_):
        import os
        if self.path:
            os.unlink(self.path)
