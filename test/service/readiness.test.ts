import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Connector, ConnectorCheck } from "../../src/model/connector.ts";
import type { Account } from "../../src/service/account.ts";
import { ConnectorChecks } from "../../src/service/connector-checks.ts";
import { type Readiness, readiness } from "../../src/service/readiness.ts";
import { answer, inLongPoll, isLong, type Script, setUp, silence } from "../support/sync-driver.ts";

interface Circumstances {
  connectors?: Record<string, Connector>;
  requireSandbox?: boolean;
  stopping?: AbortSignal;
}

/** An account whose homeserver is scripted, and what its readiness is whenever it is asked for. */
async function account(script: Script) {
  const setup = await setUp(script);
  const ask = ({
    connectors = {},
    requireSandbox = false,
    stopping,
  }: Circumstances = {}): Promise<Readiness> =>
    readiness(
      { sync: setup.driver, config: { audio: { requireSandbox } } as Account["config"] },
      new ConnectorChecks(new Map(Object.entries(connectors)), 50),
      stopping ?? new AbortController().signal,
    );
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

  it("is nobody whose connector is not well, fails to say, or does not say", async () => {
    const made = await well();
    const says = (check: () => Promise<ConnectorCheck[]>): Connector => ({ check });
    const { ready, reasons } = await made.ask({
      connectors: {
        mailbox: says(async () => [
          { ok: true, message: "the spool is there" },
          { ok: false, message: "@alice:example.org may not read it", cure: "chmod" },
        ]),
        inbox: says(async () => Promise.reject(new Error("no such folder"))),
        pigeon: says(() => new Promise(() => undefined)),
        bell: says(async () => [{ ok: true, message: "it rings" }]),
        still: {},
      },
    });
    expect(ready).toBe(false);
    expect(reasons).toEqual([
      {
        code: "CONNECTOR_FAILED",
        message: expect.stringMatching(/^mailbox: user:[\da-f]{8} may not read it$/),
        cure: "chmod",
      },
      { code: "CONNECTOR_FAILED", message: "inbox: no such folder", cure: expect.any(String) },
      { code: "CONNECTOR_FAILED", message: "pigeon: it does not say how it is" },
    ]);
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

describe("a connector", () => {
  it("is asked once by many who ask at a time", async () => {
    let asked = 0;
    const connector: Connector = {
      async check() {
        asked += 1;
        await delay(0);
        return [];
      },
    };
    const checks = new ConnectorChecks(new Map([["mailbox", connector]]));
    await Promise.all([checks.troubles(), checks.troubles()]);
    expect(await checks.troubles()).toEqual(new Map([["mailbox", []]]));
    expect(asked).toBe(1);
  });
});
