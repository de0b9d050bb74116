"""What Bluetooth costs: load_ble is the air, and beside the daemon bare_ble reads the same packets and does nothing
with them. Each function gives rows, as in measure.py."""
import os
import tempfile
import time

from measure import Row, bare_publish, say
from stand import PREFIX, Failed

SENSORS = 100
STRAPS = 30
# Ten in a second are new values of sensors, one from each every ten seconds, two to nine readings at a time.
MIX = "".join("v" if i == 7 else "ssrnrsfrssrfrnsr"[i % 16] for i in range(200))
EACH = {"a sensor's value once more": "r", "something else of a sensor": "f", "a stranger": "s",
        "a stranger never heard before, with a name": "n"}
RATE = 2000


class Air:
    """A directory with the management channel and the straps of a load in it."""

    def __init__(self, stand, sensors=SENSORS, straps=0):
        self.stand, self.sensors, self.straps = stand, sensors, straps
        self.dir = tempfile.mkdtemp(prefix="air-", dir=stand.dir)
        os.makedirs(os.path.join(self.dir, "att"))
        self.load = stand.bench("load_ble", f"dir={self.dir}", f"sensors={sensors}", f"straps={straps}").wait_ready()

    def daemon(self, *more):
        """The daemon with all these sensors and straps; straps are connected when it returns."""
        settings = [("BLE", f"Enabled=yes\nAdapter=sim:{self.dir}\nMaxConnections=60"), *more]
        for i in range(self.sensors):
            settings.append((f"Device sensor-{i}", "Transport=ble\nBed=air\n"
                             f"Address=A4:C1:38:00:{i >> 8:02X}:{i & 255:02X}"))
        for i in range(self.straps):
            settings.append((f"Device strap-{i}", f"Transport=ble\nBed={i}\nAddress=C0:FF:EE:00:00:{i:02X}"))
        daemon = self.stand.daemon(1, settings=settings)
        end = time.monotonic() + 30
        while "a Bluetooth adapter is in use" not in daemon.log_text():
            if time.monotonic() > end:
                raise Failed("the adapter is not in use; " + daemon.errors())
            time.sleep(0.02)
        if self.straps:
            self.load.order("open")
        return daemon

    def bare(self):
        return self.stand.bench("bare_ble", f"dir={self.dir}", f"straps={self.straps}").wait_ready()

    def leave(self, other):
        self.load.leave()
        self.stand.end(self.load)
        self.stand.end(other)


def settled(program):
    """Processor time once it has nothing left to do."""
    last = program.cpu_us()
    while True:
        time.sleep(0.2)
        now = program.cpu_us()
        if now - last < 2000:
            return now
        last = now


def cost(air, program, *order):
    """(processor time of the program per packet, the load's answer)."""
    before = settled(program)
    answer = air.load.order(*order)
    return (settled(program) - before) / answer["sent"], answer


