import { describe, expect, it, onTestFinished, vi } from "vitest";
import { silentLogger } from "../../src/log.ts";
import { MissingKeys } from "../../src/service/recovery/missing-keys.ts";

/** A key backup that has what it is told to have, under a clock of the test's own. */
function backup() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const asked: string[] = [];
  const has = new Set<string>();
  let fails = false;
  let tell: (sessionIds: string[]) => void = () => undefined;
  const missing = new MissingKeys({
    logger: silentLogger,
    crypto: {
      onRoomKeys: (listener) => {
        tell = listener;
      },
      backup: {
        async downloadSession(_roomId: string, sessionId: string) {
          asked.push(sessionId);
          if (fails) throw new Error("the homeserver is away");
          return has.has(sessionId);
        },
      } as never,
    },
  });
  onTestFinished(() => missing.stop());
  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);
  return {
    missing,
    asked,
    has,
    seconds,
    arrive: (id: string) => tell([id]),
    setFails: (now: boolean) => (fails = now),
  };
}

describe("a room key that is missing", () => {
  it("is looked for once, however many events lack it", async () => {
    const { missing, asked, seconds } = backup();
    for (const _event of [1, 2, 3]) missing.want("!room", "a");
    missing.want("!room", "b");
    await seconds(1);
    missing.want("!room", "a");
    await seconds(1);
    expect(asked).toEqual(["a", "b"]);
  });

  it("is looked for again, at growing intervals of at most an hour, until it is there", async () => {
    const { missing, asked, has, seconds } = backup();
    missing.want("!room", "a");
    await seconds(29);
    expect(asked).toHaveLength(1);
    await seconds(2);
    expect(asked).toHaveLength(2);
    await seconds(58);
    expect(asked).toHaveLength(2);
    await seconds(3);
    expect(asked).toHaveLength(3);
    await seconds(24 * 3600);
    const inADay = asked.length;
    expect(inADay).toBeLessThan(40);
    has.add("a");
    await seconds(3600);
    expect(asked).toHaveLength(inADay + 1);
    await seconds(24 * 3600);
    expect(asked).toHaveLength(inADay + 1);
  });

  it("is looked for no more when it came by another way, and the homeserver's trouble ends nothing", async () => {
    const { missing, asked, has, seconds, arrive, setFails } = backup();
    setFails(true);
    missing.want("!room", "a");
    missing.want("!room", "b");
    await seconds(1);
    arrive("a");
    setFails(false);
    has.add("b");
    await seconds(3600);
    expect(asked).toEqual(["a", "b", "b"]);
  });

  it("is looked for no more when the account closes", async () => {
    const { missing, asked, seconds } = backup();
    missing.want("!room", "a");
    await seconds(1);
    missing.stop();
    missing.want("!room", "b");
    await seconds(24 * 3600);
    expect(asked).toEqual(["a"]);
  });
});
