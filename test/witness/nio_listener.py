"""An independent witness: a Matrix client on matrix-nio, which shares no code with Sotto.

It reads one JSON command per line from standard input, {"id": 1, "command": "join", ...}, and answers
each with a line on standard output, {"id": 1, "result": {...}} or {"id": 1, "error": "..."}. The first
command is "login"; from then on the client syncs in the background as a real one does. Commands run
side by side, so a wait does not hold up a send. It ends when standard input closes.
"""

import asyncio
import json
import logging
import os
import sys

from nio_witness import Refused, Witness

COMMANDS = (
    "login wait_event receive_voice wait_invite join create_room invite leave raw_event "
    "send send_text send_voice rotate devices verify_device history"
).split()


def answer(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def carry_out(witness, request):
    name = request.pop("command", None)
    number = request.pop("id", None)
    try:
        if name not in COMMANDS:
            raise Refused(f"no command {name!r}; there are: {', '.join(COMMANDS)}")
        answer({"id": number, "result": await getattr(witness, name)(**request)})
    except Exception as error:  # whatever it is, the one who sent the command must hear of it
        cause = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        answer({"id": number, "error": f"{name}: {cause}"})


async def main():
    logging.basicConfig(stream=sys.stderr, level=os.environ.get("WITNESS_LOG", "ERROR"))
    commands = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    witness = Witness()
    running = set()
    while line := await commands.readline():
        task = asyncio.create_task(carry_out(witness, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)
    for task in running:
        task.cancel()
    await witness.close()


asyncio.run(main())
