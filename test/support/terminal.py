"""Runs a program whose standard input and standard error are a terminal; its standard output stays as it is.

What comes on this process's standard input is typed there, what the terminal shows goes to standard error. Signals
are passed on, and the exit code is the program's.
"""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios

master, slave = pty.openpty()


def begin():
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


program = subprocess.Popen(sys.argv[1:], stdin=slave, stderr=slave, preexec_fn=begin)
os.close(slave)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: program.send_signal(number))

sources = [master, 0]
while master in sources:
    for ready in select.select(sources, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:
            data = b""  # the terminal has no more users
        if not data:
            sources.remove(ready)
        else:
            os.write(2 if ready == master else master, data)
sys.exit(program.wait())
