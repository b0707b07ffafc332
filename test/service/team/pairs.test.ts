import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { TeamPlan } from "../../../src/model/team.ts";
import { withPairs } from "../../../src/service/team/pairs.ts";
import { ALICE, BOT, known } from "../../support/facts.ts";
import { BOB, keys, planOf, team, teamFacts } from "../../support/team-facts.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { foreignIdentity } from "../../witness/sign-listener.ts";

// Against Synapse's own tables: test/e2e/team.test.ts and test/e2e/postgres.test.ts.

const CAROL = "@carol:elsewhere.example";
const [alice, bob, carol, bot] = [ALICE, BOB, CAROL, BOT].map((userId) => ({
  userId,
  ...foreignIdentity(userId),
})) as [Somebody, Somebody, Somebody, Somebody];
type Somebody = { userId: string } & ReturnType<typeof foreignIdentity>;
const masterKeyOf = ({ master }: Somebody): string =>
  Object.values(master.keys as Record<string, string>)[0]!;

/** Synapse's columns that are read; of users elsewhere it has no user-signing key and no signature. */
class Tables {
  readonly path = join(temporaryDirectory(), "homeserver.db");
  readonly #database = new DatabaseSync(this.path);

  constructor() {
    this.#database.exec(
      "CREATE TABLE e2e_cross_signing_keys (user_id TEXT, keytype TEXT, keydata TEXT, stream_id BIGINT); CREATE TABLE e2e_cross_signing_signatures (user_id TEXT, key_id TEXT, target_user_id TEXT, target_device_id TEXT, signature TEXT)",
    );
  }

  key({ userId }: Somebody, type: string, keydata: unknown): this {
    const text = typeof keydata === "string" ? keydata : JSON.stringify(keydata);
    this.#database
      .prepare("INSERT INTO e2e_cross_signing_keys VALUES (?, ?, ?, 1)")
      .run(...[userId, type, text]);
    return this;
  }

  identity = (somebody: Somebody): this =>
    this.key(somebody, "master", somebody.master).key(somebody, "user_signing", somebody.userSigning);

  verified(signer: Somebody, target: Somebody): this {
    const { signatures } = signer.signUser(target.master) as {
      signatures: Record<string, Record<string, string>>;
    };
    const [keyId, signature] = Object.entries(signatures[signer.userId]!)[0]!;
    this.#database
      .prepare("INSERT INTO e2e_cross_signing_signatures VALUES (?, ?, ?, ?, ?)")
      .run(...[signer.userId, keyId, target.userId, masterKeyOf(target), signature]);
    return this;
  }

  async read(): Promise<{ plan: TeamPlan; trouble?: Error }> {
    const members = [alice, bob, carol];
    const facts = teamFacts({
      masterKey: masterKeyOf(bot),
      accounts: { [ALICE]: known("here"), [BOB]: known("here"), [CAROL]: known("elsewhere") },
      keys: Object.fromEntries(
        members.map((member) => [member.userId, known(keys({ masterKey: masterKeyOf(member) }))]),
      ),
      sessions: Object.fromEntries(members.map(({ userId }) => [userId, known(1)])),
    });
    const whole = team({ members: members.map(({ userId }) => ({ userId, name: null })) });
    this.#database.close();
    return withPairs(planOf(facts, { team: whole }), { database: this.path });
  }
}

const personOf = ({ people }: TeamPlan, userId: string) => people.find((person) => person.userId === userId)!;

describe("who has verified whom", () => {
  it("is not guessed of who is elsewhere: only their own homeserver keeps whom they have verified", async () => {
    const tables = new Tables()
      .identity(alice)
      .identity(bob)
      .identity(bot)
      .key(carol, "master", carol.master);
    const { plan, trouble } = await tables.verified(alice, carol).verified(alice, bob).read();
    expect(trouble).toBeUndefined();
    expect(personOf(plan, CAROL).verifiedBy).toEqual(known([ALICE]));
    expect(personOf(plan, BOB).verifiedBy).toEqual(known([ALICE]));
    expect(personOf(plan, BOB).missing).toEqual([`has not verified ${ALICE}, ${CAROL}`]);
    expect(personOf(plan, CAROL).missing).toEqual([]);
    expect(plan.operator.join()).toMatch(/whom @carol:elsewhere.example has verified is not checked/);
  });

  it("is known of the others where the database has no key of who is elsewhere", async () => {
    const tables = new Tables().identity(alice).identity(bob).identity(bot);
    const { plan } = await tables.verified(alice, bob).read();
    expect(personOf(plan, BOB).verifiedBy).toEqual(known([ALICE]));
    expect(personOf(plan, BOB).missing).toEqual([`has not verified ${ALICE}`]);
    expect(personOf(plan, CAROL).verifiedBy).toHaveProperty("unread");
  });

  it("is not checked where the database is another homeserver's", async () => {
    const { plan } = await new Tables().identity(alice).identity(bot).verified(alice, bob).read();
    for (const { verifiedBy, missing } of plan.people) {
      expect(verifiedBy).toEqual({ unread: expect.stringContaining("does not have the master key of @bob") });
      expect(missing).toEqual([]);
    }
  });

  it.each(["master", "user_signing"])(
    "is not checked where a %s key is no JSON, and the plan is not lost",
    async (type) => {
      const tables = new Tables().identity(bob).identity(bot).identity(carol);
      for (const of of ["master", "user_signing"])
        tables.key(
          alice,
          of,
          of === type ? "{\u001b[31m" : of === "master" ? alice.master : alice.userSigning,
        );
      const { plan, trouble } = await tables.read();
      expect(trouble).toMatchObject({ code: "DATABASE_UNREADABLE" });
      expect(String(trouble)).not.toContain("\u001b");
      expect(plan.people.map(({ userId }) => userId)).toEqual([ALICE, BOB, CAROL]);
      for (const { verifiedBy, missing } of plan.people) {
        expect(verifiedBy).toHaveProperty("unread");
        expect(missing).toEqual([]);
      }
    },
  );
});
