"""What alarms cost, and how soon they are heard. Each function gives rows, as in measure.py; beside an alarm's
latency stands that of the plain readings of the same seconds."""
import os
import signal
import subprocess
import time

from ledger import BACKLOG, LIVE, MARKS, SYNC_MS, fill, leave, opened, slow_disk
from measure import Row, clean, say, times
from stand import PREFIX, Failed, Stand

ALARMS = f"{PREFIX}/alarms/+/+/events"
SESSIONS = 100
RULES = 1000
RATE = 1000
# A reading's value is this and its number as six decimals, see bench.h.
VALUE = "60.{:06d}"


# --- judging ---

def judging(stand, runs, quick):
    """The engine alone, on a counted clock."""
    rows = {}
    for _ in range(min(runs, 3)):
        out = subprocess.run([os.path.join(stand.build, "bench", "alarms"), "5" if quick else "60"], check=True,
                             capture_output=True, text=True).stdout
        for line in out.splitlines():
            what, took = line[:46].strip(), float(line[46:].split()[0])
            row = rows.setdefault(what, Row(f"judging a reading, 1,000 devices, 7,000/s: {what}", "us",
                                            aim="<= 2.0 us" if not rows else None))
            row.add(took, None)
            say(f"judging: {took:.3f} us, {what}")
    return list(rows.values())


# --- latency ---

def rules(first, count):
    """A rule for one device each, so that alarms start at even distances: each with the first reading of its
    device from a number on."""
    settings = []
    for n in range(RULES):
        number = first + SESSIONS + n * ((count - SESSIONS) // RULES)
        settings.append((f"Rule r{n}", "\n".join([
            "Type=limit", "Metric=heart-rate", "Priority=low", "Above=" + VALUE.format(number), "Hysteresis=0",
            f"Devices=bench-{n % SESSIONS:03d}"])))
    return settings


class Heard:
    """The two subscribers, and what they have heard."""

    def __init__(self, stand):
        self.stand = stand
        self.plain = stand.bench("sink", f"topic={LIVE}", *stand.mqtt_arguments()).wait_ready()
        self.alarms = stand.bench("sink", "name=sink-alarms", f"topic={ALARMS}", 'with="phase":"start"',
                                  *stand.mqtt_arguments()).wait_ready()

    def latencies(self, first, count, from_ns=0, to_ns=1 << 62):
        """(of alarms, of the other readings): microseconds from the datagram, of what left within that time."""
        came, alarmed = self.stand.path("came"), self.stand.path("alarmed")
        answer = self.plain.order("expect", first, count, came)
        if answer["arrived"] != count:
            raise Failed(f"{answer['arrived']} of {count} readings arrived")
        left, came, alarmed = times(self.stand.path("left")), times(came), self._alarmed(alarmed, first, count)
        within = [n for n in range(first, first + count) if from_ns <= left[n] <= to_ns]
        return ([(alarmed[n] - left[n]) / 1000 for n in within if alarmed[n]],
                [(came[n] - left[n]) / 1000 for n in within if not alarmed[n]])

    def _alarmed(self, path, first, count):
        """When alarms on these readings came, by number. All of them must have."""
        for _ in range(50):
            self.alarms.order("expect", first, 0, path)
            heard = times(path)
            started = sum(1 for n in range(first, first + count) if heard[n])
            if started >= RULES:
                return heard
            time.sleep(0.1)
        raise Failed(f"{started} of {RULES} alarms were heard")

    def leave(self):
        leave(self.stand, self.plain, self.alarms)


def quantile(values, q):
    return sorted(values)[int(len(values) * q)]


class Pair:
    """p50 and p99 of alarms beside plain readings, under some circumstance."""

    def __init__(self, circumstance):
        what = f"an alarm from datagram to subscriber, {RATE:,} readings/s{circumstance}; beside it a plain reading"
        self.name = circumstance.strip(", ") or "plain"
        self.rows = [Row(f"{what}, p50", "us"), Row(f"{what}, p99", "us", 1.5)]

    def add(self, alarms, plain):
        for row, q in zip(self.rows, (0.5, 0.99)):
            row.add(quantile(alarms, q), quantile(plain, q))
        p50, p99 = self.rows
        say(f"alarms {self.name}: p50 {p50.ours[-1]:.0f} us beside {p50.bare[-1]:.0f}, p99 {p99.ours[-1]:.0f} us "
            f"beside {p99.bare[-1]:.0f} ({len(alarms)} alarms, {len(plain)} readings)")


def measured(stand, seconds, env=None):
    count = RATE * seconds
    first = RATE  # what comes first makes the sensors known
    settings = rules(first, count)
    heard = Heard(stand)
    daemon, load = opened(stand, settings, SESSIONS, bed="live", env=env)
    clean(load.order("run", RATE, 0, first), "refused")
    clean(load.order("run", RATE, first, count, stand.path("left")), "refused", "retransmitted")
    got = heard.latencies(first, count)
    leave(stand, load, daemon)
    heard.leave()
    return got


def latency(stand, runs, quick):
    pair = Pair("")
    for _ in range(min(runs, 3)):
        pair.add(*measured(stand, 5 if quick else 20))
    return pair.rows


def slow(stand, runs, quick):
    """Alarms are kept durably, too: each second's changes are one file written with two syncs."""
    pair = Pair(f", the disk takes {SYNC_MS / 1000:.0f} s for a sync")
    shim = slow_disk(stand)
    with Stand(stand.build, listener=False) as own:
        pair.add(*measured(own, 5 if quick else 20, {"LD_PRELOAD": shim, "WARDGATE_SYNC_MS": str(SYNC_MS)}))
    return pair.rows


def drain(stand, runs, quick):
    rows = 200000 if quick else BACKLOG
    seconds = 10 if quick else 100
    pair = Pair(f", {rows:,} stored ones drain")
    state, _ = fill(stand, "many", rows)
    count = RATE * seconds
    settings = rules(MARKS, count)
    heard = Heard(stand)
    stand.broker.child.send_signal(signal.SIGSTOP)
    try:
        daemon, load = opened(stand, [("Store", "MaxSize=8G")] + settings, SESSIONS, state=state, bed="live",
                              connected=False)
        load.ask("run", RATE, MARKS, count, stand.path("left"))
        time.sleep(0.5)
    finally:
        stand.broker.child.send_signal(signal.SIGCONT)
    answer = heard.plain.order("expect", 0, MARKS, stand.path("came"))
    if answer["arrived"] != MARKS:
        raise Failed(f"{answer['arrived']} of {MARKS} marked readings arrived; " + daemon.errors())
    marks = times(stand.path("came"))[:MARKS]
    clean(load.answer(900), "refused", "retransmitted")
    pair.add(*heard.latencies(MARKS, count, marks[0], marks[MARKS - 1]))
    leave(stand, load, daemon)
    heard.leave()
    return pair.rows


ALL = {"judging": judging, "alarms": latency, "alarms-slow": slow, "alarms-drain": drain}
