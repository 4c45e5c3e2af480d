// Turns the JSON Schema on standard input (python -m routilux_dashboard.protocol) into the browser's type
// declarations: into the file named by the argument, or to standard output.
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { compile } from "json-schema-to-typescript";

const BANNER =
  "// Made by `npm run types` from dashboard/routilux_dashboard/protocol. Do not edit: a test fails when it drifts.";

/** The schema in the words of json-schema-to-typescript, which knows older drafts. */
function translated(value) {
  if (Array.isArray(value)) return value.map(translated);
  if (value === null || typeof value !== "object") return value;
  const schema = { ...value };
  if (typeof schema.title === "string") delete schema.title; // would give the shape a second, numbered name
  if (typeof schema.description === "string") schema.description = dedented(schema.description);
  if (schema.prefixItems) {
    schema.items = schema.prefixItems;
    delete schema.prefixItems;
  }
  if (schema.type === "object" && !schema.properties) schema.additionalProperties ??= true;
  return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, translated(inner)]));
}

/** A docstring's later lines without the indentation that Python's source gives them. */
function dedented(text) {
  return text.replaceAll(/\n[ \t]+/g, "\n").trim();
}

/** A constant as the formatter writes it. */
function constant(value) {
  return Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(", ")}]` : JSON.stringify(value);
}

const { $defs, "x-vocabulary": vocabulary } = JSON.parse(await text(process.stdin));
const names = Object.keys($defs).sort();
const schema = {
  description: "Every shape on the wire, by its name.",
  type: "object",
  required: names,
  properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }])),
  $defs: translated($defs),
};
const declarations = await compile(schema, "Wire", {
  additionalProperties: false,
  bannerComment: BANNER,
  style: { printWidth: 120 },
});

const constants = Object.entries(vocabulary).map(([name, value]) => `export const ${name} = ${constant(value)} as const;\n`);
const written = [declarations, ...constants].join("");

const target = process.argv[2];
if (target) writeFileSync(target, written);
else process.stdout.write(written);
