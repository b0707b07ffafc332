import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadTeam } from "../../src/config/team.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const OWN = "@voice:example.org";

function faultsOf(yaml: string): string {
  const file = join(temporaryDirectory(), "team.yaml");
  writeFileSync(file, yaml);
  try {
    loadTeam(file, OWN);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "CONFIG_INVALID" });
    return (thrown as Error).message.replaceAll(file, "team.yaml");
  }
  throw new Error("it was taken");
}

describe("a team's file", () => {
  it("is read as the example is", () => {
    const team = loadTeam(join(import.meta.dirname, "../../examples/team.yaml"), OWN);
    const [alice, bob, carol] = ["@alice:example.org", "@bob:example.org", "@carol:elsewhere.example"];
    expect(team).toMatchObject({ team: "desk", bot: OWN });
    expect(team.members).toEqual([
      { userId: alice, name: "Alice Adams" },
      { userId: bob, name: "Bob Baker" },
      { userId: carol, name: null },
    ]);
    expect(team.rooms).toEqual([
      {
        key: "everybody",
        name: "Everybody",
        topic: null,
        members: [alice, bob, carol],
        guards: [],
        policy: {},
      },
      {
        ...{ key: "operators", name: "Operators", topic: null, members: [alice, bob], guards: [alice] },
        policy: {
          ...{ historyVisibility: "joined", federated: false },
          rotation: { maxPeriodMs: 86_400_000, maxMessages: 50 },
        },
      },
    ]);
  });

  it.each([
    ["another account's", "bot: other", /:4: bot: the config's account is @voice:example.org/],
    ["somebody twice", "members: [{ user: alice }, { user: alice }]", /alice:example.org is there twice/],
    ["ourselves", "members: [{ user: voice }]", /members\.0: our own account/],
    ["a name that no account can have", "members: [{ user: Alice }]", /members\.0\.user: a user ID/],
    ["such a name, whole", 'members: [{ user: "@Alice:example.org" }]', /no account of this name/],
    ["a stranger in a room", "rooms: { all: { members: [eve] } }", /@eve:example.org is no member/],
    [
      "a guard from outside",
      "rooms: { all: { members: [alice], guards: [bob] } }",
      /guards\.0: @bob.* not in the room/,
    ],
    ["an unknown key", "rooms: { all: { member: [alice] } }", /unknown key: "member"/],
    ["a room's key that is none", "rooms: { ../x: {} }", /small letters/],
    [
      "an alien in a local room",
      'rooms: { all: { members: ["@carol:elsewhere.example"], policy: { federated: false } } }',
      /local only/,
    ],
  ])("with %s is refused, with the line", (_what, line, fault) => {
    const parts: Record<string, string> = {
      team: "team: desk",
      members: 'members: [{ user: alice }, { user: bob }, { user: "@carol:elsewhere.example" }]',
      rooms: "rooms: {}",
      bot: `bot: "${OWN}"`,
    };
    parts[line.split(":")[0]!] = line;
    const message = faultsOf(`${Object.values(parts).join("\n")}\n`);
    expect(message).toMatch(fault);
    expect(message).toMatch(/^team\.yaml:\d: /);
  });
});
