"""Runs a program and says on its descriptor 3, a line each, what processor time its orphans had, in microseconds.

    python3 reaper.py PROGRAM ARG...

Who ends bubblewrap does not wait for what was inside: its times reach nobody, and a sandboxed ffmpeg seems to cost
nothing. As their subreaper (prctl(2), Linux) this process inherits them, and waits for them.
"""

import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36

if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
    sys.exit("this system has no subreaper")
ours, lines = os.pipe()
program = os.fork()
if program == 0:
    os.close(lines)
    os.dup2(ours, 3)
    os.set_inheritable(3, True)  # it may have been that already
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(ours)
while True:
    pid, status, usage = os.wait3(0)
    if pid == program:
        sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.write(lines, b"%d\n" % round((usage.ru_utime + usage.ru_stime) * 1e6))
