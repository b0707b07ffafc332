import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { configFor } from "../support/config.ts";
import { leaks, scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, resultOf, sotto, startSotto } from "../support/sotto.ts";
import { insertJob, OWN, ROOM } from "../support/store.ts";

const KEY = "the-attachment-key-in-clear";
const CONTENT = {
  msgtype: "m.audio",
  body: "Doorbell.ogg",
  info: { mimetype: "audio/ogg", size: 4_711, duration: 65_000 },
  file: { url: "mxc://example.org/abc", key: { k: KEY } },
  "org.matrix.msc3245.voice": {},
};

/** An outbox in which one message waits, one may have arrived, one was given up and one was sent. */
async function filled(): Promise<{ config: string; numbers: Record<string, string> }> {
  const config = configFor((await scriptedHomeserver()).url);
  const data = join(dirname(config), "data");
  const key = readFileSync(join(data, "store.key"));
  const { jobs, close } = openStore({
    path: join(data, "sotto.sqlite"),
    key,
    userId: OWN,
    deviceId: "SOTTO1",
  });
  const insert = (txnId: string) =>
    insertJob(jobs, {
      txnId,
      roomId: ROOM,
      state: "uploaded",
      contentJson: JSON.stringify(CONTENT),
      createdMs: Date.now(),
    });
  const [waits, under, failed, sent] = [insert("a"), insert("b"), insert("c"), insert("d")] as const;
  jobs.freeze(under, { eventJson: "{}", sessionId: "s", messageIndex: 0, firstPutMs: Date.now() });
  jobs.failed(failed, { code: "ROOM_FORBIDDEN", message: "the account may not send" });
  jobs.sent(sent.jobId, "$sent");
  close();
  const numbers = Object.entries({ waits, under, failed, sent }).map(([name, { jobId }]) => [
    name,
    `${jobId}`,
  ]);
  return { config, numbers: Object.fromEntries(numbers) };
}

const queue = (config: string, ...args: string[]) => sotto(["queue", ...args, "--config", config, "--json"]);
const statesOf = async (config: string): Promise<string[]> =>
  resultOf<{ jobs: { state: string }[] }>(await queue(config, "list")).jobs.map(({ state }) => state);

describe("queue", () => {
  it("needs to be told what to do, and with which event", async () => {
    for (const args of [["resend"], ["burn", "$event"], ["show"], ["show", "x"], ["drop", "-1", "--yes"]]) {
      expect(errorOf(await sotto(["queue", ...args, "--json"]))).toMatchObject({
        code: "USAGE",
        exitCode: 2,
      });
    }
  }, 20_000);

  it("sends nothing again that this store has not sent", async () => {
    const server = await scriptedHomeserver();
    const args = ["queue", "resend", "$unheard-of", "--config", configFor(server.url), "--json"];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "EVENT_UNKNOWN", exitCode: 3 });
    expect(leaks(server)).toEqual([]);
  }, 20_000);

  it("lists what was not sent, and shows what it is and what became of it", async () => {
    const { config, numbers } = await filled();
    expect(await statesOf(config)).toEqual(["uploaded", "encrypted", "failed"]);
    const shown = await queue(config, "show", numbers.failed!);
    expect(resultOf(shown)).toMatchObject({
      roomId: ROOM,
      state: "failed",
      error: { code: "ROOM_FORBIDDEN", message: "the account may not send" },
      recording: { name: "Doorbell.ogg", durationMs: 65_000, size: 4_711 },
    });
    expect(shown.stdout).not.toContain(KEY);
    const unknown = errorOf(await queue(config, "show", "99"));
    expect(unknown).toMatchObject({ code: "JOB_UNKNOWN", exitCode: 3 });
  }, 30_000);

  it("drops what waits or was given up, once somebody has confirmed it, and nothing that may have arrived", async () => {
    const { config, numbers } = await filled();
    const { waits, under, failed, sent } = numbers;
    expect(errorOf(await queue(config, "drop", waits!))).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(await statesOf(config)).toHaveLength(3);
    expect(errorOf(await queue(config, "drop", under!, "--yes"))).toMatchObject({ code: "SEND_UNCERTAIN" });
    expect(errorOf(await queue(config, "drop", sent!, "--yes"))).toMatchObject({ code: "USAGE" });
    for (const job of [waits, failed]) resultOf(await queue(config, "drop", job!, "--yes"));
    expect(await statesOf(config)).toEqual(["encrypted"]);
    expect(errorOf(await queue(config, "drop", waits!, "--yes"))).toMatchObject({ code: "JOB_UNKNOWN" });
  }, 60_000);

  it("is looked at beside the process that holds the store", async () => {
    const { config } = await filled();
    const running = startSotto(["run", "--config", config]);
    await running.says("running");
    const listed = await queue(config, "list");
    expect(resultOf<{ jobs: unknown[] }>(listed).jobs.length).toBeGreaterThan(0);
    await running.end("SIGTERM");
  }, 30_000);
});
