# SPDX-License-Identifier: MIT
"""The serial console of a machine as somebody sees it who sits at a terminal of 80x24."""

import terminal
import vm

DOWN, TAB, ENTER = "\x1b[B", "\t", "\r"


class Serial:
    """The serial console as a screen. What see() waited for is kept in the file `shown`, for people to look at."""

    def __init__(self, machine, shown):
        self.machine, self.shown = machine, shown
        self.terminal = machine.console.logfile_read = terminal.Terminal(machine.console.logfile_read)
        shown.unlink(missing_ok=True)

    def look(self):
        self.machine.listen(1)
        return self.terminal.picture()

    def see(self, text, timeout=vm.BOOT):
        """As terminal.see."""
        picture = terminal.see(text, self.look, timeout * vm.PATIENCE, self.machine.console.isalive)
        with open(self.shown, "a") as f:
            f.write(f"{'=' * terminal.COLUMNS}\n{picture}\n")
        return picture

    def press(self, keys):
        self.machine.console.send(keys)

    def go_on(self):
        """Takes what is preset; the screen that comes after it, which has another title."""
        before = self.terminal.picture().split("\n")[0]
        self.press(ENTER)
        return terminal.see("\n", lambda: self._after(before), vm.BOOT * vm.PATIENCE, self.machine.console.isalive)

    def _after(self, title):
        picture = self.look()
        return picture if picture.split("\n")[0] not in ("", title) else ""

    def choose(self, label):
        """Moves to a choice, by keyboard alone, and takes it."""
        for _ in range(12):
            if f"  > {label}" in self.terminal.picture():
                self.press(ENTER)
                return
            self.press(DOWN)
            self.machine.listen(1)
        raise AssertionError(f"{label} can't be chosen:\n{self.terminal.picture()}")
