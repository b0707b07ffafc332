import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ffmpegVersion, findFfmpeg } from "../../src/audio/index.ts";
import { clipOf } from "./clip.ts";
import { describeWithFfmpeg, folder, pretendFfmpeg, record } from "./with-ffmpeg.ts";

const recording = { bytes: Buffer.from("RIFF\0\0\0\0WAVE and so on") };

describe("finding ffmpeg", () => {
  beforeEach(() => {
    vi.stubEnv("SOTTO_FFMPEG", undefined);
    vi.stubEnv("PATH", folder);
  });
  afterEach(() => vi.unstubAllEnvs());

  it("says how to get it when there is none", async () => {
    await expect(clipOf(recording)).rejects.toMatchObject({
      code: "FFMPEG_MISSING",
      cure: expect.stringContaining("apt install ffmpeg"),
    });
  });

  it("takes no other when the one named is not there", async () => {
    vi.stubEnv("SOTTO_FFMPEG", join(folder, "nowhere"));
    await expect(findFfmpeg()).rejects.toMatchObject({ code: "FFMPEG_MISSING" });
  });
});

describe("running ffmpeg", () => {
  it("tells an ffmpeg without libopus", async () => {
    await pretendFfmpeg(`cat >/dev/null; echo "[x @ 0x1] Unknown encoder 'libopus'" >&2; exit 1`);
    await expect(clipOf(recording)).rejects.toMatchObject({
      code: "FFMPEG_MISSING",
      message: expect.stringContaining("libopus"),
    });
  });

  it("keeps of its complaints one short line", async () => {
    await pretendFfmpeg(
      `echo "[ogg @ 0x55d] out of \\033[31mmemory" >&2; yes complaint | head -n 99999 >&2; exit 3`,
    );
    const error = await clipOf(recording).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "FFMPEG_FAILED" });
    expect(error.cause).toMatch(/^[ -~]{1,200}$/);
  });

  it("tells when it is killed", async () => {
    await pretendFfmpeg("kill -9 $$");
    await expect(clipOf(recording)).rejects.toMatchObject({
      code: "FFMPEG_FAILED",
      cause: "ffmpeg ended with SIGKILL",
    });
  });

  it("gives up on one that hangs, and leaves no process", async () => {
    const pidFile = join(folder, "pid");
    await pretendFfmpeg(`echo $$ >${pidFile}; exec sleep 60`);
    await expect(clipOf(recording, { timeLimitMs: 1_000 })).rejects.toMatchObject({
      code: "FFMPEG_FAILED",
      message: "ffmpeg did not finish within 1 s",
    });
    const pid = Number(await readFile(pidFile, "utf8"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("gives up even on a wrapper whose own child hangs", async () => {
    const pidFile = join(folder, "child-pid");
    await pretendFfmpeg(`sleep 60 & echo $! >${pidFile}; wait`);
    await expect(clipOf(recording, { timeLimitMs: 1_000 })).rejects.toMatchObject({
      code: "FFMPEG_FAILED",
    });
    process.kill(Number(await readFile(pidFile, "utf8")));
  });

  it("stops when it is told to, with the reason it is given", async () => {
    const begun = join(folder, "begun");
    await pretendFfmpeg(`touch ${begun}; exec sleep 60`);
    const controller = new AbortController();
    const encoding = clipOf(recording, { signal: controller.signal });
    await Promise.all([
      expect(encoding).rejects.toThrow("the caller hung up"),
      expect
        .poll(() => existsSync(begun))
        .toBe(true)
        .then(() => controller.abort(new Error("the caller hung up"))),
    ]);
    await expect(clipOf(recording, { signal: controller.signal })).rejects.toThrow("the caller hung up");
  });

  it("does not wait for a stream that ffmpeg has stopped reading", async () => {
    await pretendFfmpeg("echo enough >&2; exit 1");
    const endless = new Readable({ read() {} });
    endless.push(Buffer.concat([recording.bytes, Buffer.alloc(100)]));
    await expect(clipOf({ stream: endless }, { timeLimitMs: 3000 })).rejects.toMatchObject({
      cause: "enough",
    });
    expect(endless.destroyed).toBe(true);
  });

  it("gives up on a stream that falls silent, and not on one that is slow", async () => {
    await pretendFfmpeg("cat >/dev/null");
    const slow = async function* () {
      yield Buffer.concat([recording.bytes, Buffer.alloc(100)]);
      for (let n = 0; n < 6; n++) {
        await setTimeout(100);
        yield Buffer.alloc(100);
      }
    };
    const stream = () => Readable.from(slow());
    await expect(clipOf({ stream: stream() }, { timeLimitMs: 400 })).rejects.toMatchObject({
      code: "AUDIO_EMPTY",
    });
    await expect(clipOf({ stream: stream() }, { timeLimitMs: 50 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
  });

  it("gives an older one, that knows no descriptors, the same file by another name", async () => {
    const seen = join(folder, "seen");
    await pretendFfmpeg(
      `echo "$@" >>${seen}; case "$*" in *"-fd 0"*) echo "Unrecognized option 'fd'." >&2; exit 1;; esac; exit 1`,
    );
    const path = join(folder, "old.wav");
    await writeFile(path, recording.bytes);
    await clipOf({ path }).catch(() => {});
    expect(await readFile(seen, "utf8")).toMatch(
      /-protocol_whitelist fd .*\n.*-protocol_whitelist file .*-i \/proc\/self\/fd\/0 /,
    );
  });

  it("shows it neither our environment nor the recording's name", async () => {
    const seen = join(folder, "seen");
    await pretendFfmpeg(`env >${seen}; echo "$@" >>${seen}; exit 1`);
    const path = join(folder, "secret-name.wav");
    await writeFile(path, recording.bytes);
    vi.stubEnv("SOTTO_TOKEN", "secret-token");
    await clipOf({ path }).catch(() => {});
    vi.unstubAllEnvs();
    const text = await readFile(seen, "utf8");
    expect(text).toContain("-fd 0 -i fd:");
    expect(text).not.toMatch(/secret|SOTTO|PATH=\/|HOME/);
  });
});

describeWithFfmpeg("the ffmpeg here", () => {
  it("tells its version", async () => {
    expect(await ffmpegVersion()).toMatch(/^[nN]?\d/);
  });

  it("encodes several recordings at once", async () => {
    const path = await record("tone.wav", "sine=duration=1");
    const clips = await Promise.all([1, 2, 3].map(() => clipOf({ path })));
    expect(clips.map(({ durationMs }) => durationMs)).toEqual([1000, 1000, 1000]);
  });
});
