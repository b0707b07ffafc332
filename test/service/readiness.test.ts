import { describe, expect, it, onTestFinished } from "vitest";
import type { Account } from "../../src/service/account.ts";
import { ConnectorChecks, type RelayCheck } from "../../src/service/connector-checks.ts";
import { type Readiness, readiness } from "../../src/service/readiness.ts";
import { answer, inLongPoll, isLong, type Script, setUp, silence } from "../support/sync-driver.ts";

interface Circumstances {
  /** What the relay finds; undefined before it has begun. */
  relay?: (() => Promise<RelayCheck[]>) | undefined;
  requireSandbox?: boolean;
  stopping?: AbortSignal;
}

/** An account whose homeserver is scripted, and what its readiness is whenever it is asked for. */
async function account(script: Script) {
  const setup = await setUp(script);
  const ask = (circumstances: Circumstances = {}): Promise<Readiness> => {
    const { relay, requireSandbox, stopping } = {
      relay: async () => [],
      requireSandbox: false,
      ...circumstances,
    };
    return readiness(
      { sync: setup.driver, config: { audio: { requireSandbox } } as Account["config"] },
      relay && new ConnectorChecks(relay, 50),
      stopping ?? new AbortController().signal,
    );
  };
  const codes = async (circumstances?: Circumstances) =>
    (await ask(circumstances)).reasons.map(({ code }) => code);
  return { ...setup, ask, codes };
}
const QUIET: Script = (seen, count) => (isLong(seen) ? silence : answer(`s${count}`));

/** Of one that has synced. */
async function well() {
  const made = await account(QUIET);
  void made.driver.run().catch(() => undefined);
  await inLongPoll(made);
  return made;
}

describe("ready", () => {
  it("is nobody before the homeserver has answered, and everybody after that", async () => {
    const made = await account(QUIET);
    expect(await made.ask()).toMatchObject({ ready: false, reasons: [{ code: "STARTING" }] });
    void made.driver.run().catch(() => undefined);
    await inLongPoll(made);
    expect(await made.ask()).toMatchObject({ ready: true, reasons: [] });
  });

  it("is nobody whose homeserver cannot be reached, until it can", async () => {
    let isDown = true;
    const made = await account((seen, count) => (isDown ? { status: 502 } : QUIET(seen, count)));
    void made.driver.run().catch(() => undefined);
    await expect.poll(() => made.codes()).toEqual(["HOMESERVER_UNREACHABLE"]);
    expect((await made.ask()).reasons[0]).toMatchObject({ cure: expect.any(String) });
    isDown = false;
    await expect.poll(() => made.codes()).toEqual([]);
  });

  it("is nobody before the connectors have begun", async () => {
    const made = await well();
    expect(await made.codes({ relay: undefined })).toEqual(["STARTING"]);
  });

  it("is nobody with a connector that is not well, or a route whose room cannot be used", async () => {
    const made = await well();
    const { ready, reasons } = await made.ask({
      relay: async () => [
        { connector: "mailbox", ok: true, message: "the spool is there" },
        { connector: "mailbox", ok: false, message: "@alice:example.org may not read it", cure: "chmod" },
        { connector: "#team:example.org", ok: false, message: "nobody knows #team:example.org" },
        { connector: "bell", ok: true, message: "it rings" },
      ],
    });
    expect(ready).toBe(false);
    expect(reasons).toEqual([
      {
        code: "CONNECTOR_FAILED",
        message: expect.stringMatching(/^mailbox: user:[\da-f]{8} may not read it$/),
        cure: "chmod",
      },
      { code: "ROUTE_UNUSABLE", message: expect.not.stringContaining("#team"), cure: expect.any(String) },
    ]);
  });

  it("is nobody whose connectors fail to say how they are, or do not say", async () => {
    const made = await well();
    expect(await made.codes({ relay: () => Promise.reject(new Error("no such folder")) })).toEqual([
      "CONNECTOR_FAILED",
    ]);
    expect(await made.codes({ relay: () => new Promise(() => undefined) })).toEqual(["CONNECTOR_FAILED"]);
  });

  it("is nobody who is about to end", async () => {
    const made = await well();
    expect(await made.codes({ stopping: AbortSignal.abort() })).toEqual(["STOPPED"]);
  });

  it("says which layers stand around ffmpeg; one that is missing counts only where it is required", async () => {
    const made = await well();
    const path = process.env.PATH;
    process.env.PATH = "/nowhere";
    onTestFinished(() => {
      process.env.PATH = path;
    });
    const layers = { sandbox: false, limits: false, reason: expect.stringContaining("bwrap") };
    expect(await made.ask()).toEqual({ ready: true, reasons: [], layers });
    expect(await made.ask({ requireSandbox: true })).toMatchObject({
      ready: false,
      reasons: [{ code: "SANDBOX_MISSING" }],
      layers,
    });
  });
});

it("connectors are asked once for many who ask at a time", async () => {
  let asked = 0;
  const checks = new ConnectorChecks(async () => {
    asked += 1;
    return [];
  });
  await Promise.all([checks.all(), checks.all()]);
  await checks.all();
  expect(asked).toBe(1);
});
