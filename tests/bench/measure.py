"""What is measured. Each function gives rows: the two sides' values, run by run, side by side."""
import array
import os
import socket
import time

from ward.base import free_port

from stand import PREFIX, Failed

TRIES = 5
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


class Row:
    """ours and bare: one value per run, bare may be None. target: the highest ratio wanted; least: the
    lowest; limit: the highest value of ours; aim: what is wanted, in words; or None."""

    def __init__(self, what, unit, target=None, limit=None, least=None, aim=None):
        self.what, self.unit, self.target, self.limit = what, unit, target, limit
        self.least, self.aim = least, aim
        self.ours, self.bare = [], []

    def add(self, ours, bare):
        self.ours.append(ours)
        self.bare.append(bare)


def say(text):
    print(text, flush=True)


def clean(answer, *names):
    """A run with refusals measures something else."""
    for name in names:
        if answer.get(name):
            raise Failed(f"a run with {name}={answer[name]}: {answer}")
    return answer


# --- publishing ---

def bare_publish(stand, rate, count):
    program = stand.bench("bare_mqtt", *stand.mqtt_arguments(), f"rate={rate}", f"count={count}",
                          f"warm={min(20000, 2 * rate)}")
    answer = clean(program.answer(), "refused", "unheard")
    program.leave()
    stand.end(program)
    return answer["cpu_us"]


def publish(stand, runs, quick):
    row = Row("processor time per reading, acceptance to PUBACK, 20,000/s offered", "us", 1.25)
    rate, count = 20000, 20000 if quick else 100000
    for _ in range(runs):
        program = stand.bench("offer", f"config={stand.configure(100)}", f"rate={rate}",
                              f"count={count}")
        ours = clean(program.answer(), "refused")["cpu_us"]
        program.leave()
        stand.end(program)
        row.add(ours, bare_publish(stand, rate, count))
        say(f"publish: {row.ours[-1]:.2f} us, bare {row.bare[-1]:.2f} us")
    return [row]


# --- from CoAP to MQTT ---

class Taken:
    """One run of a CoAP load: processor time of the server per request."""

    def __init__(self, stand, server, sessions, rate, count, form):
        load = stand.bench("load_coap", f"gateway={stand.coap_port}", f"sessions={sessions}",
                           f"identities={sessions}", f"format={form}")
        load.order("open")
        clean(load.order("run", rate, 0, rate), "refused")
        for _ in range(TRIES):
            before = server.cpu_us()
            answer = clean(load.order("run", rate, rate, count), "refused")
            self.cpu_us = (server.cpu_us() - before) / count
            if not answer["retransmitted"]:
                break
            say(f"coap: {answer['retransmitted']} datagrams were lost, once more")
        else:
            raise Failed("the machine loses datagrams: " + str(answer))
        load.leave()
        stand.end(load)
        self.separate = answer["separate"]


def coap(stand, runs, quick):
    rows = []
    for count_of_sessions, rate, form in ((100, 10000, "json"), (100, 20000, "json"),
                                          (100, 10000, "cbor"), (1000, 10000, "json")):
        row = Row(f"processor time per reading, CoAP/DTLS in to MQTT out, {count_of_sessions:,} "
                  f"sessions, {rate:,}/s, SenML {form.upper()}", "us",
                  1.25 if count_of_sessions == 100 else None)
        count = rate if quick else 5 * rate
        for _ in range(runs):
            daemon = stand.daemon(count_of_sessions)
            ours = Taken(stand, daemon, count_of_sessions, rate, count, form)
            stand.end(daemon)
            server = stand.bench("bare_coap", f"listen={stand.coap_port}",
                                 f"keys={stand.keys}").wait_ready()
            bare = Taken(stand, server, count_of_sessions, rate, count, form)
            stand.end(server)
            mqtt = bare_publish(stand, rate, count)
            row.add(ours.cpu_us, bare.cpu_us + mqtt)
            say(f"coap {count_of_sessions} sessions {rate}/s {form}: {ours.cpu_us:.2f} us "
                f"({ours.separate} answered separately), bare {bare.cpu_us:.2f} + {mqtt:.2f} us")
        rows.append(row)
    return rows


# --- latency ---

def times(path):
    data = array.array("q")
    with open(path, "rb") as f:
        data.frombytes(f.read())
    return data


def latencies(stand, load, sink, rate, first, count):
    """Microseconds from each datagram to the subscriber."""
    left, came = stand.path("left"), stand.path("came")
    clean(load.order("run", rate, first, count, left), "refused", "retransmitted")
    answer = sink.order("expect", first, count, came)
    if answer["arrived"] != count:
        raise Failed(f"{answer['arrived']} of {count} readings arrived")
    start, end = times(left), times(came)
    return [(end[i] - start[i]) / 1000 for i in range(first, first + count)]


