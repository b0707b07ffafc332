import type { AddressList } from "../../model/address-list.ts";
import type { Intake } from "../../model/connector.ts";
import { clientAddress } from "./addresses.ts";
import type { Answer, Exchange } from "./answer.ts";
import { showJob } from "./job.ts";
import { openApi } from "./openapi.ts";
import { refused } from "./refusal.ts";
import type { Token, Tokens } from "./tokens.ts";
import type { VoiceDesk } from "./voice.ts";

/** What stands behind the paths. */
export interface Desks {
  tokens: Tokens;
  proxies: AddressList;
  voices: VoiceDesk;
  intake: Intake;
}

type Serve = (desks: Desks, exchange: Exchange, name: string) => Answer | Promise<Answer>;

const ROUTES: readonly { path: RegExp; methods: Readonly<Record<string, Serve>> }[] = [
  { path: /^\/v1\/rooms\/([^/]+)\/voice$/, methods: { POST: takeVoice, PUT: takeVoice } },
  { path: /^\/v1\/jobs\/([^/]+)$/, methods: { GET: job } },
  { path: /^\/v1\/(openapi\.json)$/, methods: { GET: () => ({ status: 200, body: openApi() }) } },
];

/** Throws a Refusal, or what the intake throws. */
export async function route(desks: Desks, exchange: Exchange): Promise<Answer> {
  const { method = "", url = "" } = exchange.request;
  const path = pathOf(url);
  for (const { path: pattern, methods } of ROUTES) {
    const name = pattern.exec(path)?.[1];
    if (name === undefined) continue;
    const serve = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (serve) return await serve(desks, exchange, decoded(name));
    throw refused("METHOD_NOT_ALLOWED", "this method is not for this path", {
      headers: { allow: Object.keys(methods).join(", ") },
    });
  }
  throw notFound(path);
}

async function takeVoice(desks: Desks, exchange: Exchange, room: string): Promise<Answer> {
  const token = requireToken(desks, exchange);
  if (!token.mayUse(room)) throw refused("ROOM_NOT_ALLOWED", "this token may not send to this room");
  return await desks.voices.take(exchange, token, room);
}

async function job(desks: Desks, exchange: Exchange, name: string): Promise<Answer> {
  return await showJob(desks.intake, requireToken(desks, exchange), name);
}

const requireToken = ({ tokens, proxies }: Desks, { request }: Exchange): Token =>
  tokens.authenticate(request.headers.authorization, clientAddress(request, proxies));

/** Of a request target in origin or absolute form (RFC 9112, 3.2); neither dots nor slashes are tidied up. */
function pathOf(url: string): string {
  const [path = ""] = url.replace(/^https?:\/\/[^/?]*/i, "").split("?", 1);
  return path;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw refused("REQUEST_INVALID", "the path has a % in it that encodes nothing");
  }
}

/** What curl makes of a URL may not be what was meant. */
function notFound(path: string) {
  if (/^\/v1\/rooms\/[^/]+\/voice\/[^/]*$/.test(path))
    return refused("NOT_FOUND", "the path ends with /voice, and with nothing behind it", {
      cure: "leave the slash at the end out: curl -T puts the name of the file behind it",
    });
  if (/^\/v1\/rooms(?:\/[^/]*)?$/.test(path))
    return refused("NOT_FOUND", "there is no room in the path", {
      cure: "write the # of an alias as %23: `/v1/rooms/%23team:example.org/voice`",
    });
  return refused("NOT_FOUND", "there is nothing at this path");
}
