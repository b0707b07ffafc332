import { hasSigned, type UserSigner } from "../../crypto/index.ts";
import { SottoError } from "../../errors.ts";
import type { Fact } from "../../model/facts.ts";
import { serverNameOf, type UserId } from "../../model/ids.ts";
import type { TeamPlan } from "../../model/team.ts";
import type { ForeignDatabase } from "../../store/index.ts";
import { type NamedDatabase, openHomeserverDatabase } from "../homeserver-database.ts";

/** The plan with all that could be read; and what went wrong where it could not. */
export interface PairsRead {
  plan: TeamPlan;
  trouble?: SottoError;
}

/** Whether it can be opened: to be asked before anything is made. Throws as `openHomeserverDatabase`. */
export async function requireDatabase(named: NamedDatabase): Promise<void> {
  await (await openHomeserverDatabase(named)).close();
}

/**
 * Who of the team has verified whom, out of Synapse's own tables, since it shows nobody the signatures of others. Each
 * signature is checked up to the master keys that the homeserver shows to us.
 *
 * @param named Synapse's database, which is only read
 */
export async function withPairs(plan: TeamPlan, named: NamedDatabase): Promise<PairsRead> {
  try {
    return { plan: await readPairs(plan, named) };
  } catch (trouble) {
    if (!(trouble instanceof SottoError)) throw trouble;
    const verifiedBy = { unread: "the homeserver's database could not be read" };
    return { plan: { ...plan, people: plan.people.map((person) => ({ ...person, verifiedBy })) }, trouble };
  }
}

async function readPairs(plan: TeamPlan, named: NamedDatabase): Promise<TeamPlan> {
  const database = await openHomeserverDatabase(named);
  try {
    const identities = await readIdentities(database, plan);
    const verifiers = new Map<UserId, Fact<UserId[]>>();
    for (const { userId, masterKey } of plan.people) {
      if ("unread" in masterKey) verifiers.set(userId, masterKey);
      else if ("unread" in identities) verifiers.set(userId, identities);
      else if (masterKey.value === null) verifiers.set(userId, { value: [] });
      else verifiers.set(userId, await verifiersOf(database, userId, identities.value));
    }
    const people = plan.people.map((person) => ({
      ...person,
      verifiedBy: verifiers.get(person.userId)!,
      missing: isElsewhere(person, plan)
        ? person.missing
        : [...person.missing, ...unverifiedBy(person.userId, identities, verifiers)],
    }));
    const unknown = plan.people
      .filter((person) => isElsewhere(person, plan))
      .map(
        ({ userId }) => `whom ${userId} has verified is not checked: only their own homeserver keeps that`,
      );
    return { ...plan, people, operator: [...plan.operator, ...unknown] };
  } finally {
    await database.close();
  }
}

const isElsewhere = ({ userId }: { userId: UserId }, { by }: TeamPlan): boolean =>
  serverNameOf(userId) !== serverNameOf(by);

/** The keys of somebody who has an identity. */
interface Identity extends UserSigner {
  master: unknown;
}

/**
 * Of everybody who has an identity, our own account among them; unread where the database is of another homeserver or day.
 * Of users elsewhere it has what their homeserver has told ours, if anything.
 */
async function readIdentities(database: ForeignDatabase, plan: TeamPlan): Promise<Fact<Identity[]>> {
  const { people, by, masterKey: ours } = plan;
  const shown = [...people, { userId: by, masterKey: { value: ours } }];
  const identities: Identity[] = [];
  for (const { userId, masterKey } of shown) {
    if ("unread" in masterKey || masterKey.value === null) continue;
    const master = await latestKey(database, userId, "master");
    const keys = (master as { keys?: Record<string, unknown> } | undefined)?.keys ?? {};
    if (!Object.values(keys).includes(masterKey.value)) {
      if (isElsewhere({ userId }, plan)) continue;
      return notThere(userId);
    }
    const userSigning = await latestKey(database, userId, "user_signing");
    identities.push({ userId, masterKey: masterKey.value, master, userSigning });
  }
  return { value: identities };
}

const notThere = (userId: UserId): { unread: string } => ({
  unread: `the database does not have the master key of ${userId} that the homeserver shows`,
});

async function latestKey(database: ForeignDatabase, userId: UserId, type: string): Promise<unknown> {
  const row = await database.get(
    "SELECT keydata FROM e2e_cross_signing_keys WHERE user_id = ? AND keytype = ? ORDER BY stream_id DESC LIMIT 1",
    ...[userId, type],
  );
  if (row === undefined) return undefined;
  try {
    return JSON.parse(String(row.keydata));
  } catch {
    throw new SottoError(
      "DATABASE_UNREADABLE",
      `what the database has as the ${type} key of ${userId} is none`,
    );
  }
}

async function verifiersOf(
  database: ForeignDatabase,
  userId: UserId,
  identities: readonly Identity[],
): Promise<Fact<UserId[]>> {
  const target = identities.find((identity) => identity.userId === userId);
  if (!target) return notThere(userId);
  const verifiers: UserId[] = [];
  for (const signer of identities.filter((identity) => identity !== target)) {
    const keyId = userSigningKeyId(signer);
    if (keyId === undefined) continue;
    const row = await database.get(
      "SELECT signature FROM e2e_cross_signing_signatures WHERE user_id = ? AND key_id = ? AND target_user_id = ? AND target_device_id = ? LIMIT 1",
      ...[signer.userId, keyId, userId, target.masterKey],
    );
    if (row && hasSigned(signer, target, { keyId, signature: String(row.signature) }))
      verifiers.push(signer.userId);
  }
  return { value: verifiers };
}

const userSigningKeyId = ({ userSigning }: Identity): string | undefined =>
  Object.keys((userSigning as { keys?: object } | undefined)?.keys ?? {})[0];

/** Whom somebody who has an identity has still to verify. */
function unverifiedBy(
  userId: UserId,
  identities: Fact<Identity[]>,
  verifiers: ReadonlyMap<UserId, Fact<UserId[]>>,
): string[] {
  if ("unread" in identities || !identities.value.some((identity) => identity.userId === userId)) return [];
  const others = identities.value
    .map((identity) => identity.userId)
    .filter((other) => {
      const verified = verifiers.get(other);
      return other !== userId && verified && "value" in verified && !verified.value.includes(userId);
    });
  return others.length === 0 ? [] : [`has not verified ${others.join(", ")}`];
}
