#!/bin/sh
# Runs in the guest of tests/guest/run, as root: [Annunciator] under the hardened unit, with the kernel's
# GPIO ioctls and LED class on labchip. Prints a line for each thing that holds; stops at the first that
# does not.
set -u
chip=/sys/bus/platform/drivers/labchip
led=/sys/class/leds/lab:red

fail() {
	echo "not ok - $*"
	journalctl -b -u wardgated --no-pager -o cat | tail -40
	cat /sys/kernel/debug/gpio
	exit 1
}
# await WHAT COMMAND...: until the command succeeds, at most 60 s
await() {
	what=$1
	shift
	n=0
	until "$@" >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 600 ] || fail "$what"
		sleep 0.1
	done
	echo "ok - $what"
}
holds() {
	what=$1
	shift
	"$@" || fail "$what"
	echo "ok - $what"
}
# line NAME PATTERN: what the kernel says of it: "NAME |consumer ) out hi ACTIVE LOW"
line() { grep -Eq "\($1 +\|wardgate +\) $2" /sys/kernel/debug/gpio; }
free() { ! grep -Eq "\($1 +\|wardgate" /sys/kernel/debug/gpio; }
explained() { journalctl -b -u wardgated --no-pager -o verbose | grep -q "PROBLEM=.*$1"; }
count_said() { [ "$(journalctl -b -u wardgated --no-pager -o cat | grep -c "$1")" -eq "$2" ]; }
running() { [ "$(systemctl is-active wardgated)" = active ]; }
lit() { [ "$(cat $led/brightness)" -gt 0 ]; }
dark() { [ "$(cat $led/brightness)" -eq 0 ]; }

mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
modprobe ledtrig-heartbeat
insmod ./labchip.ko || fail "labchip"
await "the chips and the LED are there" test -e /dev/gpiochip1 -a -e $led/trigger
echo heartbeat >$led/trigger
# Names that stay the same, as the rules that are shipped advise: a chip that comes back has another number.
for n in 0:lamps 1:leds 2:loose; do
	echo "ACTION!=\"remove\", SUBSYSTEM==\"gpio\", KERNEL==\"gpiochip*\"," \
		"KERNELS==\"labchip.${n%:*}\", SYMLINK+=\"gpio/${n#*:}\""
done >/etc/udev/rules.d/50-lab.rules
udevadm control --reload
udevadm trigger --settle --subsystem-match=gpio
install -m 755 wardgated /usr/sbin/wardgated
install -m 644 wardgated.service /etc/systemd/system/
install -D -m 644 wardgate.sysusers /usr/lib/sysusers.d/wardgate.conf
systemd-sysusers || fail "the user"
install -d /etc/wardgate /etc/wardgate/conf.d
cat >/etc/wardgate/wardgate.conf <<X
[Gateway]
Name=gw
Site=s
Ward=w
[MQTT]
Broker=mqtt://127.0.0.1:1
AllowPlaintext=yes
[Control]
Bus=off
[Annunciator]
High=gpio:/dev/gpio/loose:5
Low=gpio:/dev/gpio/loose:6
Medium=led:lab:red
Broker=gpio:/dev/gpio/lamps:LAMP1
Running=gpio:/dev/gpio/lamps:LAMP0:active-low
X
systemctl daemon-reload

# As it comes, it may not touch them: it says so, once each, and runs.
systemctl start wardgated || fail "start"
await "without the drop-in each output is refused" count_said "an output of the annunciator does not work" 5
holds "and the gateway runs" running
holds "the LED keeps its trigger" grep -q '\[heartbeat\]' $led/trigger
systemctl stop wardgated

install -D -m 644 wardgated-annunciator.conf /etc/systemd/system/wardgated.service.d/annunciator.conf
install -m 644 60-wardgate-annunciator.rules /etc/udev/rules.d/
udevadm control --reload
udevadm trigger --settle --subsystem-match=gpio --subsystem-match=leds
systemctl daemon-reload
journalctl --rotate >/dev/null 2>&1
journalctl --vacuum-time=1s >/dev/null 2>&1

systemctl start wardgated || fail "start"
await "Running: held, active low, lit" line LAMP0 'out lo ACTIVE LOW'
await "and dips" line LAMP0 'out hi ACTIVE LOW'
await "and comes back" line LAMP0 'out lo ACTIVE LOW'
holds "Broker: held" line LAMP1 'out'
holds "the LED has no trigger" grep -q '\[none\]' $led/trigger
await "no broker: its lamp is lit" line LAMP1 'out hi'
await "and the medium alarm that it is" lit
holds "nothing failed" count_said "does not work" 0

# Flashes, seen by somebody else: 0.4 to 0.8 Hz, lit 20 to 60 % of the time.
python3 - <<X || fail "the LED's pattern"
import time
end, edges, lit, n, last = time.monotonic() + 16, [], 0, 0, None
while time.monotonic() < end:
    now = open("$led/brightness").read().strip() != "0"
    n, lit = n + 1, lit + now
    if last is False and now:
        edges.append(time.monotonic())
    last = now
    time.sleep(0.005)
rate = (len(edges) - 1) / (edges[-1] - edges[0])
print("ok - medium flashes at %.3f Hz, lit %.0f %% of the time (%d looks)" % (rate, 100 * lit / n, n))
assert 0.4 <= rate <= 0.8 and 20 <= 100 * lit / n <= 60
X

# Pulled and plugged in again.
echo labchip.2 >$chip/unbind
await "a chip is gone: said of each line" count_said "does not work" 2
holds "and the gateway runs" running
holds "and shows the rest" line LAMP1 'out hi'
echo labchip.2 >$chip/bind
udevadm settle
await "plugged in again: said, too" count_said "an output of the annunciator works again" 2
holds "and held" [ "$(grep -c "|wardgate" /sys/kernel/debug/gpio)" -eq 4 ]

# A line of another: the LED's, which leds-gpio holds.
cat >/etc/wardgate/conf.d/more.conf <<X
[Annunciator]
High=gpio:/dev/gpio/leds:0
Low=gpio:/dev/gpio/loose:6
X
systemctl reload wardgated || fail "reload"
await "a line of another: said why" explained "is in use by another"
holds "the others go on" line LAMP1 'out hi'
rm /etc/wardgate/conf.d/more.conf
systemctl reload wardgated || fail "reload"

# Killed: the kernel lets go of the lines; whether they stay lit is the chip's. ExecStopPost= has the
# last word, and a restart lights them again.
systemctl stop wardgated
await "stopped: all dark" dark
holds "and free" free LAMP0
mkdir -p /run/systemd/system/wardgated.service.d
printf '[Service]\nRestart=no\n' >/run/systemd/system/wardgated.service.d/test.conf
systemctl daemon-reload
systemctl start wardgated
await "started again" line LAMP0 'out lo ACTIVE LOW'
await "the broker's lamp" line LAMP1 'out hi'
await "the LED" lit
systemctl kill -s KILL wardgated
await "killed" sh -c '! systemctl -q is-active wardgated'
await "ExecStopPost= has switched the LED off" dark
holds "and let go of the lines" free LAMP1
printf '[Service]\nExecStopPost=\n' >>/run/systemd/system/wardgated.service.d/test.conf
systemctl daemon-reload
systemctl start wardgated
await "once more" lit
systemctl kill -s KILL wardgated
await "killed, without ExecStopPost=" sh -c '! systemctl -q is-active wardgated'
echo "note - LED after a kill without ExecStopPost=: brightness $(cat $led/brightness)"
systemd-analyze security wardgated --no-pager | tail -1
echo "all ok"
