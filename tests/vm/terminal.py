# SPDX-License-Identifier: MIT
"""What a terminal shows, as text: the emulator of the unit tests (libvterm), fed with what a program writes."""

import ctypes
import time

ROWS, COLUMNS = 24, 80


class _Rect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("start_row", "end_row", "start_column", "end_column")]


def _library():
    library = ctypes.CDLL("libvterm.so.0")
    library.vterm_new.restype = library.vterm_obtain_screen.restype = ctypes.c_void_p
    library.vterm_new.argtypes = [ctypes.c_int, ctypes.c_int]
    library.vterm_free.argtypes = library.vterm_obtain_screen.argtypes = [ctypes.c_void_p]
    library.vterm_set_utf8.argtypes = library.vterm_screen_reset.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.vterm_input_write.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    library.vterm_screen_get_text.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, _Rect]
    library.vterm_screen_get_text.restype = ctypes.c_size_t
    return library


class Terminal:
    """One of 80x24. Give it as pexpect's logfile_read, or behind another one, which then gets everything too."""

    def __init__(self, behind=None):
        self.behind, self.library = behind, _library()
        self.vt = self.library.vterm_new(ROWS, COLUMNS)
        self.library.vterm_set_utf8(self.vt, 1)
        self.screen = self.library.vterm_obtain_screen(self.vt)
        self.library.vterm_screen_reset(self.screen, 1)

    def __del__(self):
        self.library.vterm_free(self.vt)

    def write(self, data):
        self.library.vterm_input_write(self.vt, data, len(data))
        if self.behind:
            self.behind.write(data)

    def flush(self):
        if self.behind:
            self.behind.flush()

    def picture(self):
        """The screen's rows, without the spaces at their ends and the empty rows below the last."""
        buffer = ctypes.create_string_buffer(COLUMNS * 4 + 1)
        rows = []
        for row in range(ROWS):
            size = self.library.vterm_screen_get_text(self.screen, buffer, len(buffer), _Rect(row, row + 1, 0, COLUMNS))
            rows.append(buffer.raw[:size].decode(errors="replace").rstrip())
        return "\n".join(rows).rstrip("\n")


def see(text, look, timeout, alive=lambda: True):
    """Waits until a text is on a screen, and a moment for the rest of it; the screen. `look` waits for what comes, and returns
    the screen then."""
    deadline = time.monotonic() + timeout
    while text not in (picture := look()):
        assert alive() and time.monotonic() < deadline, f"{text!r} isn't there:\n{picture}"
    return look()
