"""The policy of the system bus: who may be org.wardgate.Gateway1, call it, and hear its signals.

Not for what the service answers: here another program owns the name, with the daemon's user.
"""
import contextlib
import os

import pytest
from jeepney import DBusAddress, HeaderFields, MatchRule, MessageType, new_method_call, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME = "org.wardgate.Gateway1"
GATEWAY = DBusAddress("/org/wardgate/Gateway1", bus_name=NAME, interface=NAME)
DENIED = "org.freedesktop.DBus.Error.AccessDenied"
PATIENCE = 20


@pytest.fixture(scope="module")
def machine(boot, debs):
    with boot() as m:
        m.copy(debs["wardgate"], "/srv/wardgate.deb")
        m.run("dpkg -i /srv/wardgate.deb")
        m.run("useradd --groups wardgate nurse && useradd visitor")
        yield m


@pytest.fixture
def connect(machine):
    """connect(user): a connection to the machine's bus as that user of the machine."""
    connections = contextlib.ExitStack()

    def one(user):
        uid = int(machine.output(f"id -u {user}"))
        groups = [int(g) for g in machine.output(f"id -G {user}").split()]
        # By a relative path: only root can follow another system's absolute one.
        here, own_groups = os.getcwd(), os.getgroups()
        os.chdir(machine.path("/run/dbus"))
        os.setgroups(groups)
        os.setegid(groups[0])
        os.seteuid(uid)
        try:
            c = open_dbus_connection("unix:path=system_bus_socket")
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(own_groups)
            os.chdir(here)
        connections.callback(c.close)
        return c

    with connections:
        yield one


def ask(connection, message):
    """The first thing that comes back: its reply, or the name of its error."""
    reply = connection.send_and_get_reply(message, timeout=PATIENCE)
    if reply.header.message_type == MessageType.error:
        return reply.header.fields[HeaderFields.error_name]
    return reply.body


def own(connection):
    return ask(connection, message_bus.RequestName(NAME))


@pytest.fixture
def gateway(connect):
    c = connect("wardgate")
    assert own(c) == (1,)
    return c


@pytest.mark.parametrize("user", ["root", "nurse", "visitor"])
def test_nobody_else_can_be_the_gateway(connect, user):
    assert own(connect(user)) == DENIED


@pytest.mark.parametrize("user", ["root", "nurse"])
def test_root_and_the_group_may_call_it(connect, gateway, user):
    caller = connect(user)
    caller.send(new_method_call(GATEWAY, "Hello"))
    call = gateway.receive(timeout=PATIENCE)
    while call.header.message_type != MessageType.method_call:
        call = gateway.receive(timeout=PATIENCE)
    gateway.send(new_method_return(call, "s", ("well",)))
    reply = caller.receive(timeout=PATIENCE)
    while reply.header.message_type not in (MessageType.method_return, MessageType.error) or not reply.body:
        reply = caller.receive(timeout=PATIENCE)
    assert reply.body == ("well",)


def test_others_may_not_call_it(connect, gateway):
    assert ask(connect("visitor"), new_method_call(GATEWAY, "Hello")) == DENIED


@pytest.mark.parametrize("user,heard", [("root", True), ("nurse", True), ("visitor", False)])
def test_signals_are_for_root_and_the_group(connect, gateway, user, heard):
    listener = connect(user)
    ask(listener, message_bus.AddMatch(MatchRule(type="signal", interface=NAME)))
    gateway.send(new_signal(GATEWAY, "Reading", "s", ("spo2",)))
    # Once the bus has answered the gateway it has passed the signal on, and the listener's own
    # question is answered behind it.
    ask(gateway, message_bus.GetId())
    listener.send(message_bus.GetId())
    came = []
    while True:
        m = listener.receive(timeout=PATIENCE)
        if m.header.message_type == MessageType.method_return:
            break
        came.append(m.header.fields.get(HeaderFields.interface))
    assert (NAME in came) == heard
