"""Independent devices with a memory of their own: each has its own DTLS session and posts packs of
readings with absolute times and values that never come twice. It keeps a pack until it is told 2.04,
and says it again, to the letter, after a time-out, in a new session or after 5.03, as a device does
that wants nothing lost. The account of what was acknowledged is the test's evidence.

load.py has the simpler device without a memory.
"""
import os
import random
import threading
import time
from decimal import Decimal

from . import coapwire, dtls, senml
from .base import Missing, wait_until
from .judge import stamp

METRIC = "counter"
SLOW = 4 if os.environ.get("WG_SANITIZER") else 1
UNANSWERED = 0.5 * SLOW  # seconds until a request is repeated
GIVEN_UP = 1.5 * SLOW    # until the session is taken for dead
IN_MEMORY = 4000         # readings; a device that has so many waits measures no more


_EARLIEST = int(time.time() * 1000) - 100 * 86400 * 1000


def some_time(n):
    """UTC milliseconds, different by more than a fleet's readings for each n; so long ago that no step of a
    clock in a test makes a future of it."""
    return _EARLIEST + n * 1000 * 1000


class Pack:
    __slots__ = ("numbers", "body", "sent", "message", "repeated", "again_at")

    def __init__(self, numbers, body):
        self.numbers, self.body = numbers, body
        self.message, self.sent, self.repeated, self.again_at = None, 0.0, False, 0.0


class Device:
    def __init__(self, fleet, identity, key, seed, t0_ms):
        self.fleet, self.identity, self.key, self.t0_ms = fleet, identity, key, t0_ms
        self.random = random.Random(seed)
        self.packs = []              # oldest first; what is not acknowledged
        self.made = 0                # readings ever taken
        self.acknowledged = []       # their numbers, in the order in which that was told
        self.answers = {}            # code -> how often
        self.sessions = 0
        self.idle = False            # told to take no more readings, and it heard that
        self.client = None
        self.pinged = None           # (message id, when)
        self.began, self.due = 0.0, 0.0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def key_of(self, n):
        """What reading number n is, as the judge names it."""
        return (self.identity, METRIC, stamp(self.t0_ms + n), Decimal(n).normalize())

    # --- measuring ---

    def _measure(self, now):
        f = self.fleet
        self.idle = not f.measuring.is_set()
        if self.idle or (f.limit and self.made >= f.limit):
            self.due = now
            return
        waiting = sum(len(p.numbers) for p in self.packs)
        while self.due <= now and waiting < IN_MEMORY:
            size = f.pack if isinstance(f.pack, int) else self.random.randint(*f.pack)
            if f.limit:
                size = min(size, f.limit - self.made)
            if size <= 0:
                return
            numbers = list(range(self.made + 1, self.made + 1 + size))
            self.made += size
            base = Decimal(self.t0_ms) / 1000
            records = [senml.record(METRIC, n, t=float(base + Decimal(n) / 1000)) for n in numbers]
            self.packs.append(Pack(numbers, senml.as_json(*records)))
            waiting += size
            self.due += size / f.rate if f.rate else 0.0
        if f.rate:
            self.due = max(self.due, now - 1.0)  # no burst for a time in which it could not measure

    # --- speaking ---

    def _connect(self):
        self.pinged = None
        try:
            path = dtls.Session("127.0.0.1", self.fleet.daemon.coap_port, self.identity, self.key, deadline=3)
        except (dtls.HandshakeFailed, OSError):
            self.fleet.ending.wait(0.05 + self.random.random() * 0.1)  # the device's own back-off
            return
        self.client = coapwire.Client(path)
        self.sessions += 1
        for p in self.packs:
            p.message = None

    def _lost(self):
        if self.client is not None:
            self.client.path.vanish()
        self.client = None

    def _speak(self, now):
        asked = [p for p in self.packs if p.message is not None]
        for p in self.packs:
            if len(asked) >= self.fleet.window:
                break
            if p.message is None and p.again_at <= now:
                p.message, p.sent, p.repeated = self.client.post(p.body), now, False
                asked.append(p)
            elif p.message is None:
                break  # told to wait: what comes behind waits as well
        for p in asked:
            if p.message.mid in self.client.acks:
                continue  # it will be answered; pings tell whether it is still there
            if now - p.sent > GIVEN_UP:
                self._lost()
                return
            if now - p.sent > UNANSWERED and not p.repeated:
                p.repeated = True
                self.client.send_again(p.message)
        self._ping(now, asked)

    def _ping(self, now, asked):
        """A long silence may mean that the gateway was started anew and does not know this session."""
        if self.pinged is not None:
            if self.client.heard > self.pinged:
                self.pinged = None
            elif now - self.pinged > GIVEN_UP:
                self._lost()
        elif asked and now - max(self.client.heard, max(p.sent for p in asked)) > UNANSWERED:
            self.pinged = now
            self.client.ping()

    def _hear(self, seconds):
        while self.client.pump(seconds):
            seconds = 0.0
        for p in self.packs:
            if p.message is None:
                continue
            answers = self.client.responses.pop(p.message.token, None)
            if answers:
                self._answered(p, answers[0])
        self.packs = [p for p in self.packs if p.numbers]

    def _answered(self, p, answer):
        code = answer.text
        self.answers[code] = self.answers.get(code, 0) + 1
        if code == "2.04":
            self.acknowledged.extend(p.numbers)
            p.numbers = []
        elif code in ("5.03", "4.29"):
            p.message = None
            p.again_at = time.monotonic() + min(1.0, answer.uint(coapwire.MAX_AGE) or 1)
        else:
            self.fleet.errors.append(f"{self.identity}: {answer!r}")
            p.numbers = []

    def _run(self):
        self.due = time.monotonic()
        f = self.fleet
        while not f.ending.is_set():
            try:
                self._measure(time.monotonic())
                if f.leaving.is_set() and not self.packs and not f.measuring.is_set():
                    break
                if self.client is None:
                    self._connect()
                    continue
                self._speak(time.monotonic())
                if self.client is not None:
                    self._hear(0.02)
            except (dtls.Closed, OSError):
                self._lost()
            except Exception as e:  # shown by the test
                f.errors.append(f"{self.identity}: {e!r}")
                break
        self._lost()


