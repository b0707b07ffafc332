import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { makeArchive } from "../../src/connector/archive/archive.ts";
import { archiveSettings } from "../../src/connector/archive/settings.ts";
import { verifyArchive } from "../../src/connector/archive/verify.ts";
import { type SinkBench, sinkContract } from "../../src/connector/contract/index.ts";
import { broken, recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { archiveOf, entriesOf, linesOf } from "../support/archive.ts";
import { connectorContext } from "../support/connector-context.ts";

const { signal } = new AbortController();

describe("as a sink", () => {
  it.each(sinkContract(async () => bench()))("$promise", ({ run }) => run());
});

function bench(): SinkBench {
  const directory = mkdtempSync(join(tmpdir(), "sotto-archive-"));
  const context = connectorContext(directory);
  return {
    open: async () => makeArchive({ type: "archive", path: "." }, context),
    arrived: async () => {
      const { findings } = await verifyArchive(directory, context.signer.publicKeyPem);
      expect(findings.filter(({ fault }) => fault !== "manifest-missing")).toEqual([]);
      return Promise.all(
        (await entriesOf(directory)).map(async ({ eventId, file }) => ({
          eventId,
          bytes: await readFile(join(directory, file)),
        })),
      );
    },
    knowsEvents: true,
    close: async () => rmSync(directory, { recursive: true }),
  };
}

describe("an archive", () => {
  it("keeps what is known of each message beside it, for this user only", async () => {
    const { directory, voices, verify, path } = await archiveOf(1);
    const [line] = await linesOf(directory);
    expect(JSON.parse(line!)).toMatchObject({
      archive: "under-test",
      index: 0,
      eventId: voices[0]?.eventId,
      roomId: "!ops:example.org",
      sender: "@alice:example.org",
      trust: "signed",
      sentMs: Date.UTC(2026, 0, 31, 12, 30, 15, 250),
      durationMs: 1_250,
      mimetype: "audio/wav",
      size: 444,
      previous: null,
    });
    expect(await verify()).toMatchObject({ entries: 1, findings: [] });
    for (const name of ["manifest.jsonl", "head.json", "public-key.pem", JSON.parse(line!).file]) {
      expect((await stat(path(name))).mode & 0o777).toBe(0o600);
    }
  });

  it("takes what a homeserver may say, and stays in its folder", async () => {
    const { archive, verify } = await archiveOf(0);
    const hostile = {
      eventId: "$../../x",
      roomId: '!","signature":"',
      sender: "@a\u2028\ud800:\n",
      sentMs: 1e300,
    };
    await archive.deliver({ ...voiceOf(recordingOf()), ...hostile }, signal);
    await archive.deliver(voiceOf(recordingOf()), signal);
    expect(await verify()).toMatchObject({ entries: 2, findings: [] });
  });

  it("can be verified with nothing but a shell, sed, coreutils and openssl", async () => {
    const { directory } = await archiveOf(3);
    const readme = await readFile(join(import.meta.dirname, "../../src/connector/archive/README.md"), "utf8");
    const script = /```sh\n(?<script>.*?)```/s.exec(readme)?.groups?.script ?? "";
    const verified = promisify(execFile)("sh", ["-eu", "-c", script], { cwd: directory });
    expect((await verified).stdout).toMatch(/3 entries are signed and in order/);
    const [first, ...others] = await linesOf(directory);
    const changed = [first!.replace("@alice", "@mallory"), ...others];
    await writeFile(join(directory, "manifest.jsonl"), `${changed.join("\n")}\n`);
    await expect(promisify(execFile)("sh", ["-eu", "-c", script], { cwd: directory })).rejects.toThrow();
  });
});

describe("after a crash", () => {
  it("in the middle of a line, what was torn is kept aside, and the message comes again", async () => {
    const { open, voices, verify, lines, path, context, writeHead } = await archiveOf(3);
    const whole = await lines();
    await truncate(path("manifest.jsonl"), (await stat(path("manifest.jsonl"))).size - 100);
    await writeHead(2);
    expect((await verify()).findings.map(({ fault }) => fault)).toEqual(["last-line-torn", "file-unlisted"]);
    await open().deliver(voices[2]!, signal);
    expect(await verify()).toMatchObject({ entries: 3, findings: [] });
    expect(await readFile(path("manifest.torn"), "utf8")).toBe(whole[2]!.slice(0, -99));
    expect(context.lines.join()).toMatch(/torn/);
  });

  it("between a file and its line, the file is written anew", async () => {
    const { open, verify, path } = await archiveOf(1);
    const voice = voiceOf(recordingOf());
    const name = `2026-01-31T12-30-15.250Z-${voice.eventId.slice(1)}.wav`;
    await writeFile(path(`recordings/${name}`), "of an interrupted delivery");
    await writeFile(path(`recordings/.${name}.part`), "and of another");
    await open().deliver(voice, signal);
    expect(await verify()).toMatchObject({ entries: 2, findings: [] });
  });

  it("between a line and the head, nothing is wrong, and nothing is listed twice", async () => {
    const { open, voices, verify, writeHead } = await archiveOf(3);
    await writeHead(2);
    expect(await verify()).toMatchObject({ entries: 3, findings: [] });
    await open().deliver(voices[2]!, signal);
    await open().deliver(voiceOf(recordingOf()), signal);
    expect(await verify()).toMatchObject({ entries: 4, findings: [] });
  });

  it("a broken recording leaves no line and no file", async () => {
    const { archive, verify, directory } = await archiveOf(1);
    const bytes = recordingOf(20_000);
    await expect(
      archive.deliver(
        voiceOf(bytes, () => broken(bytes)),
        signal,
      ),
    ).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
    });
    expect(await verify()).toMatchObject({ entries: 1, findings: [] });
    expect(await readdir(join(directory, "recordings"))).toHaveLength(1);
  });
});

