"""CoAP messages by hand (RFC 7252 section 3) and a small client over a DTLS session or plain UDP,
for exchanges that a well-behaved client would not make."""
import random
import socket
import time

CON, NON, ACK, RST = range(4)
GET, POST, PUT, DELETE = 1, 2, 3, 4
URI_PATH, CONTENT_FORMAT, MAX_AGE, URI_QUERY, ACCEPT = 11, 12, 14, 15, 17
BLOCK2, BLOCK1, SIZE2, SIZE1 = 23, 27, 28, 60


def code_text(code):
    return f"{code >> 5}.{code & 31:02d}"


def _uint(n):
    return n.to_bytes((n.bit_length() + 7) // 8, "big")


def _extended(n):
    if n < 13:
        return n, b""
    if n < 269:
        return 13, bytes([n - 13])
    return 14, (n - 269).to_bytes(2, "big")


class Message:
    def __init__(self, kind, code, mid, token=b"", options=(), payload=b""):
        self.kind, self.code, self.mid, self.token = kind, code, mid, token
        self.options = [(n, _uint(v) if isinstance(v, int) else
                         v.encode() if isinstance(v, str) else v) for n, v in options]
        self.payload = payload

    def encode(self):
        out = bytearray([0x40 | self.kind << 4 | len(self.token), self.code])
        out += self.mid.to_bytes(2, "big") + self.token
        last = 0
        for number, value in sorted(self.options, key=lambda o: o[0]):
            d, dx = _extended(number - last)
            n, nx = _extended(len(value))
            out += bytes([d << 4 | n]) + dx + nx + value
            last = number
        if self.payload:
            out += b"\xff" + self.payload
        return bytes(out)

    @classmethod
    def decode(cls, data):
        kind, tkl = data[0] >> 4 & 3, data[0] & 15
        at, number, options = 4 + tkl, 0, []
        while at < len(data) and data[at] != 0xFF:
            d, n = data[at] >> 4, data[at] & 15
            at += 1
            parts = []
            for x in (d, n):
                if x == 13:
                    x, at = data[at] + 13, at + 1
                elif x == 14:
                    x, at = int.from_bytes(data[at:at + 2], "big") + 269, at + 2
                parts.append(x)
            number += parts[0]
            options.append((number, data[at:at + parts[1]]))
            at += parts[1]
        return cls(kind, data[1], int.from_bytes(data[2:4], "big"), data[4:4 + tkl], options,
                   data[at + 1:])

    @property
    def text(self):
        return code_text(self.code)

    def option(self, number):
        """The value as bytes, None when it is not there."""
        return next((v for n, v in self.options if n == number), None)

    def uint(self, number):
        v = self.option(number)
        return None if v is None else int.from_bytes(v, "big")

    def __repr__(self):
        return f"<{'CON NON ACK RST'.split()[self.kind]} {self.text} mid={self.mid} " \
               f"{self.options} {self.payload[:200]!r}>"


class PlainPath:
    """UDP without DTLS, with the same methods as dtls.Session."""

    def __init__(self, host, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))

    def send(self, data):
        self.socket.send(data)

    def receive(self, deadline):
        self.socket.settimeout(max(deadline, 0.001))
        try:
            return self.socket.recv(66000)
        except TimeoutError:
            return None

    def close(self):
        self.socket.close()

    vanish = close


class Client:
    """Acknowledges what it is sent, answers pings, retransmits with the RFC's times."""

    def __init__(self, path):
        self.path = path
        self.mid = random.randrange(65536)
        self.tokens = random.randrange(1 << 32)
        self.responses = {}
        self.acks = set()
        self.pings = 0
        self.heard = time.monotonic()

    def _next_mid(self):
        self.mid = (self.mid + 1) % 65536
        return self.mid

    def post(self, payload, content_format=110, path="readings", kind=CON, options=(), token=None,
             mid=None):
        """Sends without waiting; returns the message for wait()."""
        self.tokens += 1
        token = self.tokens.to_bytes(8, "big") if token is None else token
        base = [(URI_PATH, p) for p in path.split("/")]
        if content_format is not None:
            base.append((CONTENT_FORMAT, content_format))
        m = Message(kind, POST, self._next_mid() if mid is None else mid, token,
                    base + list(options), payload)
        self.path.send(m.encode())
        return m

    def get(self, path, options=()):
        self.tokens += 1
        m = Message(CON, GET, self._next_mid(), self.tokens.to_bytes(8, "big"),
                    [(URI_PATH, p) for p in path.split("/")] + list(options))
        self.path.send(m.encode())
        return m

    def ping(self):
        """RFC 7252 section 4.3: whoever is there answers with a reset."""
        self.path.send(Message(CON, 0, self._next_mid()).encode())

    def pump(self, seconds):
        """Takes one datagram in, if one comes within so many seconds."""
        data = self.path.receive(seconds)
        if data is None:
            return False
        m = Message.decode(data)
        self.heard = time.monotonic()
        if m.kind == CON and m.code == 0:
            self.pings += 1
            self.path.send(Message(RST, 0, m.mid).encode())
        elif m.code == 0:
            self.acks.add(m.mid)
        else:
            if m.kind == CON:
                self.path.send(Message(ACK, 0, m.mid).encode())
            self.responses.setdefault(m.token, []).append(m)
        return True

    def wait(self, sent, deadline=30, retransmit=True):
        """The response to what post() or get() sent, None when there is none in time."""
        end = time.monotonic() + deadline
        again, gap = time.monotonic() + 2.5, 5.0
        while True:
            if self.responses.get(sent.token):
                return self.responses[sent.token].pop(0)
            now = time.monotonic()
            if now >= end:
                return None
            if retransmit and now >= again and sent.mid not in self.acks:
                self.path.send(sent.encode())
                again, gap = now + gap, gap * 2
            self.pump(min(end, again if retransmit and sent.mid not in self.acks else end) - now)

    def exchange(self, payload, content_format=110, **kwargs):
        r = self.wait(self.post(payload, content_format, **kwargs))
        assert r is not None, "no response"
        return r

    def send_again(self, sent):
        """A retransmission: the same bytes."""
        self.path.send(sent.encode())

    def post_blocks(self, payload, content_format=110, szx=6, size1=None):
        """A block-wise POST (RFC 7959 Block1); the last response, or the first that is no 2.31."""
        size, token = 16 << szx, (self.tokens + 1).to_bytes(8, "big")
        count = max(1, (len(payload) + size - 1) // size)
        r = None
        for i in range(count):
            more = i + 1 < count
            options = [(BLOCK1, i << 4 | (8 if more else 0) | szx)]
            if size1 is not None:
                options.append((SIZE1, size1))
            r = self.exchange(payload[i * size:(i + 1) * size], content_format, options=options,
                              token=token)
            if r.text != "2.31":
                return r
        return r

    def close(self):
        self.path.close()