def percentiles(values):
    values = sorted(values)
    return values[len(values) // 2], values[len(values) * 99 // 100]


def latency(stand, runs, quick):
    """Both sides stand ready all the time and take turns every two seconds, so that a restless
    machine is restless for both."""
    rate, turns = 1000, 2 if quick else 5
    part = 2 * rate
    p50 = Row("latency from datagram to subscriber, p50, 1,000 readings/s", "us", 1.5)
    p99 = Row("latency from datagram to subscriber, p99, 1,000 readings/s", "us", 1.5)
    for _ in range(runs):
        daemon = stand.daemon(100)
        load = stand.bench("load_coap", f"gateway={stand.coap_port}", "sessions=100",
                           "identities=100")
        load.order("open")
        port = free_port(socket.SOCK_DGRAM)
        forward = stand.bench("bare_forward", f"listen={port}", "nodelay=1",
                              *stand.mqtt_arguments()).wait_ready()
        bare_load = stand.bench("load_udp", f"to={port}")
        sink = stand.bench("sink", f"topic={PREFIX}/beds/#", *stand.mqtt_arguments()).wait_ready()
        ours, bare = [], []
        for turn in range(turns + 1):
            first = turn * part
            took = (latencies(stand, load, sink, rate, first, part),
                    latencies(stand, bare_load, sink, rate, 500000 + first, part))
            if turn > 0:
                ours += took[0]
                bare += took[1]
        for program in (load, bare_load, sink):
            program.leave()
            stand.end(program)
        for program in (daemon, forward):
            stand.end(program)
        ours, bare = percentiles(ours), percentiles(bare)
        p50.add(ours[0], bare[0])
        p99.add(ours[1], bare[1])
        say(f"latency: p50 {ours[0]:.0f} us, bare {bare[0]:.0f} us; p99 {ours[1]:.0f} us, bare "
            f"{bare[1]:.0f} us")
    return [p50, p99]


# --- memory and start ---

def started(stand, settle_ms, *command):
    program = stand.bench("start", f"socket={stand.path('ready')}", f"settle={settle_ms}", "--",
                          *command)
    answer = program.answer()
    program.leave()
    stand.end(program)
    return answer


def idle(stand, runs, quick):
    rows = []
    settle_ms = 1000 if quick else 3000
    for about, ca in (("the hospital's own CA", stand.ca), ("Debian's CA bundle", SYSTEM_BUNDLE)):
        if not os.path.exists(ca):
            say(f"idle: {ca} is not there, not measured with it")
            continue
        rss = Row(f"memory (RSS) idle with 100 devices, {about}", "MB", 1.35)
        ready = Row(f"start to READY with 100 devices, {about}", "ms", 1.35)
        bundle = ca
        if ca == SYSTEM_BUNDLE:
            bundle = stand.path("bundle.crt")
            with open(bundle, "wb") as out:
                for part in (ca, stand.ca):
                    with open(part, "rb") as f:
                        out.write(f.read())
        for _ in range(runs):
            ours = started(stand, settle_ms, stand.wardgated(), "--config",
                           stand.configure(100, bundle))
            bare = started(stand, settle_ms, os.path.join(stand.build, "bench", "bare_init"),
                           f"ca={bundle}", f"cert={stand.of_client.cert}",
                           f"key={stand.of_client.key}")
            rss.add(ours["rss"] / 1024, bare["rss"] / 1024)
            ready.add(ours["ready_us"] / 1000, bare["ready_us"] / 1000)
            say(f"idle, {about}: {rss.ours[-1]:.2f} MB, bare {rss.bare[-1]:.2f} MB; ready in "
                f"{ready.ours[-1]:.1f} ms, bare {ready.bare[-1]:.1f} ms")
        rows += [rss, ready]
    return rows


def grown(stand, server, count):
    """KB that each of count sessions adds, once established and once each has posted."""
    before = server.rss_kib()
    load = stand.bench("load_coap", f"gateway={stand.coap_port}", f"sessions={count}",
                       f"identities={count}")
    load.order("open")
    time.sleep(1)
    established = (server.rss_kib() - before) / count
    clean(load.order("run", 500, 0, 2 * count), "refused")
    time.sleep(1)
    used = (server.rss_kib() - before) / count
    load.leave()
    stand.end(load)
    return established, used


def sessions(stand, runs, quick):
    count = 1000
    established = Row("memory of each of 1,000 DTLS sessions, established", "KB", limit=50)
    used = Row("memory of each of 1,000 DTLS sessions, after two readings each", "KB", limit=50)
    for _ in range(runs):
        daemon = stand.daemon(count)
        time.sleep(1)
        ours = grown(stand, daemon, count)
        stand.end(daemon)
        server = stand.bench("bare_coap", f"listen={stand.coap_port}",
                             f"keys={stand.keys}").wait_ready()
        bare = grown(stand, server, count)
        stand.end(server)
        established.add(ours[0], bare[0])
        used.add(ours[1], bare[1])
        say(f"sessions: {ours[0]:.1f} KB, then {ours[1]:.1f} KB; bare {bare[0]:.1f} KB, then "
            f"{bare[1]:.1f} KB")
    return [established, used]


ALL = {"publish": publish, "coap": coap, "latency": latency, "idle": idle, "sessions": sessions}
