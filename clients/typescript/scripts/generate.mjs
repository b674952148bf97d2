#!/usr/bin/env node
// Writes src/protocol.ts from the JSON Schemas in schemas/ of the repository, and src/sessions/types.ts from its
// OpenAPI document. With `--check` it writes nothing and fails if a file is not what it would write.
//
// What is taken from the schemas, beside JSON Schema itself:
// - `x-answeredBy` on a request: the `type` of the event that answers it;
// - a request with an `idempotencyKey` changes something;
// - an event with `seq` and `total` comes in parts. What it has more than its head (`$defs/…Head`)
//   is its payload, base64 where `contentEncoding` says so.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = new URL(".", import.meta.url);
const target = new URL("../src/protocol.ts", here);
const restTarget = new URL("../src/sessions/types.ts", here);
/** What the client sends and reads over HTTP. */
const REST_ROOTS = ["NewSessionRequest", "Session", "Job", "Page", "DownloadView", "UploadView", "SessionHistory", "SessionMetrics"];
const load = (name) => JSON.parse(readFileSync(new URL(`../../../schemas/${name}.schema.json`, here), "utf8"));

/** Fields of every request that its caller does not give, and of every event that stand by themselves. */
const PART_FIELDS = ["seq", "total"];
/** Methods that are there already. */
const RESERVED = new Set(["request", "events", "close", "constructor"]);

const pascal = (name) => name[0].toUpperCase() + name.slice(1);
const last = (reference) => reference.slice(reference.lastIndexOf("/") + 1);
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function fail(message) {
  console.error(`generate.mjs: ${message}`);
  process.exit(1);
}

/** The type of what a schema accepts, as TypeScript. */
function typeOf(schema) {
  if (schema === true || schema === undefined) return "unknown";
  if (schema === false) return "never";
  if (schema.$ref) return last(schema.$ref);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) {
    const either = union(variants.map(typeOf));
    return schema.properties ? `${objectOf(schema)} & (${either})` : either;
  }
  if (schema.allOf) return schema.allOf.map((part) => `(${typeOf(part)})`).join(" & ");
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type })));
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(", ")}]`;
      return `Array<${typeOf(schema.items)}>`;
    case "object":
      return objectOf(schema);
    case undefined:
      return schema.properties ? objectOf(schema) : "unknown";
    default:
      return fail(`a type that it does not know: ${JSON.stringify(schema)}`);
  }
}

function union(types) {
  const distinct = [...new Set(types)];
  return distinct.includes("unknown") ? "unknown" : distinct.join(" | ");
}

function objectOf(schema) {
  if (schema.properties) return `{\n${fields(schema).join("\n")}\n}`;
  const values = schema.additionalProperties;
  return `Record<string, ${typeOf(values === false ? undefined : values)}>`;
}

/** A doc comment; `extra` are sentences of our own. */
function doc(schema, indent = "", extra = []) {
  const text = [...(schema.description ?? "").split("\n"), ...extra].filter((line) => line !== "");
  const { minimum, maximum } = schema;
  if (minimum !== undefined && maximum !== undefined) text.push(`From ${minimum} to ${maximum}.`);
  if (text.length === 0) return [];
  const lines = text.map((line) => line.replaceAll("*/", "*\\/"));
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`];
}

/** The fields of an object, one a line, with their comments. */
function fields(schema, { without = [], replaced = {} } = {}) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties)
    .filter(([name]) => !without.includes(name))
    .flatMap(([name, field]) => {
      const type = replaced[name] ?? typeOf(field);
      const mark = required.has(name) ? "" : "?";
      return [...doc(field, "  "), `  ${key(name)}${mark}: ${type.replaceAll("\n", "\n  ")};`];
    });
}

/** A named type: an interface where it is a plain object. */
function declare(name, schema) {
  const comment = doc(schema);
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants?.every((variant) => "const" in variant)) {
    const described = variants.flatMap((variant) => [
      ...doc(variant, "  "),
      `  | ${JSON.stringify(variant.const)}`,
    ]);
    return [...comment, `export type ${name} =`, ...described, "  ;", ""];
  }
  if (schema.type === "object" && schema.properties && !variants) {
    return [...comment, `export interface ${name} {`, ...fields(schema), "}", ""];
  }
  return [...comment, `export type ${name} = ${typeOf(schema)};`, ""];
}

const requests = load("request");
const events = load("event");
const messages = (document) => document.oneOf.map((reference) => last(reference.$ref));
const requestNames = messages(requests);
const eventNames = messages(events);

/** How the payload of an event in parts is called and written; nothing for other events. */
function payloadOf(name) {
  const { properties } = events.$defs[name];
  if (!PART_FIELDS.every((field) => field in properties)) return undefined;
  const head = events.$defs[`${pascal(name)}Head`];
  if (!head) fail(`${name} comes in parts, but there is no ${pascal(name)}Head`);
  const own = Object.keys(properties).filter(
    (field) => !(field in head.properties) && !["type", "requestId", "cursor"].includes(field),
  );
  if (own.length !== 1) fail(`${name} has not one payload: ${own}`);
  const field = own[0];
  return { field, base64: properties[field].contentEncoding === "base64" };
}

const out = [
  "// Generated by scripts/generate.mjs from schemas/. Do not edit: `npm run generate` writes it again.",
  "/* eslint-disable */",
  "",
];

// What both documents define is one type.
const defs = new Map();
for (const [document, names] of [
  [requests, requestNames],
  [events, eventNames],
]) {
  for (const [name, schema] of Object.entries(document.$defs)) {
    if (names.includes(name) || name.endsWith("Head")) continue;
    const text = declare(name, schema).join("\n");
    if (defs.has(name) && defs.get(name) !== text) fail(`${name} means two things in the two schemas`);
    defs.set(name, text);
  }
}
for (const name of [...defs.keys()].sort()) out.push(defs.get(name));

