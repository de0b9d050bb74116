"""A wire between the daemon and its broker that can be cut in the ways that wires are: closed, or a
black hole that takes and gives nothing while both ends think that they are connected."""
import selectors
import socket
import threading

from .base import Record, free_port

_CHUNK = 65536


class _Link:
    """One connection through the proxy: two sockets, and what is on its way to each."""

    def __init__(self, client, server):
        self.ends = (client, server)
        self.waiting = {client: bytearray(), server: bytearray()}
        self.carried = 0  # bytes from the client

    def other(self, end):
        return self.ends[1] if end is self.ends[0] else self.ends[0]


class Proxy:
    """Stands for the broker where a daemon is configured. One thread of its own."""

    def __init__(self, broker):
        self.broker, self.tls = broker, broker.tls
        self.port = free_port()
        self.links = Record()   # every connection that there ever was
        self.lock = threading.Lock()
        self.open = set()
        self.held = False
        self.hold_after = None  # bytes from the client in the newest link, then a black hole
        self.selector = selectors.DefaultSelector()
        self.listener = None
        self.wake_r, self.wake_w = socket.socketpair()
        self.selector.register(self.wake_r, selectors.EVENT_READ)
        self.orders, self.ending = [], False
        self._listen()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def uri(self, host="localhost"):
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def _listen(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        self.selector.register(self.listener, selectors.EVENT_READ)

    # --- what a test orders; each returns once it is so ---

    def _order(self, what):
        done = threading.Event()
        with self.lock:
            self.orders.append((what, done))
        self.wake_w.send(b"x")
        assert done.wait(30), "the proxy's thread is gone"

    def hold(self):
        """A black hole from now on, for new connections as well: nothing is read, written or closed."""
        self._order(self._hold)

    def release(self):
        """Those that were held go on as if nothing had been."""
        self._order(self._release)

    def cut(self):
        """All connections are closed; new ones are taken."""
        self._order(self._cut)

    def away(self):
        """All connections are closed and new ones refused."""
        self._order(self._away)

    def back(self):
        self._order(self._back)

    def _hold(self):
        self.held = True
        for link in self.open:
            self._watch(link)

    def _release(self):
        self.held, self.hold_after = False, None
        for link in list(self.open):
            self._watch(link)

    def _cut(self):
        for link in list(self.open):
            self._close(link)

    def _away(self):
        if self.listener is not None:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None
        self._cut()

    def _back(self):
        if self.listener is None:
            self._listen()

    # --- the thread ---

    def _run(self):
        while not self.ending:
            for key, events in self.selector.select():
                if key.fileobj is self.wake_r:
                    self.wake_r.recv(4096)
                elif key.fileobj is self.listener:
                    self._accept()
                elif key.data in self.open:
                    self._move(key.data, key.fileobj, events)
            with self.lock:
                orders, self.orders = self.orders, []
            for what, done in orders:
                what()
                done.set()

    def _accept(self):
        client, _ = self.listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.broker.port), 5)
        except OSError:
            client.close()  # the broker itself is away
            return
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.setblocking(False)
        link = _Link(client, server)
        self.open.add(link)
        self._watch(link)
        self.links.add(link)

    def _watch(self, link):
        for end in link.ends:
            events = 0
            if not self.held:
                if len(link.waiting[link.other(end)]) < 4 * _CHUNK:
                    events |= selectors.EVENT_READ
                if link.waiting[end]:
                    events |= selectors.EVENT_WRITE
            known = self.selector.get_map().get(end.fileno())
            if known is None and events:
                self.selector.register(end, events, link)
            elif known is not None and not events:
                self.selector.unregister(end)
            elif known is not None and known.events != events:
                self.selector.modify(end, events, link)

    def _move(self, link, end, events):
        try:
            if events & selectors.EVENT_READ and not self.held:
                data = end.recv(_CHUNK)
                if not data:
                    self._close(link)
                    return
                other = link.other(end)
                link.waiting[other] += data
                if end is link.ends[0]:
                    link.carried += len(data)
                    if self.hold_after is not None and link.carried >= self.hold_after:
                        self._hold()
                        return
                self._flush(link, other)
            if events & selectors.EVENT_WRITE and not self.held:
                self._flush(link, end)
        except BlockingIOError:
            pass
        except OSError:
            self._close(link)
            return
        self._watch(link)

    @staticmethod
    def _flush(link, end):
        waiting = link.waiting[end]
        try:
            while waiting:
                n = end.send(waiting)
                del waiting[:n]
        except BlockingIOError:
            pass

    def _close(self, link):
        self.open.discard(link)
        for end in link.ends:
            if self.selector.get_map().get(end.fileno()) is not None:
                self.selector.unregister(end)
            end.close()

    def end(self):
        def finish():
            self._away()
            self.ending = True
        if self.thread.is_alive():
            self._order(finish)
            self.thread.join(10)
        self.selector.close()
        self.wake_r.close()
        self.wake_w.close()
