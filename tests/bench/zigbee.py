"""What Zigbee costs: wardsim is the radio and 200 sensors beyond it, without a limit of baud, and beside the daemon
bare_zigbee is a host that only acknowledges. Each function gives rows, as in measure.py."""
import collections
import datetime
import json
import os
import shutil
import time

from ward.base import run

from measure import Row, bare_publish, say
from stand import PREFIX, Failed, ROOT

DEVICES = 200
VERSION = 14
FAST = 15000
ALL_IT_CAN = 1000000
UP = "the Zigbee network is up"
REBOOT_MS = 500


def wait(condition, what, patience=120):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise Failed(what())
        time.sleep(0.0005)


class Radio:
    """wardsim zigbee in a directory, with the flash that is there, if any."""

    def __init__(self, stand, directory, rate=0, radio=(), events=(), log="yes"):
        self.dir, self.link = directory, os.path.join(directory, "radio")
        self.log = os.path.join(directory, "sent.jsonl")
        lines = ["[Radio]", f"Version={VERSION}", "Queue=1000", "Overflow=wait", *radio, "[Device tag]",
                 "Kind=temperature", "Join=known", "EUI64=A4:C1:38:00:00:00:00:00", f"Count={DEVICES}", "Poll=20ms",
                 f"Log={log}"]
        for i, event in enumerate(events):
            lines += [f"[Event e{i}]", *event]
        with open(os.path.join(directory, "load.ini"), "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        self.stand = stand
        self.program = stand.start([os.path.join(stand.build, "wardsim"), "zigbee", "--pty", self.link, "--state",
                                    os.path.join(directory, "flash"), "--log", self.log, "--rate", str(rate),
                                    os.path.join(directory, "load.ini")])
        wait(lambda: os.path.islink(self.link), self.program.errors)

    def end(self):
        """Returns its statistics."""
        self.stand.end(self.program)
        return self.events("statistics")[-1]

    def lines(self):
        with open(self.log, encoding="utf-8") as f:
            return [json.loads(line, parse_float=str, parse_int=str) for line in f if line.endswith("\n")]

    def events(self, name):
        return [line for line in self.lines() if line.get("event") == name]


class Ward:
    """A network that knows its sensors, as after a first day; each run goes on from there."""

    def __init__(self, stand):
        self.stand, self.count = stand, 0
        self.first = stand.path("zigbee-first")
        os.makedirs(self.first)
        radio = Radio(stand, self.first, rate=200, log="no")
        daemon = self.daemon(self.first)
        wait(lambda: daemon.log_text().count("a device is set up") >= DEVICES, daemon.errors)
        stand.end(daemon)
        stand.end(radio.program)

    def directory(self):
        self.count += 1
        to = self.stand.path(f"zigbee-{self.count}")
        shutil.copytree(self.first, to, symlinks=True)
        return to

    def daemon(self, directory, enabled="yes", env=None):
        settings = [("Zigbee", f"Enabled={enabled}\nPort={directory}/radio\nFlowControl=none\nAllowWellKnownKey=yes")]
        for i in range(DEVICES):
            settings.append((f"Device {name(i)}", f"Transport=zigbee\nBed=air\nAddress=A4:C1:38:00:00:00:00:{i:02X}"))
        return self.stand.daemon(0, state=os.path.join(directory, "state"), settings=settings, env=env)

    def sink(self, directory, topic="beds/#", file="came"):
        return self.stand.bench("sink", f"topic={PREFIX}/{topic}", f"name={file}", f"keep={directory}/{file}",
                                *self.stand.mqtt_arguments()).wait_ready()

    def leave(self, *programs):
        for program in programs:
            self.stand.end(program)


def name(i):
    return f"tag-{i + 1}"


def heard(sink):
    return sink.order("heard")["heard"]


def settle(sink, count):
    """Waits for so many, or until none has come for a while: what is missing then is counted."""
    last, since = -1, time.monotonic()
    while last < count and time.monotonic() - since < 10:
        now = heard(sink)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.05)


def came(directory, file="came"):
    """(UTC in microseconds, reading or record) of all that the subscriber heard."""
    with open(os.path.join(directory, file), encoding="utf-8") as f:
        for line in f:
            at, _, text = line.partition(" ")
            yield int(at), json.loads(text, parse_float=str, parse_int=str)


