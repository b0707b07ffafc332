import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { isDatabaseAddress, openForeignDatabase } from "../../src/store/index.ts";
import { addressOf } from "../../src/store/postgres-address.ts";

const LOCAL = { host: "127.0.0.1", port: 5432, user: "synapse", database: "synapse", tls: false };
const PROVEN = { rejectUnauthorized: true };

describe("a URL means", () => {
  it.each([
    ["postgresql://synapse@127.0.0.1/synapse", LOCAL],
    ["postgres://synapse@localhost:5433", { ...LOCAL, host: "localhost", port: 5433 }],
    ["postgresql://synapse@[::1]/synapse", { ...LOCAL, host: "::1" }],
    ["postgresql://synapse@/synapse", { ...LOCAL, host: "/var/run/postgresql" }],
    ["postgresql:///synapse?host=/run/pg&user=a", { ...LOCAL, host: "/run/pg", user: "a" }],
    ["postgresql://synapse@/synapse?host=/run/pg&port=5433", { ...LOCAL, host: "/run/pg", port: 5433 }],
    ["postgresql://%40syn@127.0.0.1/a%20b", { ...LOCAL, user: "@syn", database: "a b" }],
    ["postgresql://synapse@db.example/synapse", { ...LOCAL, host: "db.example", tls: PROVEN }],
  ])("what it means to libpq: %s", (url, meant) => expect(addressOf(url)).toEqual(meant));

  it("a server over a network that proves itself, unless it says otherwise", () => {
    const tlsOf = (mode: string) => addressOf(`postgresql://a@db.example/b?sslmode=${mode}`).tls;
    expect(tlsOf("verify-full")).toEqual(PROVEN);
    expect(tlsOf("verify-ca")).toEqual({ ...PROVEN, checkServerIdentity: expect.any(Function) as unknown });
    expect(tlsOf("require")).toEqual({ rejectUnauthorized: false });
    expect(tlsOf("disable")).toBe(false);
    // what the other side may choose is nothing
    for (const mode of ["prefer", "allow", ""]) expect(() => tlsOf(mode)).toThrow(/sslmode=/);
    expect(addressOf("postgresql://a@127.0.0.1/b?sslmode=verify-full").tls).toEqual(PROVEN);
    expect(addressOf("postgresql://a@db.example/b?sslrootcert=system").tls).toMatchObject(PROVEN);
    expect(addressOf("postgresql://a@127.0.0.1/b?sslrootcert=system").tls).toMatchObject(PROVEN);
  });

  it.each([
    "postgresql://a%zz@db.example/b",
    "postgresql://a@db.example/%",
    "postgresql://a@%ff/b",
    "postgresql://a@db.example/b?port=x",
    "postgresql://a@db.example/b?port=65536",
    "postgresql://a@db.example:0/b",
    "postgresql://a@db.example/b?port=-1",
    "postgresql://a@db.example/b?port=1.5",
    "postgresql://a@db.example/b?sslrootcert=/nowhere",
    "postgresql://a@db.example/b?target_session_attrs=any",
    "mysql://a@db.example/b",
  ])("nothing, and is refused before anything is opened: %s", async (url) => {
    expect(isDatabaseAddress(url)).toBe(true);
    await expect(openForeignDatabase(url)).rejects.toMatchObject({ code: "USAGE", exitCode: 2 });
  });
});

it("a connection that comes to nothing on our side is given back", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const opening = openForeignDatabase(`postgresql://a@127.0.0.1:${port}/b`, { password: "hush" });
  const refusal = expect(opening).rejects.toMatchObject({ code: "DATABASE_UNREADABLE" });
  const [socket] = await once(server, "connection");
  await once(socket, "data");
  // AuthenticationSASL, by a mechanism that nobody has; then the server waits for another answer
  const mechanism = Buffer.from("NONE\0\0");
  const head = Buffer.from([0x52, 0, 0, 0, 8 + mechanism.length, 0, 0, 0, 10]);
  socket.write(Buffer.concat([head, mechanism]));
  await refusal;
  socket.resume();
  await once(socket, "end");
  server.close();
});
