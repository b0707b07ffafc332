import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { command } from "../../src/connector/command/index.ts";
import { type SinkBench, sinkContract } from "../../src/connector/contract/index.ts";
import { recordingOf, stalled, voiceOf } from "../../src/connector/contract/samples.ts";
import { createLogger, silentLogger } from "../../src/log.ts";
import type { Connector, ConnectorContext, OutgoingVoice } from "../../src/model/connector.ts";
import { temporaryDirectory } from "../support/temporary.ts";

type Sink = Connector & Required<Pick<Connector, "deliver" | "check">>;

/** A connector that runs a shell script, with `$1` a folder of the test's. */
async function running(
  script: string,
  folder: string,
  more: object = {},
  logger = silentLogger,
): Promise<Sink> {
  const file = join(temporaryDirectory(), "script");
  writeFileSync(file, script);
  return await commandOf({ run: ["/bin/sh", file, folder], ...more }, logger);
}

async function commandOf(written: object, logger = silentLogger): Promise<Sink> {
  const settings = command.settings.parse({ type: "command", ...written });
  const context = { name: "notify", logger, path: (path: string) => path } as ConnectorContext;
  return (await command.load())(settings, context) as Sink;
}

const deliver = (sink: Sink, voice: OutgoingVoice, signal = new AbortController().signal): Promise<void> =>
  sink.deliver(voice, signal);

const failureOf = (delivery: Promise<void>): Promise<unknown> =>
  delivery.then(
    () => "delivered",
    (error) => error,
  );

const recording = (): OutgoingVoice => voiceOf(recordingOf());

/** Writes to a file of its own, which gets its name when the recording has ended. */
const SAVE = `
set -e
part=$(mktemp "$1.part/XXXXXX")
cat > "$part"
mv "$part" "$1/$SOTTO_EVENT_ID"
`;

test.each(
  sinkContract(async (): Promise<SinkBench> => {
    const folder = temporaryDirectory();
    mkdirSync(`${folder}.part`);
    return {
      open: () => running(SAVE, folder),
      arrived: async () =>
        readdirSync(folder).map((name) => ({
          eventId: name as OutgoingVoice["eventId"],
          bytes: readFileSync(join(folder, name)),
        })),
      knowsEvents: true,
      close: async () => {},
    };
  }),
)("contract: $promise", ({ run }) => run());

it("gives what is known in a clean environment, and nothing of its own", async () => {
  const folder = temporaryDirectory();
  process.env.SOTTO_TEST_SECRET = "hunter2";
  const voice: OutgoingVoice = { ...recording(), isRelayed: true };
  await deliver(await running('env > "$1/env"; pwd > "$1/pwd"', folder), voice);
  delete process.env.SOTTO_TEST_SECRET;
  const lines = readFileSync(join(folder, "env"), "utf8").trim().split("\n");
  const environment = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  expect(environment).toEqual({
    PATH: expect.stringContaining("/usr/bin"),
    LANG: "C.UTF-8",
    PWD: "/", // the shell's own
    ...("OLDPWD" in environment ? { OLDPWD: expect.anything() } : {}),
    ...("_" in environment ? { _: expect.anything() } : {}),
    ...("SHLVL" in environment ? { SHLVL: expect.anything() } : {}),
    SOTTO_EVENT_ID: voice.eventId,
    SOTTO_ROOM_ID: voice.roomId,
    SOTTO_SENDER: voice.sender,
    SOTTO_SENDER_DEVICE_ID: "ALICESPHONE",
    SOTTO_TRUST: "signed",
    SOTTO_SENT_MS: String(voice.sentMs),
    SOTTO_DURATION_MS: "1250",
    SOTTO_MIMETYPE: "audio/wav",
    SOTTO_EXTENSION: "wav",
    SOTTO_SIZE: String(voice.size),
    SOTTO_IS_RELAYED: "true",
  });
  expect(readFileSync(join(folder, "pwd"), "utf8")).toBe("/\n");
});

