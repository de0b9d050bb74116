"""A small broker that does on command what a good one does not: refuses, delays, keeps silent,
hangs up on one message, kicks, sends rubbish. It also keeps the accounts that tests ask for: every
CONNECT, every PUBLISH, the most unacknowledged at once.

A test sets the attributes below, before or while clients are connected.
"""
import socket
import ssl
import threading
import time

from . import mqttwire as w
from .base import Record, free_port

HOLD, CLOSE, IGNORE = "hold", "close", "ignore"


class Connection:
    """One client. Its thread reads; any thread may send."""

    def __init__(self, broker, sock):
        self.broker, self.socket = broker, sock
        self.connect = None
        self.level = 5
        self.subscriptions = {}
        self.unacknowledged = set()
        self.most_unacknowledged = 0
        self.held = []
        self.publishes = []
        self.acknowledged = 0
        self.opened = time.monotonic()
        self.ended = threading.Event()
        self.end_reason = None  # DISCONNECT's code from the client, or None: it just went
        self.lock = threading.Lock()
        self.next_mid = 0

    def send(self, data):
        try:
            with self.lock:
                self.socket.sendall(data)
        except OSError:
            pass

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def disconnect(self, code, props=None):
        self.send(w.disconnect(self.level, code, props))
        self.close()

    def acknowledge(self, publish, code=0):
        with self.broker.state:
            self.unacknowledged.discard(publish.mid)
            self.acknowledged += 1
        self.send(w.puback(self.level, publish.mid, code))

    def deliver(self, topic, payload, qos=1, retain=False, props=None):
        with self.broker.state:
            self.next_mid = self.next_mid % 65535 + 1
            mid = self.next_mid
        if self.level != 5:
            props = None
        self.send(w.publish(self.level, topic, payload, qos, mid, retain, props))

    def _read_exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise ConnectionError("closed by the client")
            data += more
        return data

    def _read_packet(self):
        first = self._read_exactly(1)[0]
        length = shift = 0
        while True:
            b = self._read_exactly(1)[0]
            length |= (b & 127) << shift
            if not b & 128:
                break
            shift += 7
            if shift > 21:
                raise w.Malformed("remaining length")
        return first >> 4, first & 15, self._read_exactly(length)

    def run(self):
        broker = self.broker
        try:
            if broker.silent:
                while self.socket.recv(4096):
                    pass
                return
            if broker.context is not None:
                self.socket = broker.context.wrap_socket(self.socket, server_side=True)
            kind, _, body = self._read_packet()
            if kind != w.CONNECT:
                raise w.Malformed("CONNECT expected")
            self.connect = w.Connect(body)
            self.level = self.connect.level
            broker.connects.add(self)
            if broker.no_connack:
                while self.socket.recv(4096):
                    pass
                return
            code = broker.connack_code
            if callable(code):
                code = code(self)
            self.send(w.connack(self.level, code, False, broker.connack_properties))
            if code:
                return
            broker.sessions.add(self)
            if broker.after_connack is not None:
                broker.after_connack(self)
            while True:
                self._packet(*self._read_packet())
        except (OSError, ssl.SSLError, w.Malformed, ValueError) as e:
            broker.events.add(f"connection ended: {e!r}")
        finally:
            try:
                self.socket.close()
            except OSError:
                pass
            self.ended.set()
            broker.ends.add(self)

    def _packet(self, kind, flags, body):
        broker = self.broker
        if kind == w.PUBLISH:
            self._publish(w.Publish(flags, body, self.level))
        elif kind == w.SUBSCRIBE:
            r = w.Reader(body)
            mid = r.number(2)
            if self.level == 5:
                r.properties()
            codes = []
            while r.at < len(body):
                topic, options = r.text(), r.number(1)
                codes.append(options & 3 if broker.suback_code is None else broker.suback_code)
                if codes[-1] < 0x80:
                    self.subscriptions[topic] = options & 3
            broker.subscribes.add((self, list(self.subscriptions)))
            self.send(w.suback(self.level, mid, codes))
        elif kind == w.UNSUBSCRIBE:
            r = w.Reader(body)
            mid = r.number(2)
            if self.level == 5:
                r.properties()
            count = 0
            while r.at < len(body):
                self.subscriptions.pop(r.text(), None)
                count += 1
            self.send(w.unsuback(self.level, mid, count))
        elif kind == w.PINGREQ:
            broker.pings.add(self)
            if not broker.mute:
                self.send(w.packet(w.PINGRESP, 0, b""))
        elif kind == w.DISCONNECT:
            self.end_reason = body[0] if body else 0
            raise ConnectionError("DISCONNECT")
        elif kind == w.PUBACK:
            broker.client_acks.add((self, int.from_bytes(body[:2], "big")))
        else:
            broker.events.add(f"unexpected packet type {kind}")

    def _publish(self, p):
        broker = self.broker
        with broker.state:
            if p.qos:
                self.unacknowledged.add(p.mid)
                self.most_unacknowledged = max(self.most_unacknowledged, len(self.unacknowledged))
            self.publishes.append(p)
        p.connection = self
        broker.publishes.add(p)
        action = broker.on_publish(p) if broker.on_publish is not None else 0
        if action is None:
            action = 0
        if action == CLOSE:
            raise ConnectionError(f"closed on purpose at {p.topic}")
        if p.qos and action == HOLD:
            with broker.state:
                self.held.append(p)
        elif p.qos and action != IGNORE:
            if broker.puback_delay:
                time.sleep(broker.puback_delay)
            self.acknowledge(p, action)
        if action == 0 or action == HOLD:
            broker.route(p)