describe("nothing is added to an archive", () => {
  type Made = Awaited<ReturnType<typeof archiveOf>>;

  it.each<[string, (made: Made) => Promise<unknown>]>([
    [
      "with a changed line",
      async ({ lines, writeLines }) =>
        writeLines(
          (await lines()).map((line, index) => (index === 1 ? line.replace("@alice", "@mal") : line)),
        ),
    ],
    [
      "whose last line was changed",
      async ({ lines, writeLines }) =>
        writeLines(
          (await lines()).map((line, index) => (index === 2 ? line.replace("@alice", "@mal") : line)),
        ),
    ],
    [
      "whose last line was changed before the head was written",
      async ({ lines, writeLines, writeHead }) => {
        await writeLines(
          (await lines()).map((line, index) => (index === 2 ? line.replace("@alice", "@mal") : line)),
        );
        await writeHead(2);
      },
    ],
    [
      "of another connector of the same account",
      async ({ path, context }) => {
        const other = makeArchive({ type: "archive", path: "." }, { ...context, name: "other" });
        await rm(path("manifest.jsonl"));
        await rm(path("head.json"));
        await rm(path("recordings"), { recursive: true });
        for (let index = 0; index < 3; index += 1) await other.deliver(voiceOf(recordingOf()), signal);
      },
    ],
    [
      "with a line less at its end",
      async ({ lines, writeLines }) => writeLines((await lines()).slice(0, -1)),
    ],
    ["without lines", ({ path }) => rm(path("manifest.jsonl"))],
    [
      "with something behind a line that is none",
      ({ path }) => appendFile(path("manifest.jsonl"), "{}\n{}\n"),
    ],
    ["without its head", ({ path }) => rm(path("head.json"))],
    ["with a head that is too old", ({ writeHead }) => writeHead(1)],
    ["without its key", ({ path }) => rm(path("public-key.pem"))],
    [
      "of another key",
      async ({ path }) => {
        const other = await archiveOf(1);
        await writeFile(path("public-key.pem"), other.context.signer.publicKeyPem);
      },
    ],
  ])("%s", async (_what, change) => {
    const made = await archiveOf(3);
    await change(made);
    const before = await made.lines();
    const again = made.open();
    await expect(again.deliver(voiceOf(recordingOf()), signal)).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
    });
    expect(await again.check()).toMatchObject([{ ok: false }]);
    expect(await made.lines()).toEqual(before);
    expect(await readdir(made.path("recordings"))).toHaveLength(3);
  });

  it("by two who do not know of each other without both seeing it", async () => {
    const { archive, open, verify } = await archiveOf(2);
    const other = open();
    await other.deliver(voiceOf(recordingOf()), signal);
    await archive.deliver(voiceOf(recordingOf()), signal);
    await other.deliver(voiceOf(recordingOf()), signal);
    expect(await verify()).toMatchObject({ entries: 5, findings: [] });
  });
});

describe("its settings", () => {
  it("are a path and nothing else", () => {
    expect(archiveSettings.safeParse({ type: "archive", path: "./a" }).success).toBe(true);
    expect(archiveSettings.safeParse({ type: "archive", path: "" }).success).toBe(false);
    expect(archiveSettings.safeParse({ type: "archive", path: "./a", key: "x" }).success).toBe(false);
  });
});