it("hands arguments on as they are: there is no shell, and no placeholder", async () => {
  const folder = temporaryDirectory();
  const args = ["$(touch /tmp/x)", "{roomId}", "a b", "; exit 1"];
  const script = join(folder, "script");
  writeFileSync(script, 'cd "$(dirname "$0")"; printf "%s\\n" "$@" > args');
  await deliver(await commandOf({ run: ["/bin/sh", script, ...args] }), recording());
  expect(readFileSync(join(folder, "args"), "utf8").trim().split("\n")).toEqual(args);
});

it("counts as delivered what ends with 0, although it has not read the recording", async () => {
  const voice = voiceOf(recordingOf(500_000));
  await deliver(await running("exit 0", temporaryDirectory()), voice);
});

it.each([["1"], ["75"]])("keeps the message waiting where it ends with %s", async (exit) => {
  const lines: string[] = [];
  const logger = createLogger({ level: "info", json: true, write: (line) => lines.push(line) });
  const script = `echo "no room for $SOTTO_SENDER of $SOTTO_ROOM_ID, call +49 30 1234567" >&2; exit ${exit}`;
  const sink = await running(script, temporaryDirectory(), {}, logger);
  const failure = await failureOf(deliver(sink, recording()));
  expect(failure).toMatchObject({ code: "CONNECTOR_FAILED", message: `the command ended with ${exit}` });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: exit === "75" ? "info" : "warn",
    stderr: "no room for [redacted] of [redacted], call [redacted]",
  });
});

/** Starts another process, and tells the number of both. */
const TWO = `
sleep 1000 &
echo $$ $! > "$1/part"
mv "$1/part" "$1/pids"
wait
`;

async function pidsIn(folder: string): Promise<number[]> {
  const file = join(folder, "pids");
  using watcher = Object.assign(watch(folder), {
    [Symbol.dispose]() {
      watcher.close();
    },
  });
  while (!existsSync(file)) await once(watcher, "change");
  return readFileSync(file, "utf8").trim().split(" ").map(Number);
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // what nobody has waited for yet is gone all the same
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
};

it("kills it with all that it has started when it takes too long", async () => {
  const folder = temporaryDirectory();
  const sink = await running(TWO, folder, { timeout: "1s" });
  const failure = failureOf(deliver(sink, recording()));
  const pids = await pidsIn(folder);
  expect(pids.map(isAlive)).toEqual([true, true]);
  expect(await failure).toMatchObject({ message: "the command took longer than 1 s, and was killed" });
  await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
});

it("kills it when it is to end, also where the recording has stalled", async () => {
  const folder = temporaryDirectory();
  const bytes = recordingOf();
  const aborter = new AbortController();
  const delivery = failureOf(
    deliver(
      await running(TWO, folder),
      voiceOf(bytes, () => stalled(bytes, () => {})),
      aborter.signal,
    ),
  );
  const pids = await pidsIn(folder);
  aborter.abort();
  expect(await delivery).toMatchObject({ code: "STOPPED" });
  await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
});

it("does not wait for what it leaves running", async () => {
  const folder = temporaryDirectory();
  await deliver(await running(`sleep 1000 & echo $! > "$1/pids"`, folder), recording());
  const [pid] = await pidsIn(folder);
  expect(isAlive(pid!)).toBe(true);
  process.kill(pid!);
});

it("says before and afterwards that a program is not there", async () => {
  const sink = await commandOf({ run: ["/nonexistent/notify"] });
  expect(await sink.check()).toMatchObject([{ ok: false, cure: expect.stringContaining("path in run") }]);
  expect(await failureOf(deliver(sink, recording()))).toMatchObject({
    code: "CONNECTOR_FAILED",
    message: "the command did not start (ENOENT)",
  });
});

it.each([[[]], [[""]], [["/bin/true", "a\0b"]], ["/bin/true"]])("refuses to run %j", (run) => {
  expect(command.settings.safeParse({ type: "command", run }).success).toBe(false);
});
