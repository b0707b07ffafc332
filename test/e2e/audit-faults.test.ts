import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../src/model/finding.ts";
import { ACCESS_FAULTS } from "../support/planted/access.ts";
import { cureAsReported } from "../support/planted/cures.ts";
import { ENCRYPTION_FAULTS } from "../support/planted/encryption.ts";
import type { Place, PlantedFault } from "../support/planted/fault.ts";
import { type Audited, House } from "../support/planted/house.ts";
import { METADATA_FAULTS } from "../support/planted/metadata.ts";
import { PEOPLE_FAULTS } from "../support/planted/people.ts";
import type { Room } from "../support/planted/room.ts";
import { SERVICE_FAULTS } from "../support/planted/service.ts";

// The whole of it on a real Synapse: a clean team audits clean by every rule. Then faults are put in one at a time, by
// the APIs that people and clients use; each is found by the rules whose subject it is and by no other, and what the
// report tells to do ends it.

const FAULTS: PlantedFault[] = [
  ...ENCRYPTION_FAULTS,
  ...ACCESS_FAULTS,
  ...PEOPLE_FAULTS,
  ...METADATA_FAULTS,
  ...SERVICE_FAULTS,
];

let house: House;
/** Made clean, and found clean together: each fault has a room of its own. */
const places = new Map<PlantedFault, Place>();
let clean: Audited;

beforeAll(async () => {
  house = await House.open();
  const waiting = FAULTS.filter(({ made }) => made === undefined).values();
  const lane = async () => {
    for (const fault of waiting) {
      const room = await house.newRoom();
      const member = fault.hasMember ? await room.newMember() : house.alice;
      places.set(fault, { house, room, member });
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  await house.verifyAlice();
  clean = await house.audit();
}, 300_000);
afterAll(() => house?.close());

/** Each once, with what it says: a wrong one shows itself. */
const shown = (findings: readonly Finding[]) =>
  findings
    .map(({ ruleId, result, message, cure }) => `${ruleId} ${result}: ${message} -> ${cure}`)
    .join("\n");

it("has nothing to say of a team in which everything is as it should be", () => {
  expect(clean.rules, shown(clean.findings)).toEqual([]);
  // one is that of our own recovery drill
  expect(clean.facts.rooms).toHaveLength(places.size + 1);
  expect(FAULTS.length).toBeGreaterThanOrEqual(40);
});

describe("a fault is found by the rules of its subject, and its cure ends it", () => {
  it.each(FAULTS)("$name", async (fault) => {
    const { rules, policy, sinceClean, left = [] } = fault;
    const place = places.get(fault) ?? (await newPlace(fault));
    const others = (await fault.plant?.(place)) ?? [];
    const look = (room: Room) =>
      house.audit({
        rooms: [room, ...others].map(({ roomId }) => roomId),
        ...(policy && { policy }),
        ...(sinceClean && { previous: clean.facts }),
      });
    const found = await look(place.room);
    expect(found.rules, shown(found.findings)).toEqual(rules.toSorted());
    const cure = fault.cure ?? cureAsReported;
    const successor = (await cure(place, found.findings)) ?? place.room;
    const after = await look(successor);
    expect(after.rules, shown(after.findings)).toEqual(left.toSorted());
  });
});

async function newPlace({ made }: PlantedFault): Promise<Place> {
  return { house, room: await house.newRoom(made!(house)), member: house.alice };
}

it("leaves nothing behind but what outlives its cure", async () => {
  const left = FAULTS.flatMap((fault) => fault.left ?? []);
  const { rules, findings } = await house.audit();
  expect(rules, shown(findings)).toEqual([...new Set(left)].sort());
});
