// Bundles GraphiQL for the browser into app/static/graphiql, with the licences of everything that is in it.
import { build } from "esbuild";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../../app/static/graphiql/", import.meta.url));
const workers = {
  editor: "monaco-editor/esm/vs/editor",
  graphql: "monaco-graphql/esm",
  json: "monaco-editor/esm/vs/language/json",
};

const made = await build({
  absWorkingDir: here,
  entryPoints: [
    { in: "main.jsx", out: "main" },
    ...Object.entries(workers).map(([name, folder]) => ({ in: `${folder}/${name}.worker.js`, out: `${name}.worker` })),
  ],
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  alias: {
    "prettier/parser-babel": "./json-format.js",
    "prettier/parser-graphql": "prettier/plugins/graphql",
    "prettier/plugins/estree": "./json-format.js",
  },
  loader: { ".ttf": "file" },
  assetNames: "[name]",
  chunkNames: "[name]-[hash]",
  legalComments: "none", // LICENSES.txt has them whole
  metafile: true,
  write: false,
  logLevel: "warning",
});

for (const name of await readdir(out)) if (name !== "README.md") await rm(out + name);

let size = 0;
for (const { path, contents } of made.outputFiles) {
  if (path.endsWith(".css") && !path.endsWith("/main.css")) continue; // main.css has theirs
  const packed = gzipSync(contents, { level: 9 });
  size += packed.length;
  await writeFile(`${path}.gz`, packed);
}
console.log(`${(size / 1024).toFixed(0)} KiB compressed`);

const folders = new Set();
for (const { inputs } of Object.values(made.metafile.outputs)) {
  for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
    const inside = input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/);
    if (inside && bytesInOutput > 0) folders.add(inside[0]);
  }
}

// A few packages are published without the licence file of their repository; it is that of their siblings there, or MIT.
const standIn = {
  "@graphiql/plugin-doc-explorer": "graphiql",
  "@graphiql/plugin-history": "graphiql",
  "react-compiler-runtime": "react",
  "react-remove-scroll-bar": "react-remove-scroll",
};
const licence = /^(licen[cs]e|notice|thirdpartynotices)/i;
const texts = new Map();
for (const folder of folders) {
  const { name, version, license } = JSON.parse(await readFile(`${here}${folder}/package.json`, "utf8"));
  const home = standIn[name] ? `${here}node_modules/${standIn[name]}` : here + folder;
  const files = (await readdir(home)).filter((file) => licence.test(file)).sort();
  if (!files.length) throw new Error(`${name} ${version} (${license}) has no licence file`);
  const parts = await Promise.all(files.map((file) => readFile(`${home}/${file}`, "utf8")));
  const text = parts.map((part) => part.replace(/[ \t\r]+$/gm, "").trim()).join("\n\n");
  texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
}
const chapters = [...texts].map(([text, labels]) => `${labels.sort().join("\n")}\n\n${text}\n`).sort();
await writeFile(`${out}LICENSES.txt`, chapters.join(`\n${"=".repeat(100)}\n\n`));