def utc_us(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(at.timestamp() * 1000000)


def wrong(radio, directory):
    """Values that were acknowledged and did not come, or came and were not sent as often, each for each."""
    sent, must = collections.Counter(), collections.Counter()
    for line in radio.lines():
        if "metric" in line:
            key = (line["device"], line["metric"], line["value"])
            (must if line["acknowledged"] else sent)[key] += 1
    seen = collections.Counter((r["device"], r["metric"], r["value"]) for _, r in came(directory))
    return sum((must - seen).values()), sum((seen - sent).values()), sum(must.values())


def given_up(directory):
    """How many messages gap records say will not come."""
    return sum(int(r["count"]) for _, r in came(directory, "records") if r["record"] == "gap")


class Through:
    """One run through to the subscriber at that rate, measured when it is steady."""

    def __init__(self, ward, rate, seconds):
        directory = ward.directory()
        radio = Radio(ward.stand, directory, rate)
        sink, records = ward.sink(directory), ward.sink(directory, "gateways/+/records", "records")
        daemon = ward.daemon(directory)
        wait(lambda: UP in daemon.log_text(), daemon.errors)
        time.sleep(1)
        first, cpu, began = heard(sink), daemon.cpu_us(), time.monotonic()
        self.rss = 0
        for _ in range(seconds):
            time.sleep(1)
            self.rss = max(self.rss, daemon.rss_kib() / 1024)
        count, took = heard(sink) - first, time.monotonic() - began
        self.cpu_us, self.rate = (daemon.cpu_us() - cpu) / count, count / took
        told = radio.end()
        self.sent, self.wait_ms = int(told["acknowledged"]), int(told["longest_wait_us"]) / 1000
        self.again = int(told["retransmitted"])
        settle(sink, self.sent)
        for program in (sink, records):
            program.order("kept")
            program.leave()
        ward.leave(sink, records, daemon)
        self.lost, self.more, self.compared = wrong(radio, directory)
        self.told = given_up(directory)
        shutil.rmtree(directory)

    def __str__(self):
        return f"{self.rate:,.0f}/s, {self.cpu_us:.1f} us, {self.rss:.2f} MB, longest wait for an acknowledgement " \
               f"{self.wait_ms:.1f} ms, {self.again} frames sent again; of {self.compared:,} values {self.lost} " \
               f"lost, {self.told} of them by gap records, {self.more} too many"


def longest_turn(ward, rate, seconds):
    """Milliseconds of the longest turn of the daemon's loop, by its own doing, once the network is up."""
    shim, directory = ward.stand.path("looptime.so"), ward.directory()
    done = run(["gcc", "-O1", "-fPIC", "-shared", "-o", shim,
                os.path.join(ROOT, "tests", "bench", "preload", "looptime.c")])
    if done.returncode != 0:
        raise Failed(done.stderr)
    radio, turns = Radio(ward.stand, directory, rate), os.path.join(directory, "turns")
    daemon = ward.daemon(directory, env={"LD_PRELOAD": shim, "WARDGATE_LOOPTIME": turns})
    wait(lambda: UP in daemon.log_text(), daemon.errors)
    with open(turns, "w", encoding="ascii"):
        pass
    time.sleep(seconds)
    ward.leave(daemon)
    radio.end()
    with open(turns, encoding="ascii") as f:
        found = int(f.read().split()[0]) / 1000
    shutil.rmtree(directory)
    return found


class Bare:
    """The same radio, and a host that acknowledges."""

    def __init__(self, ward, rate, seconds, log="yes"):
        directory = ward.directory()
        radio = Radio(ward.stand, directory, rate, log=log)
        host = ward.stand.bench("bare_zigbee", f"port={radio.link}", f"version={VERSION}").wait_ready()
        time.sleep(0.5)
        first, cpu, began = host.order("count")["frames"], host.cpu_us(), time.monotonic()
        time.sleep(seconds)
        count, took = host.order("count")["frames"] - first, time.monotonic() - began
        self.cpu_us, self.rate = (host.cpu_us() - cpu) / count, count / took
        host.leave()
        ward.leave(host)
        self.wait_ms = int(radio.end()["longest_wait_us"]) / 1000
        shutil.rmtree(directory)

    def __str__(self):
        return f"{self.rate:,.0f}/s, {self.cpu_us:.1f} us, longest wait {self.wait_ms:.1f} ms"


def idle_mb(ward):
    """The daemon with those devices in its configuration, and no Zigbee."""
    directory = ward.directory()
    daemon = ward.daemon(directory, enabled="no")
    time.sleep(2)
    rss = daemon.rss_kib() / 1024
    ward.leave(daemon)
    return rss


def reports(stand, runs, quick):
    """At what is wanted, and as fast as it goes."""
    ward, seconds = Ward(stand), 2 if quick else 6
    most = Row(f"reports a second through to the subscriber at most, {DEVICES} sensors; beside it the bare host, to "
               "nobody", "/s", aim=f">= {FAST:,}")
    most_cpu = Row("processor time per report, as fast as they are taken; beside it the read, and the publishing by "
                   "the bare library", "us", limit=30)
    cpu = Row(f"processor time per report, {FAST:,}/s offered; beside it the read, and the publishing by the bare "
              "library", "us", limit=30)
    lost = Row("values acknowledged and lost; beside it values that came and were not sent, or too often", "", aim="0")
    memory = Row(f"memory (RSS) at {FAST:,}/s beyond the same daemon idle without Zigbee; beside it that daemon", "MB",
                 limit=4)
    delay = Row(f"longest wait of the radio for an acknowledgement, {FAST:,}/s; beside it for that of the bare host",
                "ms", limit=100)
    turn = Row(f"longest turn of the daemon's loop, {FAST:,}/s: no acknowledgement goes before its end; beside it as "
               "fast as it goes", "ms", limit=100)
    for _ in range(runs):
        ours, bare, idle = Through(ward, FAST, seconds), Bare(ward, FAST, seconds), idle_mb(ward)
        cpu.add(ours.cpu_us, bare.cpu_us + bare_publish(stand, FAST, seconds * FAST))
        memory.add(ours.rss - idle, idle)
        delay.add(ours.wait_ms, bare.wait_ms)
        say(f"reports, {FAST:,}/s: {ours}; bare: {bare}; idle {idle:.2f} MB")
        full, bare_full = Through(ward, ALL_IT_CAN, seconds), Bare(ward, ALL_IT_CAN, seconds)
        most.add(full.rate, bare_full.rate)
        most_cpu.add(full.cpu_us, bare_full.cpu_us + bare_publish(stand, max(1, int(full.rate)), seconds * FAST))
        lost.add(ours.lost + full.lost, ours.more + full.more)
        turn.add(longest_turn(ward, FAST, seconds), longest_turn(ward, ALL_IT_CAN, seconds))
        say(f"reports, all it can: {full}; bare: {bare_full}; longest turn {turn.ours[-1]:.2f}, {turn.bare[-1]:.2f} ms")
    return [most, most_cpu, cpu, lost, memory, delay, turn] + slower(ward, runs, quick)


def slower(ward, runs, quick):
    rows = []
    for rate in (200, 1000):
        row = Row(f"processor time per report, {rate:,}/s; beside it the read, and the publishing by the bare library",
                  "us")
        rows.append(row)
        seconds = 2 if quick else 6
        for _ in range(min(runs, 3)):
            ours, bare = Through(ward, rate, seconds), Bare(ward, rate, seconds)
            row.add(ours.cpu_us, bare.cpu_us + bare_publish(ward.stand, rate, seconds * rate))
            say(f"reports, {rate}/s: {ours}; bare: {bare}")
    return rows


# --- resets and starts ---

def away_us(radio, since):
    """How long the radio was rebooting in all, from there on."""
    total, off = 0, None
    for line in radio.lines():
        if line.get("event") == "reset" and utc_us(line["at"]) >= since:
            off = off or utc_us(line["at"])
        elif line.get("event") in ("boot", "failed") and off:
            total, off = total + utc_us(line["at"]) - off, None
    return total


def resets(stand, runs, quick):
    """The watchdog of the radio, with 200 reports a second before and after."""
    ward = Ward(stand)
    row = Row("from a reset of the radio to the first reading at the subscriber, beyond the radio's reboots; beside "
              "it those", "ms", limit=600)
    for _ in range(runs):
        directory = ward.directory()
        radio = Radio(stand, directory, 200, [f"Reboot={REBOOT_MS}ms"], [("At=6s", "Do=reset", "Amount=3")])
        sink, daemon = ward.sink(directory), ward.daemon(directory)
        wait(lambda r=radio: any(e.get("code") == "3" for e in r.events("reset")), radio.program.errors)
        at = next(utc_us(e["at"]) for e in radio.events("reset") if e.get("code") == "3")
        wait(lambda d=daemon: d.log_text().count(UP) >= 2, daemon.errors)
        time.sleep(0.5)
        radio.end()
        sink.order("kept")
        sink.leave()
        ward.leave(sink, daemon)
        times = [t for t, _ in came(directory) if t >= at]
        holes = [(b - a, b) for a, b in zip([at, *times], times)]
        radios = away_us(radio, at)
        row.add((max(holes)[1] - at - radios) / 1000, radios / 1000)
        say(f"resets: {row.ours[-1]:.1f} ms beside {row.bare[-1]:.1f} ms of the radio's")
        shutil.rmtree(directory)
    return [row]


def starts(stand, runs, quick):
    """A daemon that knows its network and its devices, and a radio that is there."""
    ward = Ward(stand)
    row = Row("from the daemon's start to the Zigbee network up, beyond the radio's reboot; beside it that", "ms",
              limit=200)
    for _ in range(runs):
        directory = ward.directory()
        radio = Radio(stand, directory, 0, [f"Reboot={REBOOT_MS}ms"])
        time.sleep(0.2)
        began = time.time()
        daemon = ward.daemon(directory)
        wait(lambda d=daemon: UP in d.log_text(), daemon.errors)
        took = time.time() - began
        radio.end()
        ward.leave(daemon)
        radios = away_us(radio, began * 1000000)
        row.add(took * 1000 - radios / 1000, radios / 1000)
        say(f"starts: {row.ours[-1]:.1f} ms beside {row.bare[-1]:.1f} ms of the radio's")
        shutil.rmtree(directory)
    return [row]


ALL = {"reports": reports, "resets": resets, "starts": starts}
