"""Sets up one of the development's Python environments and prints the path of its Python.

    python3 synapse-dev/python/environment.py synapse | witness | ffmpeg

NAME.txt beside this file pins every package by version and hash; the environment lies in
.dev/python/NAME and is made anew when that file changes. Only wheels are taken, so no compiler is
needed. pip itself is taken as a pinned wheel too and run from it: that works where the system's
Python has no ensurepip (Debian's), and is quicker than unpacking a pip into each environment.

Written so that an old Python can still parse it and say that it is too old.
"""

import base64
import fcntl
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HOME = os.path.join(ROOT, ".dev", "python")
PIP_WHEEL = "pip-{}-py3-none-any.whl"
PUBLIC_INDEX = "https://pypi.org/simple"


def say(words):
    print("set-up: " + words, file=sys.stderr, flush=True)


class SetupError(Exception):
    pass


class Lock:
    """Held by one process at a time, and freed by the system when that process ends."""

    def __init__(self, name):
        self.path = os.path.join(HOME, name + ".lock")

    def __enter__(self):
        self.file = open(self.path, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def fetch(url):
    """GET, with the user name and password that a private index may carry in its address."""
    parts = urllib.parse.urlsplit(url)
    request = urllib.request.Request(
        urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])),
        headers={"Accept": "text/html"},
    )
    if parts.username:
        login = urllib.parse.unquote(parts.username) + ":" + urllib.parse.unquote(parts.password or "")
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    trust = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or None)
    with urllib.request.urlopen(request, timeout=60, context=trust) as response:
        return response.read()


def wheel_from_index(name):
    """The wheel by the index's plain HTML page, which every index has (PEP 503)."""
    page = os.environ.get("PIP_INDEX_URL", PUBLIC_INDEX).rstrip("/") + "/pip/"
    link = re.search(r'href="((?:[^"]*/)?' + re.escape(name) + r')[#"]', fetch(page).decode())
    if not link:
        raise SetupError("{} is not on the package index".format(name))
    return fetch(urllib.parse.urljoin(page, link.group(1)))


def wheel_from_system_pip(name):
    """The wheel by the machine's own pip, which knows the user's pip configuration."""
    folder = os.path.join(HOME, "download")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    run = subprocess.run(
        command + ["--requirement", os.path.join(HERE, "pip.txt")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    content = read(os.path.join(folder, name))
    shutil.rmtree(folder, ignore_errors=True)
    return content if run.returncode == 0 else b""


def pip_wheel():
    """The path of the pinned pip wheel, fetched and checked if it is not there yet."""
    pin = read(os.path.join(HERE, "pip.txt")).decode()
    version, digest = re.match(r"pip==(\S+) --hash=sha256:(\w+)", pin).groups()
    name = PIP_WHEEL.format(version)
    path = os.path.join(HOME, name)
    with Lock("pip"):
        if not os.path.exists(path):
            try:
                content = wheel_from_system_pip(name) or wheel_from_index(name)
            except urllib.error.URLError as error:
                raise SetupError(
                    "cannot fetch pip from the package index (PIP_INDEX_URL may name another): {}".format(error)
                ) from error
            if hashlib.sha256(content).hexdigest() != digest:
                raise SetupError("{}: its SHA-256 is not the one in pip.txt".format(name))
            with open(path + ".part", "wb") as file:
                file.write(content)
            os.rename(path + ".part", path)
    return path


def environment(name):
    """The path of the Python of environment NAME, made or renewed if need be."""
    if sys.version_info < (3, 10):
        raise SetupError("python3 is {}.{}; Python 3.10 or later is needed".format(*sys.version_info[:2]))
    requirements = os.path.join(HERE, name + ".txt")
    folder = os.path.join(HOME, name)
    stamp = os.path.join(folder, "installed.txt")
    python = os.path.join(folder, "bin", "python")
    os.makedirs(HOME, exist_ok=True)
    with Lock(name):
        # A dangling link means that the Python it was made with has gone.
        if os.path.exists(python) and read(stamp) == read(requirements):
            return python
        say("installing the packages of synapse-dev/python/{}.txt".format(name))
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, stdout=sys.stderr)
        # Without compiling: Python does it at first use, for the few modules that are used.
        flags = "--quiet --no-deps --require-hashes --only-binary :all: --no-compile --disable-pip-version-check"
        pip = [python, os.path.join(pip_wheel(), "pip"), "install"] + flags.split()
        # A user's setting such as `user = true` or `target` would put the packages elsewhere.
        elsewhere = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX")
        clean = {key: value for key, value in os.environ.items() if key not in elsewhere}
        subprocess.run(pip + ["--no-user", "--requirement", requirements], check=True, stdout=sys.stderr, env=clean)
        shutil.copy(requirements, stamp)
    return python


def main():
    names = sorted(file[:-3] for file in os.listdir(HERE) if file.endswith(".in"))
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        raise SetupError("usage: python3 {} {}".format(sys.argv[0], "|".join(names)))
    try:
        print(environment(sys.argv[1]))
    except subprocess.CalledProcessError as error:
        raise SetupError("could not set up the Python environment (the reason is above): {}".format(error)) from error


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit("set-up: " + str(error))
