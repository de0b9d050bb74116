"""A device under load: posts one numbered reading after the other and keeps account of what was
acknowledged."""
import threading
import time

from . import senml
from .base import wait_until


class Load:
    def __init__(self, ward, daemon, pause=0.01, identity=None):
        self.client = ward.session(daemon, identity)
        self.acknowledged, self.sent, self.latest = [], [], 1
        self.pause, self.errors = pause, []
        self.stopping, self.given_up = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        ward.keep(self)

    def _run(self):
        pending = {}
        try:
            while not self.stopping.is_set():
                # at most 8 unanswered: more than a device would keep
                if len(pending) < 8:
                    n = self.latest
                    pending[n] = self.client.post(senml.as_json(senml.record("counter", n)))
                    self.sent.append(n)
                    self.latest += 1
                self._take(pending, self.pause)
            end = time.monotonic() + 40
            while pending and time.monotonic() < end and not self.given_up.is_set():
                self._take(pending, 0.1)
        except Exception as e:  # shown by finish()
            self.errors.append(e)

    def _take(self, pending, seconds):
        self.client.pump(seconds)
        for n, m in list(pending.items()):
            answers = self.client.responses.pop(m.token, None)
            if answers:
                del pending[n]
                if answers[0].text == "2.04":
                    self.acknowledged.append(n)
                elif answers[0].text not in ("5.03", "4.29"):
                    self.errors.append(answers[0])

    def progress(self, count=30):
        """Until so many more are acknowledged."""
        goal = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= goal or self.errors,
                   lambda: f"{goal} acknowledgements, have {len(self.acknowledged)}")
        assert not self.errors, self.errors

    def finish(self):
        """Stops sending and waits for the answers; gives the numbers acknowledged."""
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive() and not self.errors, self.errors
        assert self.acknowledged, "nothing was acknowledged at all"
        return set(self.acknowledged)

    def abandon(self):
        """Stops without waiting for answers: the daemon is gone."""
        self.stopping.set()
        self.given_up.set()
        self.thread.join(60)

    def end(self):
        self.given_up.set()
        self.stopping.set()
        self.thread.join(60)


def arrived(*subscribers):
    return {r["value"] for s in subscribers for r in s.readings(metric="counter")}


def seen_so_far(load, *subscribers):
    """All that was acknowledged up to now has been seen."""
    done = set(load.acknowledged)
    wait_until(lambda: done <= arrived(*subscribers), "what was acknowledged so far")


def no_loss(load, *subscribers):
    """Every acknowledged reading arrived, each under one id of its own."""
    acknowledged = load.finish()
    wait_until(lambda: acknowledged <= arrived(*subscribers), lambda: "acknowledged, not arrived: "
               f"{sorted(acknowledged - arrived(*subscribers))[:20]}")
    ids = {}
    for s in subscribers:
        for r in s.readings(metric="counter"):
            assert ids.setdefault(r["id"], r["value"]) == r["value"], "one id, two readings"
    assert len(ids) == len(arrived(*subscribers)), "one reading under two ids"
    return acknowledged
