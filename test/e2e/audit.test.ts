import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { auditSchema, schemaErrors } from "../support/schemas.ts";
import { errorOf, type Outcome, sotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// An audit of a real account on a real Synapse, and what is kept of it.

const { newConversation, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;

const audit = (...args: string[]): Promise<Outcome> => sotto(["audit", "--config", bot.config, ...args]);
interface Document {
  findings: { ruleId: string; result: string; subject: object; change?: string; cure?: string }[];
  summary: { changes?: { new: number; gone: { ruleId: string }[] } };
}
const documentOf = ({ stdout }: Outcome) => JSON.parse(stdout) as Document;
const setState = (type: string, content: object) =>
  synapse.request(
    "PUT",
    `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/${type}/`,
    listener.session.accessToken,
    content,
  );

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  await synapse.request("POST", `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, bot.accessToken, {});
});

describe("sotto audit", () => {
  it("finds what is wrong, keeps it, and says the next time what has changed", async () => {
    await setState("m.room.guest_access", { guest_access: "can_join" });
    const first = await audit("--json", "--since", "last");
    expect([0, 1, 3]).toContain(first.code);
    expect(first.stderr).toMatch(/no earlier audit/);
    expect(first.stderr).toMatch(/kept as audit 1:[0-9a-f]{64}/);
    expect(schemaErrors(auditSchema(), documentOf(first))).toEqual([]);
    const guests = ({ findings }: Document) =>
      findings.filter(({ ruleId, result }) => ruleId === "SOTTO-ACC-003" && result === "fail");
    expect(guests(documentOf(first))).toEqual([expect.objectContaining({ subject: { roomId } })]);

    await setState("m.room.guest_access", { guest_access: "forbidden" });
    await setState("m.room.history_visibility", { history_visibility: "world_readable" });
    const second = await audit("--json", "--since", "last");
    const { findings, summary } = documentOf(second);
    expect(guests(documentOf(second))).toEqual([]);
    expect(summary.changes!.gone.map(({ ruleId }) => ruleId)).toContain("SOTTO-ACC-003");
    expect(findings).toContainEqual(expect.objectContaining({ ruleId: "SOTTO-ACC-001", change: "new" }));
  });

  it("is served by `sotto run`, and its facts judged elsewhere give the same", async () => {
    const file = join(bot.home, "facts.json");
    const service = bot.start(["run"]);
    await service.says("running");
    const live = await audit("--json", "--save-facts", file);
    await service.end("SIGTERM");
    const saved = await sotto(["audit", "--facts", file, "--json"]);
    const failed = (outcome: Outcome) =>
      documentOf(outcome)
        .findings.filter(({ result }) => result === "fail")
        .map(({ ruleId }) => ruleId);
    expect(failed(saved)).toEqual(failed(live));
    expect(failed(live)).toContain("SOTTO-ACC-001");
    expect(readFileSync(file, "utf8")).not.toContain(bot.accessToken);
  });

  it("has a log that is in order, until somebody cuts it off", async () => {
    const good = await sotto(["audit", "verify-log", "--config", bot.config]);
    expect(good.code).toBe(0);
    expect(good.stderr).toMatch(/3 records are signed and in order/);
    expect(good.stderr).toMatch(/BEGIN PUBLIC KEY/);
    const lines = join(bot.home, "log.jsonl");
    const json = await sotto(["audit", "verify-log", "--config", bot.config, "--json", "--export", lines]);
    const { publicKeyPem, head } = JSON.parse(json.stdout) as {
      publicKeyPem: string;
      head: { number: number; last: string };
    };
    const key = bot.secretFile(publicKeyPem);
    const exported = await sotto([
      "audit",
      "verify-log",
      lines,
      "--public-key",
      key,
      "--head",
      `${head.number}:${head.last}`,
    ]);
    expect(exported.code).toBe(0);

    const db = new DatabaseSync(join(bot.data, "sotto.sqlite"));
    db.exec("DELETE FROM audit_record WHERE number = 3");
    db.close();
    const cut = errorOf(await sotto(["audit", "verify-log", "--config", bot.config, "--json"]));
    expect(cut).toMatchObject({ code: "AUDIT_LOG_CHANGED", exitCode: 1 });
    expect(cut.message).toMatch(/record 3 is missing/);
    const after = await audit("--json");
    expect(after.code).toBe(1);
    expect(after.stderr).toMatch(/not added to the log/);
  });

  it("goes on in another log, once a person has confirmed what is wrong in that one", async () => {
    const begin = (...args: string[]) => bot.run(["audit", "begin-log", ...args]);
    expect(errorOf(await begin("--reason", "why"))).toMatchObject({ code: "USAGE" });
    expect(errorOf(await begin("--confirm", "2", "--reason", "why"))).toMatchObject({ code: "USAGE" });
    const begun = await begin("--confirm", "3", "--reason", "who did it is known");
    expect(JSON.parse(begun.stdout)).toMatchObject({ log: 2, head: { number: 1 } });
    expect((await audit("--json")).stderr).toMatch(/kept as audit 2:[0-9a-f]{64}/);
    const good = await sotto(["audit", "verify-log", "--config", bot.config]);
    expect(good.code).toBe(0);
    expect(good.stderr).toMatch(/because record 3 of the log before was missing: who did it is known/);
    const old = await sotto(["audit", "verify-log", "--config", bot.config, "--log", "1"]);
    expect(old.stderr).toMatch(/2 records are signed and in order/);
  });
});
