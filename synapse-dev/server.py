"""Starts, stops and resets a Synapse for development on a loopback port.

A server's folder holds everything that belongs to it, so several run at once in different folders.
Whether it runs is not guessed from a process ID: Synapse inherits an open file that is locked, and
the system frees that lock when the process ends, however it ends.
"""

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "python"))

from configuration import write_configuration, write_private  # noqa: E402
from environment import SetupError, environment, say  # noqa: E402

DEFAULT_DIR = os.path.join(os.path.dirname(HERE), ".dev", "synapse", "default")
START_SECONDS = 120
STOP_SECONDS = 20


class Server:
    def __init__(self, folder):
        self.dir = os.path.abspath(folder)

    def path(self, name):
        return os.path.join(self.dir, name)

    @contextlib.contextmanager
    def one_command_at_a_time(self):
        while True:
            os.makedirs(self.dir, mode=0o700, exist_ok=True)
            with open(self.path("command.lock"), "w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # A reset may have removed the folder, and this file with it, while we waited.
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file.fileno()), os.stat(file.name)):
                        yield
                        return

    def lock_of_the_living(self):
        """The lock that a running Synapse holds, taken by us; None if one is running."""
        file = open(self.path("running.lock"), "w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def runs(self):
        if not os.path.exists(self.path("running.lock")):
            return False
        lock = self.lock_of_the_living()
        if lock:
            lock.close()
        return lock is None

    def state(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.path("server.json")) as file:
                return json.load(file)
        return {}

    def start(self, options):
        """Starts Synapse unless it runs, waits until it answers, and returns what there is to know."""
        python = environment("synapse")
        with self.one_command_at_a_time():
            for _ in range(3):
                if not self.runs():
                    self.launch(python, options)
                if self.becomes_ready():
                    return self.state()
                # Another process may have taken the free port before Synapse bound it.
                if "Failed to listen on TCP port" not in self.log_end():
                    break
            raise SetupError(f"Synapse did not start; {self.path('homeserver.log')} ends with:\n{self.log_end()}")

    def launch(self, python, options):
        earlier = self.state()
        port = free_port(earlier.get("port"))
        secret = earlier.get("registrationSharedSecret") or secrets.token_urlsafe(24)
        write_configuration(
            self.dir,
            server_name=options.server_name,
            port=port,
            shared_secret=secret,
            lift_rate_limits=options.lift_rate_limits,
            log_level=options.log_level,
        )
        state = {
            "baseUrl": f"http://127.0.0.1:{port}",
            "serverName": options.server_name,
            "dir": self.dir,
            "pid": None,
            "port": port,
            "registrationSharedSecret": secret,
            "database": self.path("homeserver.db"),
            "mediaStore": self.path("media"),
            "log": self.path("homeserver.log"),
        }
        # An earlier start's process ID must not outlive it here: stop would end some other process.
        self.write_state(state)
        command = [python, "-m", "synapse.app.homeserver", "--config-path", self.path("homeserver.yaml")]
        for file in options.config:
            command += ["--config-path", os.path.abspath(file)]
        surroundings = dict(os.environ)
        # Without its bytecode files every start would take three times as long.
        surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
        lock = self.lock_of_the_living()
        with lock, open(self.path("homeserver.log"), "a") as log:
            process = subprocess.Popen(
                command,
                cwd=self.dir,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[lock.fileno()],
            )
        self.write_state({**state, "pid": process.pid})

    def write_state(self, state):
        write_private(self.path("server.json"), json.dumps(state, indent=2))

    def becomes_ready(self):
        health = self.state()["baseUrl"] + "/health"
        without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.runs():
            try:
                without_proxy.open(health, timeout=5).close()
                # Had another program taken the port first, it would be that one answering.
                return self.runs()
            except OSError:
                time.sleep(0.05)
        return False

    def log_end(self):
        with open(self.path("homeserver.log"), errors="replace") as file:
            return "".join(file.readlines()[-15:])

    def stop(self):
        """Ends Synapse if it runs, and waits until it is gone."""
        if not os.path.isdir(self.dir):
            return False
        with self.one_command_at_a_time():
            return self.end_process()

    def end_process(self):
        if not self.runs():
            return False
        pid = self.state()["pid"]
        if pid is None:
            raise SetupError(f"a start in {self.dir} was interrupted: end its Synapse by hand")
        for ending, seconds in (signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, ending)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if not self.runs():
                    return True
                time.sleep(0.02)
        raise SetupError(f"Synapse (process {pid}) does not end")

    def reset(self):
        """Ends Synapse and removes its folder."""
        if not os.path.isdir(self.dir):
            return
        if os.listdir(self.dir) and not os.path.exists(self.path("command.lock")):
            raise SetupError(f"{self.dir} is not a folder that synapse-dev/start made: nothing removed")
        with self.one_command_at_a_time():
            self.end_process()
            shutil.rmtree(self.dir)


def free_port(preferred):
    """The preferred port if it is free, so that clients find a restarted server where it was; else any."""
    for port in filter(None, [preferred]):
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", port))
            return port
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def start(server, options):
    state = server.start(options)
    if options.json:
        print(json.dumps(state), flush=True)
    else:
        print(f"Synapse answers at {state['baseUrl']} as {state['serverName']} (process {state['pid']}).", flush=True)
        print(f"Its folder is {state['dir']}; its registration secret is in server.json there.", flush=True)


def serve_while_stdin(server, options):
    """Starts, and stops when standard input closes, as it does when the program at its other end dies."""
    # Ctrl-C in a terminal reaches us too; the program that owns the server decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        start(server, options)
        while sys.stdin.buffer.read(4096):
            pass
    finally:
        server.reset() if options.remove else server.stop()


def arguments():
    parser = argparse.ArgumentParser(prog="synapse-dev", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("start", "stop", "reset"):
        command = commands.add_parser(name, prog=f"synapse-dev/{name}")
        command.add_argument("--dir", default=DEFAULT_DIR, help="the server's folder (default: .dev/synapse/default)")
        if name == "start":
            command.add_argument("--json", action="store_true", help="print what there is to know as JSON")
            command.add_argument("--lift-rate-limits", action="store_true", help="for tests: let nothing wait")
            command.add_argument("--server-name", default="sotto.localhost", help="default: %(default)s")
            command.add_argument("--log-level", default="WARNING", help="default: %(default)s")
            command.add_argument("--config", action="append", default=[], metavar="FILE", help="more settings (YAML)")
            command.add_argument("--while-stdin", action="store_true", help="stop when standard input closes")
            command.add_argument("--remove", action="store_true", help="and then remove the folder")
    return parser.parse_args()


def main():
    options = arguments()
    server = Server(options.dir)
    if options.command == "start":
        (serve_while_stdin if options.while_stdin else start)(server, options)
    elif options.command == "reset":
        server.reset()
    elif not server.stop():
        say("no Synapse runs in " + server.dir)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit("synapse-dev: " + str(error))
