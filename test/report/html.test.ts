import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { chartsOf, FORMATS } from "../../src/report/index.ts";
import { BOT, device, facts, known, NOW_MS, room, unread, user } from "../support/facts.ts";
import { finding, hostileReport, reportOf } from "../support/report.ts";

const page = FORMATS.html(hostileReport("words"), { all: true, color: false, failOn: "high" });

describe("the page", () => {
  it("runs nothing, loads nothing and sends nothing", () => {
    expect(page).not.toMatch(/<(?:script|link|img|iframe|object|embed|form|base|a)\b/i);
    expect(page).not.toMatch(/\s(?:on\w+|src|href|style|xlink:href)=/i);
    expect(page).not.toMatch(/url\(|@import/i);
  });

  it("lets a browser take nothing from it but its one style", () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!;
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    const hash = createHash("sha256").update(style).digest("base64");
    expect(policy.replaceAll("&#39;", "'")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.indexOf("<style>"));
  });

  it("closes what it opens", () => {
    const open: string[] = [];
    for (const [, end, name, single] of page.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
      if (["meta", "br"].includes(name!) || single) continue;
      if (end) expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });

  it("has no number that a picture cannot have, also where nothing was found", () => {
    for (const html of [page, FORMATS.html(reportOf([]), { all: false, color: false, failOn: "high" })])
      expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("is made to be printed", () => expect(page).toContain("@media print"));
});

describe("the charts", () => {
  const count = (bars: { label: string; count: number }[], label: string) =>
    bars.find((bar) => bar.label === label)?.count;
  const voice = (sessionId: string, sentMs: number) => ({
    ...{ eventId: `$${sessionId}${sentMs}`, type: "m.room.encrypted", sender: BOT, sentMs, sessionId },
  });

  it("tell sessions by how long they were seen in use, and which are over policy", () => {
    const day = 86_400_000;
    const envelopes = [voice("short", NOW_MS), voice("long", NOW_MS - 10 * day), voice("long", NOW_MS)];
    const of = facts({
      rooms: [room({ timeline: known({ isWhole: true, envelopes }) }), room({ timeline: unread("429") })],
    });
    const { sessions } = chartsOf(of, DEFAULT_POLICY, []);
    expect(count(sessions, "under an hour")).toBe(1);
    expect(count(sessions, "under 2 weeks, over policy")).toBe(1);
    expect(count(sessions, "under 2 weeks")).toBe(0);
  });

  it("tell devices by what proves them, and never count what is unread among the good", () => {
    const users = [
      user("@a:example.org", { devices: known([device(), device({ isCrossSigned: false })]) }),
      user("@b:example.org", {
        identity: unread("429"),
        devices: known([device(), device({ isSelfSigned: false })]),
      }),
      user("@c:example.org", { devices: unread("429") }),
    ];
    const { devices } = chartsOf(facts({ users }), DEFAULT_POLICY, []);
    expect(devices.map((bar) => bar.count)).toEqual([1, 1, 1, 1, 1]);
  });

  it("show each audit's fails by severity", () => {
    const report = reportOf([finding("SOTTO-ENC-001", "critical")]);
    const history = [1, 2, 3].map((day) => ({ atMs: day * 86_400_000, failed: report.summary.failed }));
    const html = FORMATS.html(
      { ...report, charts: { ...report.charts, history } },
      { all: false, color: false, failOn: "high" },
    );
    expect(html.match(/<title>1970-01-0[234] 00:00 UTC: 1 critical<\/title>/g)).toHaveLength(3);
  });
});
