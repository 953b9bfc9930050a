import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ mode }) => {
  // where the API is while developing; built files ask the server that they come from, or VITE_CUSTOGRAPH_URL
  const { CUSTOGRAPH_SERVER = "http://127.0.0.1:8000" } = loadEnv(mode, ".", "CUSTOGRAPH_");
  const proxy = { "/graphql": { target: CUSTOGRAPH_SERVER, ws: true } };
  return {
    base: "./",
    esbuild: { jsx: "automatic" },
    server: { proxy },
    preview: { proxy },
    build: { target: "es2022" },
  };
});