class Both:
    """One run of each: the daemon, the bare read, and a bare publisher of as many readings as the daemon made."""

    def __init__(self, stand, straps, seconds, rate, pattern=None):
        count, what = seconds * rate, [pattern] if pattern else []
        verb = "adverts" if pattern else "stream"
        air = Air(stand, straps=straps)
        daemon = air.daemon()
        sink = stand.bench("sink", f"topic={PREFIX}/beds/#", *stand.mqtt_arguments()).wait_ready()
        air.load.order(verb, rate, rate, *what)
        settled(daemon)
        early = heard(stand, sink)
        self.ours, answer = cost(air, daemon, verb, rate, count, *what)
        self.dropped = answer["dropped"]
        self.readings = heard(stand, sink) - early
        sink.leave()
        stand.end(sink)
        air.leave(daemon)
        air = Air(stand, straps=straps)
        bare = air.bare()
        self.read, _ = cost(air, bare, verb, rate, count, *what)
        air.leave(bare)
        self.publish = 0.0
        if self.readings > 0:
            each = bare_publish(stand, max(1, self.readings // seconds), self.readings)
            self.publish = each * self.readings / count

    def __str__(self):
        return f"{self.ours:.2f} us with {self.readings} readings, read {self.read:.2f} us, publishing them " \
               f"{self.publish:.2f} us, {self.dropped} dropped"


def heard(stand, sink):
    return sink.order("expect", 0, 0, stand.path("heard"))["foreign"]


def adverts(stand, runs, quick):
    seconds = 2 if quick else 8
    lost = Row(f"advertisements dropped of {seconds * RATE:,}, {RATE:,}/s, that mix", "", aim="0")
    rows = []
    for what, pattern in {"a ward's mix": MIX, **EACH}.items():
        row = Row(f"processor time per advertisement beyond the read, {RATE:,}/s: {what}; beside it the read", "us",
                  limit=10)
        rows.append(row)
        for _ in range(runs if pattern == MIX else min(runs, 3)):
            run = Both(stand, 0, seconds, RATE, pattern)
            row.add(run.ours - run.read, run.read)
            if pattern == MIX:
                lost.add(run.dropped, None)
            say(f"adverts, {what}: {run}")
    return [rows[0], lost, *rows[1:]] + values(stand, runs, quick)


def values(stand, runs, quick):
    row = Row(f"processor time per advertisement, {RATE:,}/s, each new values, published; beside "
              "it the read, and the publishing by the bare library", "us")
    for _ in range(runs):
        run = Both(stand, 0, 2 if quick else 8, RATE, "v")
        row.add(run.ours, run.read + run.publish)
        say(f"adverts, new values: {run}")
    return [row]


def flood(stand, runs, quick):
    """As fast as the daemon reads."""
    count = 20000 if quick else 200000
    row = Row("advertisements a second at most, a ward's mix without new values; beside it the read", "/s",
              aim=f">= {RATE:,}")
    for _ in range(runs):
        found = []
        for bare in (False, True):
            air = Air(stand)
            program = air.bare() if bare else air.daemon()
            _, answer = cost(air, program, "adverts", 0, count, MIX.replace("v", "r"))
            found.append(answer["sent"] * 1e6 / answer["took_us"])
            air.leave(program)
        row.add(*found)
        say(f"flood: {found[0]:,.0f}/s, bare {found[1]:,.0f}/s")
    return [row]


def streams(stand, runs, quick):
    rows = []
    for each in (1, 4):
        row = Row(f"processor time per notification, {STRAPS} straps, {each}/s each, published; beside it the read, "
                  "and the publishing by the bare library", "us")
        rows.append(row)
        for _ in range(min(runs, 3)):
            run = Both(stand, STRAPS, 3 if quick else 10, STRAPS * each)
            row.add(run.ours, run.read + run.publish)
            say(f"streams, {each}/s: {run}")
    return rows + fastest(stand, runs, quick)


def fastest(stand, runs, quick):
    """Notifications as fast as they are read; a broker confirms meanwhile."""
    count = 10000 if quick else 100000
    cpu = Row(f"processor time per notification, {STRAPS} straps as fast as they are read, published; beside it "
              "the read", "us")
    rate = Row(f"notifications a second, {STRAPS} straps, as fast as they are read; beside it the read", "/s")
    for _ in range(runs):
        found = []
        for bare in (False, True):
            air = Air(stand, straps=STRAPS)
            program = air.bare() if bare else air.daemon()
            air.load.order("stream", 120, 60)
            each, answer = cost(air, program, "stream", 0, count)
            found.append((each, answer["sent"] * 1e6 / answer["took_us"]))
            air.leave(program)
        (ours, fast), (bare, bare_fast) = found
        cpu.add(ours, bare)
        rate.add(fast, bare_fast)
        say(f"streams, fastest: {ours:.2f} us, bare {bare:.2f} us; {fast:,.0f}/s, bare {bare_fast:,.0f}/s")
    return [cpu, rate]


TAGS = (("Tag porters", "AddressPrefix=C1"), ("Tag walkers", "AddressPrefix=5A"))


def memory(stand, runs, quick):
    """Addresses and names that were never heard before; of these, one in 64 is a tag where there are groups."""
    count = 50000 if quick else 1000000
    rows = []
    for what, warm, tags in (("", 20000, ()), (", one in 64 a tag of a group", 300000, TAGS)):
        row = Row(f"memory (RSS) after {count:,} strangers with an address and a name each{what}; beside it after "
                  f"{warm:,}", "MB", aim="flat")
        rows.append(row)
        for _ in range(min(runs, 3)):
            air = Air(stand)
            daemon = air.daemon(*tags)
            air.load.order("adverts", 0, warm, "np")
            settled(daemon)
            before = daemon.rss_kib() / 1024
            air.load.order("adverts", 0, count, "np")
            settled(daemon)
            row.add(daemon.rss_kib() / 1024, before)
            air.leave(daemon)
            say(f"memory{what}: {row.ours[-1]:.2f} MB after {row.bare[-1]:.2f} MB")
    return rows


ALL = {"adverts": adverts, "flood": flood, "streams": streams, "memory": memory}
