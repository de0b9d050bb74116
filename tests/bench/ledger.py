"""What the ledger costs and how it drains. Each function gives rows, as in measure.py; a row's other side
is the bare durable loop, or the daemon itself without what is measured, as its text says."""
import os
import shutil
import signal
import statistics
import time

from ward.base import free_port

from measure import Row, clean, say, started, times
from stand import PREFIX, Failed, Stand, device_written
from ward.base import ROOT_OF_TESTS, run

# Of the 100 devices a hundredth part of the backlog each; the live readings' numbers follow.
MARKS = 101
LIVE = f"{PREFIX}/beds/live/#"
BACKLOG = 5000000
FEW = 10000
SYNC_MS = 2000
SLICE_NS, SLICE_LEAST = 2000000000, 1000
# A ward of so many beds, each with so many readings a second.
BEDS, BED_RATE = 20, 5
GIB = 1024 ** 3


def opened(stand, settings, sessions=100, **options):
    """The daemon and a load of established sessions."""
    daemon = stand.daemon(sessions, settings=settings, **options)
    load = stand.bench("load_coap", f"gateway={stand.coap_port}", f"sessions={sessions}",
                       f"identities={sessions}")
    load.order("open")
    return daemon, load


def sliced(row, ours, beside, quantile):
    """Adds that quantile of each slice of two seconds, so that the machine's worst second is not all that
    is seen. Each side is a list of (when it left, latency)."""
    def quantiles(samples):
        slices = {}
        for at, latency in samples:
            slices.setdefault((at - samples[0][0]) // SLICE_NS, []).append(latency)
        full = [sorted(v) for v in slices.values() if len(v) > SLICE_LEAST] or [sorted(v) for v in slices.values()]
        return [v[int(len(v) * quantile)] for v in full]

    row.ours += quantiles(ours)
    row.bare += quantiles(beside)
    return statistics.median(row.ours), statistics.median(row.bare)


def latencies(left, came, numbers):
    return [(left[i], (came[i] - left[i]) / 1000) for i in numbers]


def leave(stand, *programs):
    """Those with orders leave; the others are ended."""
    for program in programs:
        if program.name != "wardgated":
            program.leave()
        stand.end(program)


# --- nothing is written while the broker confirms ---

def prompt(stand, runs, quick):
    rate, seconds = 1000, 5 if quick else 60
    what = f"per reading, broker confirms, {rate:,}/s for {seconds} s; beside it no readings"
    by_process = Row(f"bytes written by the daemon {what}", "B", aim="0")
    own = stand.disk("own")
    on_device = Row(f"bytes written to its disk ({'its own' if own else 'shared'}) {what}", "B", aim="0")
    state = os.path.join(own or stand.dir, "state")
    daemon, load = opened(stand, (), state=state)
    clean(load.order("run", rate, 0, 2 * rate), "refused")
    time.sleep(2 if quick else 20)
    if not daemon.written():
        raise Failed("the kernel does not count: not even the epoch's file was written")

    def minute(readings):
        before = daemon.written(), device_written(state)
        if readings:
            clean(load.order("run", rate, 2 * rate, readings), "refused")
        else:
            time.sleep(seconds)
        after = daemon.written(), device_written(state)
        if after[1] is None:
            return after[0] - before[0], None
        return after[0] - before[0], after[1] - before[1]

    count = rate * seconds
    idle, busy = minute(0), minute(count)
    leave(stand, load, daemon)
    by_process.add(busy[0] / count, idle[0] / count)
    if busy[1] is not None:
        on_device.add(busy[1] / count, idle[1] / count)
    say(f"prompt: {busy[0]} bytes by the daemon, {busy[1]} to the disk in {seconds} s with {count} readings; "
        f"{idle[0]} and {idle[1]} without")
    return [by_process] + ([on_device] if on_device.ours else [])


# --- storing ---

def offered(stand, *arguments):
    """In one process, as the row "publish": the gateway's rooms and a driver that offers readings."""
    program = stand.bench("offer", *arguments)
    answer = program.answer()
    program.leave()
    stand.end(program)
    return answer


def bare_insert(stand, rate, count):
    directory = stand.path("bare")
    os.makedirs(directory)
    program = stand.bench("bare_durable", "insert", f"directory={directory}", f"rate={rate}", f"count={count}")
    answer = program.answer()
    program.leave()
    stand.end(program)
    shutil.rmtree(directory)
    return answer["cpu_us"]


def away(stand, runs, quick):
    rows = []
    size = Row("bytes of file per reading stored", "B", aim="<= 120 B")
    for rate in (7000, 20000):
        row = Row(f"processor time per reading stored, {rate:,}/s, beyond the same without a store; "
                  "beside it bare group commits", "us", aim="<= 3.0 us")
        count = rate if quick else 5 * rate
        for _ in range(min(runs, 3)):
            state = stand.path("stored")
            config = stand.configure(100, broker=free_port(), state=state)
            common = (f"config={config}", f"rate={rate}", f"count={count}", f"warm={rate}")
            with_store = offered(stand, *common, "mode=store")
            shutil.rmtree(state)
            without = offered(stand, *common, "mode=memory")
            row.add(with_store["cpu_us"] - without["cpu_us"], bare_insert(stand, rate, count))
            size.add(with_store["file_per_row"], None)
            say(f"away {rate}/s: {with_store['cpu_us']:.2f} us, without a store {without['cpu_us']:.2f} us; "
                f"bare {row.bare[-1]:.2f} us; {size.ours[-1]:.1f} bytes of file per reading")
        rows.append(row)
    return rows + [size, full_ward(size.ours)]


def full_ward(bytes_per_reading):
    row = Row(f"a full ward ({BEDS} beds of {BED_RATE} readings/s each) fits into MaxSize=1G for", "h")
    for size in bytes_per_reading:
        row.add(GIB / size / (BEDS * BED_RATE) / 3600, None)
    return row


# --- draining ---

def fill(stand, name, rows):
    state = stand.path(name)
    os.makedirs(state)
    program = stand.bench("fill", f"directory={state}", f"rows={rows}", f"marks={MARKS}")
    answer = program.answer(900)
    program.leave()
    stand.end(program)
    say(f"drain: {rows:,} readings stored in {answer['seconds']:.1f} s, {answer['cpu_us']:.2f} us and "
        f"{answer['file_per_row']:.1f} bytes of file each")
    return state, answer["file_per_row"]


def bare_drain(stand, rows, row_bytes):
    directory = stand.path("bare")
    os.makedirs(directory)
    program = stand.bench("bare_durable", "drain", f"directory={directory}", f"rows={rows}",
                          f"bytes={row_bytes}", *stand.mqtt_arguments())
    answer = clean(program.answer(900), "refused", "unheard")
    program.leave()
    stand.end(program)
    shutil.rmtree(directory)
    return answer["rate"]


class Drain:
    """One drain of a state directory. 1,000 live readings/s have begun when the broker, stopped until then,
    goes on; a few marked rows tell how far the backlog is, so that nothing need receive it."""

    RATE = 1000

    def __init__(self, stand, state, rows, live_seconds, after_seconds):
        sink = stand.bench("sink", f"topic={LIVE}", *stand.mqtt_arguments()).wait_ready()
        stand.broker.child.send_signal(signal.SIGSTOP)
        try:
            daemon, load = opened(stand, [("Store", "MaxSize=8G")], state=state, bed="live",
                                  connected=False)
            self.rss_before = daemon.rss_kib() / 1024
            load.ask("run", self.RATE, MARKS, self.RATE * live_seconds, stand.path("left"))
            time.sleep(0.5)
        finally:
            stand.broker.child.send_signal(signal.SIGCONT)
        sink.ask("expect", 0, MARKS, stand.path("came"))
        self.rss = []
        while not self.rss or not sink.answers_within(0.25):
            self.rss.append(daemon.rss_kib() / 1024)
        answer = sink.answer()
        if answer["arrived"] != MARKS:
            raise Failed(f"{answer['arrived']} of {MARKS} marked readings arrived; " + daemon.errors())
        clean(load.answer(900), "refused", "retransmitted")
        marks = times(stand.path("came"))[:MARKS]
        self.seconds = (marks[MARKS - 1] - marks[0]) / 1e9
        self.rate = rows / self.seconds
        first = MARKS + self.RATE * live_seconds
        self.during = self._latencies(stand, sink, first, marks[0], marks[MARKS - 1])
        self.after = []
        if after_seconds:
            time.sleep(2)
            count = self.RATE * after_seconds
            clean(load.order("run", self.RATE, first, count, stand.path("left")), "refused", "retransmitted")
            self.after = self._latencies(stand, sink, first + count, 0, 1 << 62, first)
        self.rss_after = daemon.rss_kib() / 1024
        leave(stand, load, sink, daemon)

    @staticmethod
    def _latencies(stand, sink, end, from_ns, to_ns, first=MARKS):
        """Of the live readings that left within that time, microseconds to the subscriber."""
        answer = sink.order("expect", first, end - first, stand.path("came"))
        if answer["arrived"] != end - first:
            raise Failed(f"{answer['arrived']} of {end - first} live readings arrived")
        left = times(stand.path("left"))
        return latencies(left, times(stand.path("came")),
                         [i for i in range(first, end) if from_ns <= left[i] <= to_ns])


def drain_rows(rows):
    return Row(f"drain of {rows:,}, 1,000 live readings/s meanwhile; beside it the bare durable loop",
               "/s", least=0.6)


def drain(stand, runs, quick):
    many = 200000 if quick else BACKLOG
    few_row, many_row = drain_rows(FEW), drain_rows(many)
    for n in range(runs):
        state, size = fill(stand, f"few{n}", FEW)
        bare = bare_drain(stand, FEW, int(size))
        few_row.add(Drain(stand, state, FEW, 2, 0).rate, bare)
        say(f"drain: {FEW:,} at {few_row.ours[-1]:,.0f}/s, bare {bare:,.0f}/s")

    state, size = fill(stand, "many", many)
    rows = [few_row, many_row] + waiting(stand, state, many, quick)
    bare = bare_drain(stand, many, int(size))
    d = Drain(stand, state, many, 5 if quick else 60, 5 if quick else 30)
    many_row.add(d.rate, bare)
    ratio = Row(f"drain of {many:,} beside {FEW:,}", "/s", aim="0.85 .. 1.15")
    ratio.add(d.rate, sorted(few_row.ours)[len(few_row.ours) // 2])
    p50 = Row("latency of live readings, 1,000/s, during the drain, p50 of 2 s; beside it without", "us")
    p99 = Row("latency of live readings, 1,000/s, during the drain, p99 of 2 s; beside it without", "us", 2)
    halves = sliced(p50, d.during, d.after, 0.5)
    tails = sliced(p99, d.during, d.after, 0.99)
    third = len(d.rss) // 3 or 1
    most = Row(f"memory (RSS), most while {many:,} drain; beside it before", "MB")
    most.add(max(d.rss), d.rss_before)
    flat = Row(f"memory (RSS), most in the drain's last third; beside it in the first", "MB", aim="flat")
    flat.add(max(d.rss[-third:]), max(d.rss[:third]))
    end = Row(f"memory (RSS) after {many:,} drained; beside it before", "MB")
    end.add(d.rss_after, d.rss_before)
    say(f"drain: {many:,} at {d.rate:,.0f}/s, bare {bare:,.0f}/s; live p50 {halves[0]:.0f} us, p99 {tails[0]:.0f} us "
        f"({len(d.during)}), then {halves[1]:.0f} us, {tails[1]:.0f} us ({len(d.after)}); RSS {d.rss_before:.1f}, at "
        f"most {max(d.rss):.1f}, then {d.rss_after:.1f} MB")
    return rows + [ratio, p50, p99, most, flat, end]


def waiting(stand, state, many, quick):
    """Start to READY, in turns with an empty state directory. The broker is out of reach."""
    row = Row(f"start to READY with {many:,} readings waiting; beside it with none", "ms", aim="no slower")
    empty = stand.path("empty")
    for turn in range(4 if quick else 13):
        took = []
        for where in (state, empty):
            config = stand.configure(100, broker=free_port(), state=where, settings=[("Store", "MaxSize=8G")])
            took.append(started(stand, 200, stand.wardgated(), "--config", config)["ready_us"] / 1000)
        if turn > 0:
            row.add(*took)
    say("start: " + ", ".join(f"{a:.1f}/{b:.1f}" for a, b in zip(row.ours, row.bare)) + " ms")
    return [row]


# --- a slow disk ---

def slow_disk(stand):
    """The library that makes each sync take WARDGATE_SYNC_MS."""
    shim = stand.path("slowsync.so")
    done = run(["gcc", "-O1", "-fPIC", "-shared", "-o", shim,
                os.path.join(ROOT_OF_TESTS, os.pardir, "bench", "preload", "slowsync.c")])
    if done.returncode != 0:
        raise Failed(done.stderr)
    return shim


def slow(stand, runs, quick):
    """Nobody subscribes to the readings of one device and NoSubscriber=keep, so that each tick has something
    to commit; the others go to a subscriber."""
    shim = slow_disk(stand)
    rate, seconds = 1000, 5 if quick else 20
    p99 = Row(f"latency from datagram to subscriber, p99 of 2 s, {rate:,}/s, commits of {SYNC_MS / 1000:.0f} s; "
              "beside it the disk as it is", "us", aim="about 1")
    for _ in range(1 if quick else 2):
        took = []
        for env in ({"LD_PRELOAD": shim, "WARDGATE_SYNC_MS": str(SYNC_MS)}, {}):
            with Stand(stand.build, listener=False) as own:
                took.append(under(own, env, rate, seconds))
        tails = sliced(p99, took[0][0], took[1][0], 0.99)
        say(f"slow: p99 {tails[0]:.0f} us with answers from the disk in {took[0][1] / 1e6:.2f} s, {tails[1]:.0f} us "
            f"with {took[1][1] / 1e6:.2f} s")
        if took[0][1] < SYNC_MS * 1000:
            raise Failed("the slow disk was not slow: no commit took its time")
    return [p99]


def under(stand, env, rate, seconds):
    """Latencies, and how long a reading that only the disk makes safe took (p50), in microseconds."""
    sink = stand.bench("sink", f"topic={LIVE}", *stand.mqtt_arguments()).wait_ready()
    config = [("MQTT", "NoSubscriber=keep")]
    # The first start makes the database; that is not what a slow disk is to be measured by.
    stand.end(stand.daemon(100, settings=config, bed="live", unheard=20))
    daemon, load = opened(stand, config, bed="live", unheard=20, env=env)
    unheard = stand.bench("load_coap", f"gateway={stand.coap_port}", "sessions=20", "identities=20",
                          "prefix=unheard")
    unheard.order("open")
    unheard.order("run", 5, 499990, 5)
    unheard.ask("run", 5, 500000, 5 * seconds)
    time.sleep(1)
    first, count = 0, rate * seconds
    clean(load.order("run", rate, first, count, stand.path("left")), "refused", "retransmitted")
    answer = sink.order("expect", first, count, stand.path("came"))
    if answer["arrived"] != count:
        raise Failed(f"{answer['arrived']} of {count} readings arrived")
    left, came = times(stand.path("left")), times(stand.path("came"))
    safe = clean(unheard.answer(), "refused")
    leave(stand, load, unheard, sink, daemon)
    return latencies(left, came, range(count)), safe["ack_p50_us"]


ALL = {"prompt": prompt, "away": away, "drain": drain, "slow": slow}
