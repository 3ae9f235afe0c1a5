// Reads an AsyncAPI document with the official parser, and the catalogue of messages with a validator of
// JSON Schema: every example has to fit its schema. Prints every fault, one a line; fails if there is one.
//
//     node documents.mjs ASYNCAPI.json MESSAGES.json
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const [asyncapi, messages] = process.argv.slice(2).map((it) => readFileSync(it, "utf8"));
const faults = [];

const { document, diagnostics } = await new Parser().parse(asyncapi);
const [ERROR, WARNING] = [0, 1];
for (const it of diagnostics.filter(({ severity }) => [ERROR, WARNING].includes(severity))) {
  faults.push(`asyncapi ${it.code} at ${it.path.join("/")}: ${it.message}`);
}
if (!document) faults.push("asyncapi: it cannot be read");

const catalogue = JSON.parse(messages);
const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
// Widths of numbers, which JSON Schema does not know.
for (const it of ["int32", "int64", "uint8", "uint16", "uint32", "uint64"]) ajv.addFormat(it, true);
const { components } = catalogue;
let examples = 0;
const fits = (name, schema, example) => {
  const validate = ajv.compile({ ...schema, components });
  examples += 1;
  if (!validate(example)) faults.push(`${name}: ${ajv.errorsText(validate.errors)}`);
};
for (const [name, { schema, body, example }] of Object.entries(catalogue.messages)) {
  fits(name, schema, example);
  if (body) fits(`${name} body`, body, example.body);
}
console.log([...faults, `${examples} examples, ${document?.channels().all().length ?? 0} channels`].join("\n"));
process.exitCode = faults.length ? 1 : 0;
