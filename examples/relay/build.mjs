// Bundles the program. Relay's plugin puts in place of each document what relay-compiler made of it.
import { readFile } from "node:fs/promises";
import { transformAsync } from "@babel/core";
import { build } from "esbuild";

const [entry = "src/print.tsx"] = process.argv.slice(2);
const relay = {
  name: "relay",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/src\/[^_]*\.tsx?$/ }, async ({ path }) => {
      const parserOpts = { plugins: ["typescript", "jsx"] };
      const options = {
        filename: path,
        babelrc: false,
        configFile: false,
        parserOpts,
        plugins: [["relay", { eagerEsModules: true }]],
      };
      const { code } = await transformAsync(await readFile(path, "utf8"), options);
      return { contents: code, loader: path.endsWith("x") ? "tsx" : "ts" };
    }),
};

await build({
  entryPoints: [entry],
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  jsx: "automatic",
  plugins: [relay],
});