class Fleet:
    """count devices of daemon.devices from the first on. rate: readings per second and device, 0 as
    many as it takes; pack: readings in one, or the bounds of a number drawn; limit: readings per
    device; window: unanswered packs."""

    def __init__(self, daemon, count=None, rate=50.0, pack=(1, 8), window=3, limit=0, seed=1, t0_ms=None):
        self.daemon, self.rate, self.pack, self.window, self.limit = daemon, rate, pack, window, limit
        self.seed, self.errors = seed, []
        self.measuring, self.leaving, self.ending = threading.Event(), threading.Event(), threading.Event()
        self.measuring.set()
        t0_ms = t0_ms or int(time.time() * 1000) - 3600 * 1000
        names = list(daemon.devices)[:count]
        self.devices = [Device(self, name, daemon.devices[name], seed * 1000 + i, t0_ms)
                        for i, name in enumerate(names)]
        for d in self.devices:
            d.thread.start()

    def acknowledged(self):
        """Keys of all readings that some device was told to be safe."""
        return [d.key_of(n) for d in self.devices for n in list(d.acknowledged)]

    def made(self):
        return sum(d.made for d in self.devices)

    def total(self):
        return sum(len(d.acknowledged) for d in self.devices)

    def answered(self, code):
        return sum(d.answers.get(code, 0) for d in self.devices)

    def sound(self):
        assert not self.errors, self.errors[:5]

    def _wait(self, condition, what, deadline):
        def over():
            self.daemon.check()
            return self.errors or condition()
        wait_until(over, what, deadline)
        self.sound()

    def progress(self, count, deadline=60):
        """Until so many more readings are acknowledged."""
        goal = self.total() + count
        self._wait(lambda: self.total() >= goal,
                   lambda: f"{goal} acknowledgements, have {self.total()}", deadline)

    def hush(self):
        """No more readings are taken; what there is goes on being told."""
        self.measuring.clear()

    def resume(self):
        self.measuring.set()

    def finish(self, deadline=120):
        """No more readings, and every one that was taken is acknowledged. Gives their keys."""
        if self.limit:
            self._wait(lambda: self.made() >= self.limit * len(self.devices),
                       lambda: f"{self.limit} readings of each device, {self.made()} in all", deadline)
        self.hush()
        self.leaving.set()
        self._wait(lambda: not any(d.thread.is_alive() for d in self.devices),
                   lambda: f"acknowledgement of {self.made() - self.total()} readings, "
                   f"{[(d.identity, len(d.packs), d.answers, d.sessions) for d in self.devices]}", deadline)
        self.sound()
        if self.total() != self.made():
            raise Missing(f"{self.made()} readings were taken, {self.total()} acknowledged")
        assert self.total(), "nothing was acknowledged at all"
        return self.acknowledged()

    def settle(self, deadline=60):
        """hush(), and every reading is acknowledged; the sessions stay."""
        self.hush()
        self._wait(lambda: all(d.idle and not d.packs for d in self.devices),
                   lambda: f"acknowledgement of {self.made() - self.total()} readings", deadline)
        self.sound()

    def end(self):
        self.ending.set()
        for d in self.devices:
            d.thread.join(20)


def identities(count):
    """Devices for a daemon: names and keys."""
    return {f"mon{n}": f"key-of-mon{n}-0123456789" for n in range(1, count + 1)}
