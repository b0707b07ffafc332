import { describe, expect, test } from "vitest";
import { createIdentityUpload, createTransport } from "../../src/matrix/index.ts";
import type { IdentityProof } from "../../src/model/ports.ts";
import { type Answer, scriptedServer } from "./scripted-server.ts";

const ACCOUNT = "@a:b";
const MASTER = { keys: { "ed25519:ours": "ours" } };
const BODY = { master_key: MASTER };
const NO_IDENTITY: Answer = { json: { device_keys: {}, master_keys: {} } };
const identityOf = (key: unknown): Answer => ({ json: { device_keys: {}, master_keys: { [ACCOUNT]: key } } });

const wants = (stages: string[], more: object = {}): Answer => ({
  status: 401,
  json: { flows: [{ stages }], session: "s1", ...more },
});

async function upload(script: Answer[], proof: Partial<IdentityProof> = {}) {
  await using server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, env: {}, retryForMs: 0 });
  try {
    const outcome = await createIdentityUpload(
      transport,
      ACCOUNT,
      1,
    )(JSON.stringify(BODY), {
      replaces: false,
      ...proof,
    }).catch((thrown: unknown) => thrown);
    const bodies = server.requests.map(({ body }) => body.toString());
    return { outcome, paths: server.requests.map(({ path }) => path.split("/").at(-1)), bodies };
  } finally {
    transport.close();
  }
}

describe("an identity is published", () => {
  test("without any proof where the account has none", async () => {
    const { outcome, paths, bodies } = await upload([NO_IDENTITY, {}]);
    expect(outcome).toBeUndefined();
    expect(paths).toEqual(["query", "upload"]);
    expect(JSON.parse(bodies[1]!)).toEqual(BODY);
  });

  test("again where it is the same: a run that was cut off goes on", async () => {
    expect((await upload([identityOf(MASTER), {}])).outcome).toBeUndefined();
  });

  test("with the password where the homeserver asks for that", async () => {
    const script = [NO_IDENTITY, wants(["m.login.password"]), {}];
    const { outcome, bodies } = await upload(script, { password: "secret" });
    expect(outcome).toBeUndefined();
    expect(JSON.parse(bodies[2]!)).toEqual({
      ...BODY,
      auth: {
        type: "m.login.password",
        identifier: { type: "m.id.user", user: ACCOUNT },
        password: "secret",
        session: "s1",
      },
    });
  });

  test.each(["m.oauth", "org.matrix.cross_signing_reset"])(
    "when the owner has approved it on the account's page (%s), and is asked for it until then",
    async (stage) => {
      const asks = wants([stage], { params: { [stage]: { url: "https://account.example/reset" } } });
      const shown: string[] = [];
      const onAccountPage = (url: string) => void shown.push(url);
      const { outcome, bodies } = await upload([asks, asks, asks, {}], { replaces: true, onAccountPage });
      expect(outcome).toBeUndefined();
      expect(shown).toEqual(["https://account.example/reset"]);
      expect(bodies).toHaveLength(4);
      expect(JSON.parse(bodies[3]!).auth).toEqual({ type: stage, session: "s1" });
    },
  );
});

describe("an identity is not published", () => {
  test("where there is another one, even if the homeserver would take it without proof", async () => {
    const { outcome, paths } = await upload([identityOf({ keys: { "ed25519:theirs": "theirs" } }), {}], {
      password: "secret",
    });
    expect(outcome).toMatchObject({ code: "IDENTITY_EXISTS" });
    expect(paths).toEqual(["query"]);
  });

  test("without the proof that the homeserver wants; the admin's way is named", async () => {
    for (const stages of [["m.login.password"], ["m.oauth"], ["m.login.email", "m.login.dummy"]]) {
      const { outcome } = await upload([NO_IDENTITY, wants(stages)]);
      expect(outcome).toMatchObject({
        code: "IDENTITY_PROOF_NEEDED",
        cause: expect.stringContaining(stages[0]!),
        cure: expect.stringContaining("_allow_cross_signing_replacement_without_uia"),
      });
    }
  });

  test("with a wrong password, which is in no error", async () => {
    const asks = wants(["m.login.password"]);
    const { outcome } = await upload([NO_IDENTITY, asks, asks], { password: "secret" });
    expect(outcome).toMatchObject({ code: "LOGIN_FAILED" });
    expect(JSON.stringify(outcome)).not.toContain("secret");
  });

  test("when the owner gives up waiting for the approval", async () => {
    const stop = new AbortController();
    const asks = wants(["m.oauth"], { params: { "m.oauth": { url: "https://account.example/" } } });
    const script: Answer[] = [
      asks,
      asks,
      (response) => {
        stop.abort(new Error("enough"));
        response.writeHead(401).end(JSON.stringify({ flows: [{ stages: ["m.oauth"] }], session: "s1" }));
      },
    ];
    const proof = { replaces: true, onAccountPage: () => undefined, signal: stop.signal };
    expect((await upload(script, proof)).outcome).toMatchObject({ message: "enough" });
  });

  test("where the account's page is not a web page", async () => {
    const asks = wants(["m.oauth"], { params: { "m.oauth": { url: "javascript:alert(1)" } } });
    const { outcome } = await upload([asks], { replaces: true, onAccountPage: () => undefined });
    expect(outcome).toMatchObject({ code: "HOMESERVER_ERROR" });
  });
});
