// Writes src/__generated__/: types and documents by graphql-codegen's client preset, called without its command line,
// which brings 300 packages more. CUSTOGRAPH_SCHEMA names another schema: a file, or a server's /schema.graphql.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildASTSchema, isAbstractType, parse } from "graphql";

const FOLDER = "src/__generated__/";
const DOCUMENTS = "src/documents.graphql";
const from = process.env.CUSTOGRAPH_SCHEMA ?? "../../docs/schema.graphql";

const sdl = /^https?:/.test(from) ? await (await fetch(from)).text() : await readFile(from, "utf8");
const schema = parse(sdl, { noLocation: true });
const schemaAst = buildASTSchema(schema);
const rawSDL = await readFile(DOCUMENTS, "utf8");
const config = {
  strictScalars: true, // a scalar that is not named here stops the build
  scalars: { CurrencyCode: "string", Date: "string", DateTime: "string", Decimal: "string", JSON: "unknown" },
  useTypeImports: true,
  arrayInputCoercion: false,
};

const files = await preset.buildGeneratesSection({
  baseOutputDir: FOLDER,
  presetConfig: { fragmentMasking: false },
  schema,
  schemaAst,
  documents: [{ location: DOCUMENTS, document: parse(rawSDL), rawSDL }],
  config,
  plugins: [],
  pluginMap: {},
});
await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
for (const file of files) await writeFile(file.filename, await codegen(file));

// which types an interface has: Apollo's cache asks, to match fragments on it
const possibleTypes = {};
for (const type of Object.values(schemaAst.getTypeMap())) {
  if (isAbstractType(type)) possibleTypes[type.name] = schemaAst.getPossibleTypes(type).map(({ name }) => name);
}
await writeFile(`${FOLDER}possibleTypes.ts`, `export const possibleTypes = ${JSON.stringify(possibleTypes, null, 2)};\n`);
