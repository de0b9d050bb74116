"""What the demo shows: a table of the newest values, above it the alarms that there are."""
import shutil
import sys
import time

import reckoning


class Screen:
    """A table that redraws on a terminal; elsewhere a snapshot now and then."""

    WIDTHS = (4, 17, 20, 8, 7, 14, 5, 6, 6)
    HEADS = ("bed", "device", "metric", "value", "unit", "validity", "age", "count", "late")

    def __init__(self, record):
        self.terminal = sys.stdout.isatty()
        self.record = open(record, "w", encoding="utf-8") if record else None
        self.last_snapshot = -1e9

    def say(self, text=""):
        print(text, flush=True)
        if self.record:
            print(text, file=self.record, flush=True)

    def line(self, cells):
        out = [str(c)[:w].rjust(w) if i in (3, 6, 7, 8) else str(c)[:w].ljust(w)
               for i, (c, w) in enumerate(zip(cells, self.WIDTHS))]
        return " ".join(out).rstrip()

    def table(self, arrivals):
        with arrivals.lock:
            rows = sorted(arrivals.rows.items())
        out = []
        before = (None, None)
        for (bed, device, metric), row in rows:
            if "value" not in row:
                continue
            value = "-" if row["value"] is None else reckoning.digits(row["value"])
            age = f"{min(time.monotonic() - row['at'], 999):.0f}s"
            out.append(self.line((bed if bed != before[0] else "", device if device != before[1] else "",
                                  metric, value, row["unit"], row["validity"], age, row["count"],
                                  row["backfill"] or "")))
            before = (bed, device)
        return out

    def show(self, arrivals, status):
        """Called about twice a second."""
        with arrivals.lock:
            told = arrivals.alarms.lines()
        head = [status, *told, self.line(self.HEADS), self.line(["-" * w for w in self.WIDTHS])]
        rows = self.table(arrivals)
        if self.terminal:
            size = shutil.get_terminal_size()
            room = max(3, size.lines - len(head) - 2)
            pages = max(1, -(-len(rows) // room))
            page = int(time.monotonic() / 3) % pages
            shown = rows[page * room:page * room + room]
            foot = f"page {page + 1} of {pages}; each shows for 3 s" if pages > 1 else ""
            text = "\n".join(line[:size.columns - 1] + "\x1b[K" for line in [*head, *shown, foot])
            print("\x1b[H" + text + "\x1b[J", end="", flush=True)
        if time.monotonic() - self.last_snapshot < 10:
            return
        self.last_snapshot = time.monotonic()
        snapshot = "\n".join([*head, *rows, ""])
        if not self.terminal:
            print(snapshot, flush=True)
        if self.record:
            print(snapshot, file=self.record, flush=True)

    def clear(self):
        if self.terminal:
            print("\x1b[H\x1b[J", end="", flush=True)
