import { readFileSync } from "node:fs";
import { z } from "zod";

const packageSchema = z.object({ scripts: z.object({ start: z.string() }) });

/** Options of Node that `npm start` runs the services with. */
export const SERVICE_FLAGS: readonly string[] = packageSchema
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")))
  .scripts.start.split(" ")
  .filter((word) => word.startsWith("--"));
