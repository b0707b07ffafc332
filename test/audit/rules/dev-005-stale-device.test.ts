import { expect, it } from "vitest";
import { staleDevice } from "../../../src/audit/rules/dev-005-stale-device.ts";
import { ALICE, NOW_MS, unread } from "../../support/facts.ts";
import { DAY_MS, ofAlice, people, withDevice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const idle = (days: number) => withDevice({ deviceId: "OLD", lastSeenMs: NOW_MS - days * DAY_MS });

it("passes devices in use, up to the policy's day", () => {
  expect(results(staleDevice)).toEqual(["pass", "pass"]);
  expect(results(staleDevice, idle(90))).toEqual(["pass", "pass"]);
});

it("finds an idle one, and names the request that ends it", () => {
  expect(judge(staleDevice, idle(120))[0]).toMatchObject({
    result: "warn",
    subject: { userId: ALICE, deviceId: "OLD" },
    message: expect.stringContaining("last seen 120 days ago"),
    cure: expect.stringContaining('delete_devices {"devices":["OLD"]}'),
  });
  expect(results(staleDevice, idle(40), people({ staleAfterMs: 30 * DAY_MS }))[0]).toBe("warn");
});

it("looks past dehydrated devices, which nobody uses by nature", () => {
  const dehydrated = { isDehydrated: true, lastSeenMs: 0 };
  expect(results(staleDevice, withDevice({}, dehydrated))[0]).toBe("pass");
});

it("passes no device of which nobody says when it was seen", () => {
  const change = withDevice({ deviceId: "A", lastSeenMs: undefined }, { deviceId: "OLD", lastSeenMs: 0 });
  expect(judge(staleDevice, change).slice(0, 2)).toEqual([
    expect.objectContaining({ result: "warn", subject: expect.objectContaining({ deviceId: "OLD" }) }),
    expect.objectContaining({
      result: "not-checked",
      notAsked: true,
      message: expect.stringContaining("when A of"),
    }),
  ]);
  expect(results(staleDevice, ofAlice({ devices: unread("429") }))[0]).toBe("not-checked");
});
