import { readFileSync } from "node:fs";
import { LRUCache } from "lru-cache";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { OverpassSyntaxError, parseOverpassQl } from "./overpass-ql.ts";
import { runOverpassQuery } from "./overpass-run.ts";
import type { Worlds } from "./world/worlds.ts";

const HTML = { "content-type": "text/html; charset=utf-8" };
const MAX_CACHED_BYTES = 64 << 20;
const STOCK_USER_AGENT = /^(undici|node|axios|curl|wget|okhttp|python|java|go-http|mozilla)\b/i;
const GENERATOR = "Overpass API 0.7.62.8 e802775f";
const COPYRIGHT =
  "The data included in this document is from www.openstreetmap.org. The data is made available under ODbL.";

const page = (status: number, message: string): Reply => ({
  status,
  headers: HTML,
  body: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
  <meta http-equiv="content-type" content="text/html; charset=utf-8" lang="en"/>
  <title>OSM3S Response</title>
</head>
<body>

<p>${COPYRIGHT}</p>
<p><strong style="color:#FF0000">Error</strong>: ${message} </p>

</body>
</html>
`,
});

export const OVERPASS_BUSY: Reply = page(
  429,
  "runtime error: open64: 0 Success /osm3s_osm_base Dispatcher_Client::request_read_and_idx::rate_limited. Please check /api/status for the quota of your IP address.",
);
export const OVERPASS_OVERLOADED: Reply = page(
  504,
  "runtime error: open64: 0 Success /osm3s_osm_base Dispatcher_Client::request_read_and_idx::timeout. The server is probably too busy to handle your request.",
);
export const OVERPASS_FAULTS = {
  "rate-limit": OVERPASS_BUSY,
  remark: {
    body: readFileSync(
      new URL("../fixtures/overpass/overpy-remark-runtime-error-01.json", import.meta.url),
      "utf8",
    ),
  },
};

/** The Overpass API: queries over the elements of the world around the place that they ask about. */
export function createOverpass(worlds: Worlds, now: () => number): (request: ReceivedRequest) => Reply {
  const cached = new LRUCache<string, Reply>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ body }) => Math.max(1, body.length),
  });
  const elementsAt = (lat: number, lon: number) => worlds.at(lat, lon).elements;

  function answer(data: string): Reply {
    try {
      const elements = runOverpassQuery(parseOverpassQl(data), elementsAt);
      const timestamp = new Date(Math.floor(now() / 60_000) * 60_000).toISOString().replace(".000Z", "Z");
      return {
        headers: { "content-type": "application/json" },
        body: Buffer.from(
          JSON.stringify({
            version: 0.6,
            generator: GENERATOR,
            osm3s: { timestamp_osm_base: timestamp, copyright: COPYRIGHT },
            elements,
          }),
        ),
      };
    } catch (error) {
      if (!(error instanceof OverpassSyntaxError)) throw error;
      return page(400, `line ${error.line}: ${error.message}`);
    }
  }

  return ({ method, url, headers, body }) => {
    const agent = headers["user-agent"] ?? "";
    if (agent === "" || STOCK_USER_AGENT.test(agent))
      return { status: 406, headers: HTML, body: "Not Acceptable" };
    if (url.pathname === "/api/status") return status(now());
    if (url.pathname !== "/api/interpreter") return { status: 404, headers: HTML, body: "Not Found" };
    const data = (method === "POST" ? new URLSearchParams(body) : url.searchParams).get("data");
    if (data === null || data.trim() === "") return page(400, "static error: No input found.");
    const known = cached.get(data);
    if (known !== undefined) return known;
    const reply = answer(data);
    cached.set(data, reply);
    return reply;
  };
}

const status = (nowMs: number): Reply => ({
  headers: { "content-type": "text/plain" },
  body: `Connected as: 3232235777\nCurrent time: ${new Date(nowMs).toISOString().slice(0, 19)}Z\nRate limit: 2\n2 slots available now.\nCurrently running queries (pid, space limit, time limit, start time):\n`,
});
