import manifest from "../../../package.json" with { type: "json" };
import { JOB_STATES } from "../../model/job.ts";
import { WORDS, type Word } from "./described.ts";
import { HOUSE_STATUS, REFUSALS } from "./refusal.ts";

type Json = Readonly<Record<string, unknown>>;

/** Statuses of trouble that is not the client's. */
const TROUBLE = [500, 503, 507];
const WITH_RETRY_AFTER = [409, 429, 503, 507];
const TOKEN = [400, 401, 403, 404, 405, 408, 417, 431, 500, 503];
const VOICE = [...TOKEN, 409, 413, 415, 422, 429, 507];

/** The document at /v1/openapi.json, which lies in docs/ too (OpenAPI 3.1). */
export function openApi(): Json {
  return {
    openapi: "3.1.1",
    info: {
      title: "Sotto: recordings in",
      version: manifest.version,
      summary: "A recording that is sent here reaches its encrypted Matrix rooms as a voice message.",
      license: { name: "Apache License 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:8090", description: "The default; TLS is the proxy's." }],
    security: [{ token: [] }],
    paths: {
      "/v1/rooms/{room}/voice": {
        parameters: [roomParameter, ...words(Object.keys(WORDS) as Word[]).map(headerParameter)],
        post: voice("sendVoice", "Send a recording", {
          ...rawBody,
          "multipart/form-data": { schema: form },
        }),
        put: voice("putVoice", "The same, for `curl -T bell.wav URL`", rawBody),
      },
      "/v1/jobs/{job}": {
        get: {
          operationId: "getJob",
          summary: "What became of a recording",
          parameters: [{ name: "job", in: "path", required: true, schema: { type: "integer", minimum: 1 } }],
          responses: { 200: ok("The job", schemaRef("Job")), ...errors(TOKEN) },
        },
      },
      "/v1/openapi.json": {
        get: {
          operationId: "getDocument",
          summary: "This document",
          security: [],
          responses: {
            200: ok("OpenAPI 3.1", { type: "object" }),
            ...errors([400, 405, 408, 417, 431, 503]),
          },
        },
      },
    },
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "`sotto token` makes one." },
      },
      schemas: { Error: errorSchema(), Accepted: accepted, Job: job },
    },
  };
}

const words = (all: Word[]) => all.map((word) => ({ word, ...WORDS[word] }));

const roomParameter: Json = {
  name: "room",
  in: "path",
  required: true,
  description: "A room of the connector's routes as the config writes it, or its room ID; percent-encoded.",
  schema: { type: "string" },
  example: "#team:example.org",
};

const headerParameter = ({ header, text, maxLength, example }: (typeof WORDS)[Word]): Json => ({
  name: header,
  in: "header",
  description: text,
  schema: { type: "string", maxLength },
  example,
});

/** Content is what counts, not what Content-Type says; a form alone is known by it. */
const rawBody: Json = { "audio/*": {}, "application/octet-stream": {} };

const form: Json = {
  type: "object",
  description: "The fields first, one file last; a header counts before the field.",
  properties: {
    ...Object.fromEntries(
      words(Object.keys(WORDS) as Word[]).map(({ word, text, maxLength }) => [
        word,
        { type: "string", description: text, maxLength },
      ]),
    ),
    audio: { description: "The recording; any name will do.", contentMediaType: "application/octet-stream" },
  },
  required: ["audio"],
};

const voice = (operationId: string, summary: string, content: Json): Json => ({
  operationId,
  summary,
  requestBody: { required: true, content },
  responses: {
    202: {
      ...ok(
        "It is durable, and reaches its rooms whatever happens. The same key again has the same answer.",
        {
          $ref: "#/components/schemas/Accepted",
        },
      ),
      headers: { Location: { description: "The first of its jobs.", schema: { type: "string" } } },
    },
    ...errors(VOICE),
  },
});

const accepted: Json = {
  type: "object",
  required: ["jobs"],
  properties: {
    jobs: {
      type: "array",
      description: "One for each route.",
      items: {
        type: "object",
        required: ["job", "url"],
        properties: { job: { type: "integer" }, url: { type: "string" } },
      },
    },
  },
};

const job: Json = {
  type: "object",
  required: ["job", "state"],
  properties: {
    job: { type: "integer" },
    state: { enum: JOB_STATES },
    eventId: { type: "string", description: "Of the voice message, once it is sent." },
    error: {
      type: "object",
      description: "Why it was given up.",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" } },
    },
  },
};

function errorSchema(): Json {
  return {
    type: "object",
    required: ["code", "message", "cure"],
    properties: {
      code: { type: "string", examples: [...Object.keys(REFUSALS), ...Object.keys(HOUSE_STATUS)] },
      message: { type: "string", description: "What is wrong." },
      cure: { type: "string", description: "What to do about it." },
    },
  };
}

/** By status, with the codes that it can have. */
const errors = (statuses: readonly number[]): Json =>
  Object.fromEntries(
    [...statuses]
      .sort((a, b) => a - b)
      .map((status) => [
        status,
        {
          ...ok(codesOf(status).join(", "), schemaRef("Error")),
          ...(WITH_RETRY_AFTER.includes(status) ? { headers: { "Retry-After": seconds } } : {}),
        },
      ]),
  );

function codesOf(status: number): string[] {
  const own = Object.entries(REFUSALS).filter(([, [its]]) => its === status);
  const house = Object.entries(HOUSE_STATUS).filter(([, its]) => its === status);
  const codes = [...own, ...house].map(([code]) => code);
  return TROUBLE.includes(status) ? [...codes, "a trouble of Sotto's own"] : codes;
}

const seconds: Json = { description: "Seconds to wait.", schema: { type: "integer" } };

const schemaRef = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

const ok = (description: string, schema: Json): Json => ({
  description,
  content: { "application/json": { schema } },
});
