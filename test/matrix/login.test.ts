import { expect, test } from "vitest";
import { createTransport, login, publishedDeviceKeys, whoami } from "../../src/matrix/index.ts";
import { type Answer, scriptedServer } from "./scripted-server.ts";

const options = { userId: "@voice:b", password: "secret", deviceName: "Sotto" };

async function withServer<T>(
  script: Answer[],
  use: (transport: ReturnType<typeof createTransport>) => Promise<T>,
) {
  await using server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, env: {}, retryForMs: 0 });
  try {
    return { outcome: await use(transport).catch((thrown: unknown) => thrown), requests: server.requests };
  } finally {
    transport.close();
  }
}

test("a login gives the session, and names the device where one is wanted", async () => {
  const answer = { user_id: "@voice:b", device_id: "SOTTO1", access_token: "t" };
  const { outcome, requests } = await withServer([{ json: answer }], (transport) =>
    login(transport, { ...options, deviceId: "SOTTO1" }),
  );
  expect(outcome).toEqual({ userId: "@voice:b", deviceId: "SOTTO1", accessToken: "t" });
  expect(JSON.parse(requests[0]?.body.toString() ?? "")).toEqual({
    type: "m.login.password",
    identifier: { type: "m.id.user", user: "@voice:b" },
    password: "secret",
    device_id: "SOTTO1",
    initial_device_display_name: "Sotto",
  });
});

test.each<[string, Answer, string]>([
  [
    "a wrong password",
    { status: 403, json: { errcode: "M_FORBIDDEN", error: "Invalid password" } },
    "LOGIN_FAILED",
  ],
  ["a deactivated account", { status: 403, json: { errcode: "M_USER_DEACTIVATED" } }, "LOGIN_FAILED"],
  [
    "no password login",
    { status: 400, json: { errcode: "M_UNKNOWN", error: "Unknown login type" } },
    "LOGIN_FAILED",
  ],
  ["too many tries", { status: 429, headers: { "retry-after": "60" } }, "RATE_LIMITED"],
  ["a broken homeserver", { status: 500 }, "HOMESERVER_ERROR"],
  ["an answer without a token", { json: { user_id: "@voice:b", device_id: "X" } }, "HOMESERVER_ERROR"],
])("%s is an error with a code, and the password is not in it", async (_name, answer, code) => {
  const { outcome } = await withServer([answer], (transport) => login(transport, options));
  expect(outcome).toMatchObject({ code });
  expect(JSON.stringify(outcome)).not.toContain("secret");
});

test("whoami tells whose token it is, and that an application service's has no device", async () => {
  const script = [{ json: { user_id: "@a:b", device_id: "D" } }, { json: { user_id: "@a:b" } }];
  const { outcome } = await withServer(script, async (transport) => [
    await whoami(transport),
    await whoami(transport),
  ]);
  expect(outcome).toEqual([
    { userId: "@a:b", deviceId: "D" },
    { userId: "@a:b", deviceId: undefined },
  ]);
});

test("a device's keys are undefined where there are none, and an odd answer is an error", async () => {
  const keys = { user_id: "@a:b", keys: {} };
  const script = [
    { json: { device_keys: { "@a:b": { D: keys } } } },
    { json: { device_keys: { "@a:b": {} } } },
    {},
  ];
  await withServer(script, async (transport) => {
    expect(await publishedDeviceKeys(transport, "@a:b", "D")).toEqual(keys);
    expect(await publishedDeviceKeys(transport, "@a:b", "D")).toBeUndefined();
    await expect(publishedDeviceKeys(transport, "@a:b", "D")).rejects.toMatchObject({
      code: "HOMESERVER_ERROR",
    });
  }).then(({ outcome }) => expect(outcome).toBeUndefined());
});
