"""A caller of the gateway's D-Bus service, by code that it does not share (jeepney), and the daemon on a
private bus. The bus itself is dbus.py's."""
import itertools
import json
import re
import threading

from jeepney import DBusAddress, HeaderFields, MatchRule, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from .base import DEADLINE, Record
from .dbus import NAME, PATH, PrivateBus, Refused

PROPERTIES = "org.freedesktop.DBus.Properties"


class Signal:
    def __init__(self, m):
        self.member = m.header.fields.get(HeaderFields.member)
        self.interface = m.header.fields.get(HeaderFields.interface)
        self.destination = m.header.fields.get(HeaderFields.destination)
        self.body = m.body

    def __repr__(self):
        return f"{self.member}{self.body!r}"


class Caller:
    """One connection: calls from any thread, signals into .signals. broadcasts: also those that are for
    everybody."""

    def __init__(self, bus, broadcasts=True):
        self.address = bus.address
        self.connection = open_dbus_connection(bus.address)
        self.signals = Record()
        self.replies = Record()
        self.lock = threading.Lock()
        self.serials = itertools.count(1000)
        self.reading = threading.Event()
        self.reading.set()
        self.ended = False
        if broadcasts:
            rule = MatchRule(type="signal", sender=NAME)
            self.connection.send_and_get_reply(message_bus.AddMatch(rule))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    @property
    def name(self):
        return self.connection.unique_name

    def _read(self):
        while not self.ended:
            self.reading.wait()
            try:
                m = self.connection.receive(timeout=0.1)
            except TimeoutError:
                continue
            except (OSError, ConnectionError, ValueError):
                return
            kind = m.header.message_type
            if kind is MessageType.signal:
                self.signals.add(Signal(m))
            elif kind in (MessageType.method_return, MessageType.error):
                self.replies.add(m)

    def send(self, member, signature="", body=(), interface=NAME, name=NAME):
        """Does not wait; gives what wait() takes."""
        m = new_method_call(DBusAddress(PATH, name, interface), member, signature, body)
        serial = next(self.serials)
        with self.lock:
            self.connection.send(m, serial=serial)
        return serial

    def wait(self, serial, deadline=DEADLINE):
        """The body, or raises Refused."""
        reply = self.replies.wait(lambda m: m.header.fields[HeaderFields.reply_serial] == serial,
                                  f"a reply to call {serial}", deadline=deadline)
        if reply.header.message_type is MessageType.error:
            error = reply.header.fields[HeaderFields.error_name]
            raise Refused(re.sub(rf"^{NAME}\.Error\.", "", error), reply.body[0] if reply.body else "")
        return reply.body

    def call(self, member, signature="", *body, deadline=DEADLINE, **kwargs):
        """The one thing that comes back, or None."""
        got = self.wait(self.send(member, signature, body, **kwargs), deadline)
        assert len(got) <= 1, got
        return got[0] if got else None

    def run(self, verb, deadline=DEADLINE, **arguments):
        return json.loads(self.call("Run", "ss", verb, json.dumps(arguments) if arguments else "",
                                    deadline=deadline))

    def get(self, name):
        return self.call("Get", "ss", NAME, name, interface=PROPERTIES)[1]

    def properties(self):
        return {k: v[1] for k, v in self.call("GetAll", "s", NAME, interface=PROPERTIES).items()}

    def mark(self):
        return len(self.signals)

    def signal(self, member, where=lambda *body: True, start=0, deadline=DEADLINE):
        """Waits for one; gives its body."""
        return self.signals.wait(lambda s: s.member == member and where(*s.body), f"the signal {member}",
                                 start, deadline).body

    def end(self):
        self.ended = True
        self.reading.set()
        self.thread.join(5)
        self.connection.close()


def refused(function, *args, **kwargs):
    """What it is refused with: (name, message)."""
    try:
        got = function(*args, **kwargs)
    except Refused as e:
        return e.name, e.message
    raise AssertionError(f"it was not refused, but answered {got!r}")


def served(ward, broker=None, bus=None, start=True, **kwargs):
    """(daemon, caller) on a bus of the test's own, and a broker that takes all."""
    broker = broker or ward.fake()
    bus = bus or ward.keep(PrivateBus(ward._sub("bus")))
    sections = {"Control": {"Bus": bus.address}, **kwargs.pop("sections", {})}
    daemon = ward.daemon(broker, start=start, sections=sections, **kwargs)
    if not start:
        return daemon, bus
    wait_served(daemon)
    return daemon, ward.keep(Caller(bus))


def wait_served(daemon, start=0, deadline=DEADLINE):
    daemon.wait_log("serving on the message bus", start, deadline)


