"""An observer in a process of its own, which outlives daemon and broker: every message that the
broker passes on goes into an Account (judge.py) in the test. MQTT 5 by hand, QoS 1, a session that
persists; acknowledged only after it was told.

    python3 -m ward.observer PORT CLIENT-ID TOPICS [CA CERT KEY]
"""
import os
import select
import socket
import ssl
import struct
import sys
import time

from . import mqttwire as w
from .base import ROOT_OF_TESTS, Process
from .judge import Account


class Observer(Process):
    """.account holds what arrived."""

    def __init__(self, broker, certs, name="observer", topics="#"):
        self.account = Account()
        argv = [sys.executable, "-m", "ward.observer", str(broker.port), name, topics]
        if broker.tls:
            pair = certs.subscriber()
            argv += [pair.ca, pair.cert, pair.key]
        super().__init__(argv, name, cwd=ROOT_OF_TESTS)
        self.wait_line("subscribed")

    @property
    def process(self):
        return self

    def _read(self):
        for raw in self.child.stdout:
            if raw.startswith(b"M"):
                _, flags, topic, payload = raw.rstrip(b"\n").split(b" ", 3)
                self.account.take(topic.decode(), payload, b"r" in flags)
            else:
                self.lines.add(raw.decode("utf-8", "backslashreplace").rstrip("\n"))
        self.child.stdout.close()
        with self.lines.changed:
            self.lines.changed.notify_all()


class _Child:
    def __init__(self, port, client, topics, tls):
        self.port, self.client, self.topics, self.tls = int(port), client, topics, tls
        self.out = sys.stdout.buffer
        self.socket, self.buffer = None, bytearray()

    def say(self, text):
        self.out.write(text.encode() + b"\n")
        self.out.flush()

    def connect(self):
        self.buffer.clear()
        sock = socket.create_connection(("127.0.0.1", self.port), 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            ca, cert, key = self.tls
            context = ssl.create_default_context(cafile=ca)
            context.load_cert_chain(cert, key)
            sock = context.wrap_socket(sock, server_hostname="localhost")
        self.socket = sock
        body = w.text("MQTT") + bytes([5, 0]) + struct.pack(">H", 60) + \
            w.properties({"session_expiry": 3600, "receive_maximum": 65535}) + w.text(self.client)
        sock.sendall(w.packet(w.CONNECT, 0, body) + w.packet(
            w.SUBSCRIBE, 2, struct.pack(">H", 1) + b"\0" + w.text(self.topics) + b"\x01"))
        sock.settimeout(20)

    def packets(self):
        """Those that are complete in the buffer."""
        at = 0
        while len(self.buffer) - at >= 2:
            length = shift = 0
            for i in range(1, 5):
                if at + i >= len(self.buffer):
                    length = None
                    break
                b = self.buffer[at + i]
                length |= (b & 127) << shift
                shift += 7
                if not b & 128:
                    break
            if length is None or at + i + 1 + length > len(self.buffer):
                break
            first, start = self.buffer[at], at + i + 1
            yield first >> 4, first & 15, bytes(self.buffer[start:start + length])
            at = start + length
        del self.buffer[:at]

    def take(self):
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("closed by the broker")
        self.buffer += data
        acks = bytearray()
        for kind, flags, body in self.packets():
            if kind == w.PUBLISH:
                p = w.Publish(flags, body, 5)
                mark = ("M" + " " + ("r" if p.retain else "-") + " " + p.topic + " ").encode()
                self.out.write(mark + p.payload.replace(b"\n", b" ") + b"\n")
                if p.qos:
                    acks += w.puback(5, p.mid)
            elif kind == w.SUBACK:
                self.out.write(b"subscribed\n")
            elif kind == w.CONNACK and body[1]:
                raise ConnectionError(f"refused with {body[1]:#x}")
        self.out.flush()
        if acks:
            self.socket.sendall(bytes(acks))

    def run(self):
        while True:
            try:
                self.connect()
                quiet = time.monotonic()
                while True:
                    pending = self.tls and self.socket.pending()
                    if pending or select.select([self.socket], [], [], 10)[0]:
                        self.take()
                    if time.monotonic() - quiet > 20:
                        quiet = time.monotonic()
                        self.socket.sendall(w.packet(w.PINGREQ, 0, b""))
            except (OSError, ssl.SSLError) as e:
                if self.socket is not None:
                    self.say(f"lost: {e}")
                    self.socket.close()
                    self.socket = None
            time.sleep(0.03)  # an outage: the next attempt


def main(arguments):
    port, client, topics, *tls = arguments
    try:
        _Child(port, client, topics, tls).run()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