class FakeBroker:
    """Listens at once. tls: (certs.Pair, authority certificate or None for no client certificate)."""

    tls_name = "localhost"

    def __init__(self, tls=None, port=None):
        self.silent = False          # accepts TCP and says nothing
        self.no_connack = False      # reads CONNECT and says nothing
        self.mute = False            # answers no PINGREQ
        self.connack_code = 0        # or a function of the connection
        self.connack_properties = {}
        self.suback_code = None      # None: grant what is asked for
        self.after_connack = None    # function of the connection
        self.on_publish = None       # function of the PUBLISH: code, HOLD, CLOSE, IGNORE, None
        self.puback_delay = 0.0
        self.connects, self.sessions, self.ends = Record(), Record(), Record()
        self.publishes, self.subscribes, self.pings = Record(), Record(), Record()
        self.client_acks, self.events = Record(), Record()
        self.accepted = Record()
        self.retained = {}
        self.state = threading.RLock()
        self.context = None
        self.tls = tls is not None
        if tls is not None:
            pair, ca = tls
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pair.cert, pair.key)
            if ca:
                self.context.load_verify_locations(ca)
                self.context.verify_mode = ssl.CERT_REQUIRED
        self.port = port or free_port()
        self.listener = None
        self.listen()

    def listen(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, sock)
            self.accepted.add(connection)
            threading.Thread(target=connection.run, daemon=True).start()

    def uri(self, host="127.0.0.1"):
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def route(self, p):
        """To subscribers; retained ones are kept."""
        if p.retain:
            with self.state:
                self.retained.pop(p.topic, None)
                if p.payload:
                    self.retained[p.topic] = p.payload
        for c in list(self.sessions):
            if not c.ended.is_set() and any(w.topic_matches(s, p.topic) for s in c.subscriptions):
                c.deliver(p.topic, p.payload, 0)

    def release(self, code=0):
        """Acknowledges all that is held."""
        for c in list(self.sessions):
            with self.state:
                held, c.held = c.held, []
            for p in held:
                c.acknowledge(p, code)

    def held(self):
        return sum(len(c.held) for c in self.sessions)

    def wait_session(self, number=1, deadline=30):
        """The number-th session since the beginning."""
        self.sessions.wait_for(lambda items: len(items) >= number,
                               lambda: f"session {number} at the fake broker; its events: "
                               f"{list(self.events)}", deadline)
        return self.sessions.items[number - 1]

    def wait_publish(self, predicate, what, start=0, deadline=30):
        return self.publishes.wait(predicate, what, start, deadline)

    def stop_listening(self):
        """New connections are refused from here on."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def end(self):
        self.stop_listening()
        for c in list(self.accepted):
            c.close()