for (const name of requestNames) {
  const schema = requests.$defs[name];
  const without = ["type"];
  const own = fields(schema, { without });
  out.push(`/** Fields of a \`${name}\`. */`);
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) {
    out.push(`export type ${pascal(name)}Fields = {`, ...own, `} & (${union(variants.map(typeOf))});`, "");
  } else {
    out.push(`export interface ${pascal(name)}Fields {`, ...own, "}", "");
  }
}

for (const name of eventNames) {
  const schema = events.$defs[name];
  const payload = payloadOf(name);
  const extra = payload ? ["Here it is whole, put together from its parts."] : [];
  const replaced = { type: JSON.stringify(name) };
  if (payload?.base64) replaced[payload.field] = "Uint8Array";
  const described = payload?.base64
    ? { ...schema, properties: { ...schema.properties, [payload.field]: { description: "The bytes, decoded." } } }
    : schema;
  const own = fields(described, { without: payload ? PART_FIELDS : [], replaced });
  out.push(...doc(schema, "", extra), `export interface ${pascal(name)}Event {`, ...own, "}", "");
}

out.push("/** Every event. One that this list does not know is passed on with its `type` all the same. */");
out.push(`export type BridgeEvent =\n${eventNames.map((name) => `  | ${pascal(name)}Event`).join("\n")};`, "");
out.push("/** Every event by its `type`. */", "export interface EventTypes {");
out.push(...eventNames.map((name) => `  ${key(name)}: ${pascal(name)}Event;`), "}", "");

out.push("/** Every request by its `type`: what it takes, and the event that answers it. */");
out.push("export interface RequestTypes {");
for (const name of requestNames) {
  const answer = requests.$defs[name]["x-answeredBy"];
  if (!eventNames.includes(answer)) fail(`${name} is answered by ${answer}, which is no event`);
  out.push(`  ${key(name)}: { fields: ${pascal(name)}Fields; answer: ${pascal(answer)}Event };`);
}
out.push("}", "");

out.push("/** Requests that change something: without an `idempotencyKey` they are never sent twice. */");
const changes = requestNames.filter((name) => "idempotencyKey" in requests.$defs[name].properties);
out.push(`export const CHANGES: ReadonlySet<string> = new Set(${JSON.stringify(changes)});`, "");

out.push("/** Events that come in parts: the field of their payload, and whether that is base64 in a text message. */");
out.push("export const PAYLOADS: Readonly<Record<string, { field: string; base64: boolean }>> = {");
for (const name of eventNames) {
  const payload = payloadOf(name);
  if (payload) out.push(`  ${key(name)}: ${JSON.stringify(payload)},`);
}
out.push("};", "");

out.push("/** A method for each request. */", "export abstract class Requests {");
out.push("  /** Sends any request, also one that this client does not know yet, and waits for its answer. */");
out.push(
  '  abstract request<T extends keyof RequestTypes>(type: T, fields: RequestTypes[T]["fields"]): Promise<RequestTypes[T]["answer"]>;',
);
out.push("  abstract request(type: string, fields: Record<string, unknown>): Promise<BridgeEvent>;");
for (const name of requestNames) {
  if (RESERVED.has(name)) fail(`a request called ${name} would hide a method of the connection`);
  const schema = requests.$defs[name];
  const needed = (schema.required ?? []).filter((field) => field !== "type");
  const variants = schema.oneOf ?? schema.anyOf;
  const given = needed.length === 0 && !variants ? " = {}" : "";
  out.push("", ...doc(schema, "  "));
  out.push(`  ${key(name)}(fields: ${pascal(name)}Fields${given}): Promise<RequestTypes[${JSON.stringify(name)}]["answer"]> {`);
  out.push(`    return this.request(${JSON.stringify(name)}, fields);`, "  }");
}
out.push("}", "");

/** Values of the OpenAPI document, with what they consist of where the protocol does not have it. */
function restTypes() {
  const document = JSON.parse(readFileSync(new URL("../../../schemas/openapi.json", here), "utf8"));
  const { schemas } = document.components;
  const protocolNames = new Set([...Object.keys(requests.$defs), ...Object.keys(events.$defs)]);
  const [done, imported, names] = [new Map(), new Set(), [...REST_ROOTS]];
  while (names.length > 0) {
    const name = names.pop();
    if (done.has(name) || imported.has(name)) continue;
    if (protocolNames.has(name) && !REST_ROOTS.includes(name)) {
      imported.add(name);
      continue;
    }
    done.set(name, declare(name, schemas[name]));
    const references = JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/(\w+)/g);
    names.push(...[...references].map(([, reference]) => reference));
  }
  return [
    "// Generated by scripts/generate.mjs from schemas/openapi.json. Do not edit: `npm run generate` writes it again.",
    `import type { ${[...imported].sort().join(", ")} } from "../protocol.js";`,
    "",
    ...[...done.keys()].sort().flatMap((name) => done.get(name)),
  ].join("\n");
}

for (const [file, text] of [
  [target, out.join("\n")],
  [restTarget, restTypes()],
]) {
  if (!process.argv.includes("--check")) {
    writeFileSync(file, text);
    console.log(fileURLToPath(file));
    continue;
  }
  let committed = "";
  try {
    committed = readFileSync(file, "utf8");
  } catch {
    // A missing file is a difference.
  }
  if (committed !== text) fail(`${fileURLToPath(file)} is not what schemas/ say; \`npm run generate\` writes it again`);
}
