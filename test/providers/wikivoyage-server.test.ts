import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const PROP =
  "prop=revisions|coordinates|pageprops|info&rvprop=content|timestamp|ids&rvslots=main&inprop=url&redirects=1&maxlag=5";

const pageSchema = z.object({
  pageid: z.number().optional(),
  title: z.string(),
  missing: z.literal(true).optional(),
  invalid: z.literal(true).optional(),
  fullurl: z.string().optional(),
  coordinates: z.array(z.object({ lat: z.number(), lon: z.number(), primary: z.literal(true) })).optional(),
  pageprops: z.record(z.string(), z.string()).optional(),
  revisions: z
    .array(
      z.object({
        revid: z.number(),
        timestamp: z.string(),
        slots: z.object({ main: z.object({ content: z.string() }) }),
      }),
    )
    .optional(),
});
const pair = z.object({ from: z.string(), to: z.string() });
const answerSchema = z.object({
  batchcomplete: z.literal(true).optional(),
  continue: z.record(z.string(), z.string()).optional(),
  error: z.object({ code: z.string(), info: z.string() }).optional(),
  query: z
    .object({
      normalized: z.array(pair).optional(),
      redirects: z.array(pair).optional(),
      pages: z.array(pageSchema).optional(),
      search: z.array(z.object({ title: z.string() })).optional(),
      geosearch: z.array(z.object({ title: z.string(), dist: z.number() })).optional(),
    })
    .optional(),
});

describe("the test provider of Wikivoyage", () => {
  let providers: TestProviders;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: () => NOW_MS, maxWikivoyageResultBytes: 300_000 });
  });
  after(async () => {
    await providers.close();
  });
  beforeEach(() => providers.reset());

  async function ask(query: string): Promise<z.infer<typeof answerSchema>> {
    const response = await fetch(
      `${providers.server("wikivoyage").baseUrl}/w/api.php?action=query&format=json&formatversion=2&${query}`,
      { headers: { "user-agent": "Wayfarer/0.1 (ops@example.org)" } },
    );
    assert.equal(response.status, 200);
    return answerSchema.parse(await response.json());
  }

  it("serves the recorded Boston article byte for byte", async () => {
    const { query, batchcomplete } = await ask(`titles=Boston&${PROP}`);
    const [page] = query?.pages ?? [];
    assert.equal(
      page?.revisions?.[0]?.slots.main.content,
      readFileSync(new URL("../fixtures/wikivoyage/Boston.wikitext.txt", import.meta.url), "utf8"),
    );
    assert.deepEqual(page?.coordinates, [{ lat: 42.359, lon: -71.056, primary: true }]);
    assert.equal(page?.pageprops?.["wikibase_item"], "Q100");
    assert.equal(page?.fullurl, "https://en.wikivoyage.org/wiki/Boston");
    assert.equal(batchcomplete, true);
  });

  it("normalizes titles, follows redirects and marks what is missing or no title", async () => {
    const { query } = await ask(`titles=lisbon|München|Boston/Roxbury|${encodeURIComponent("a[b")}&${PROP}`);
    assert.deepEqual(query?.normalized?.[0], { from: "lisbon", to: "Lisbon" });
    assert.deepEqual(query?.redirects, [{ from: "München", to: "Munich" }]);
    assert.deepEqual(
      query?.pages?.map(({ title, missing, invalid }) => [title, missing ?? invalid ?? false]),
      [
        ["Lisbon", false],
        ["Munich", false],
        ["Boston/Roxbury", true],
        ["A[b", true],
      ],
    );
  });

  it("gives ten coordinates at a time and the rest by continuation", async () => {
    const { query: main } = await ask(`titles=Lisbon|Tokyo&${PROP}`);
    const titles = (main?.pages ?? []).flatMap(({ revisions }) =>
      [...(revisions?.[0]?.slots.main.content ?? "").matchAll(/name=\[\[([^|]+)\|/g)].map(
        ([, title]) => title ?? "",
      ),
    );
    assert.equal(titles.length, 14);
    const located = new Set<string>();
    const written = new Set<string>();
    let rest = "";
    let callCount = 0;
    for (;;) {
      const { query, continue: more } = await ask(
        `titles=${encodeURIComponent(titles.join("|"))}&${PROP}${rest}`,
      );
      callCount += 1;
      for (const { title, coordinates, revisions } of query?.pages ?? []) {
        if (coordinates !== undefined) located.add(title);
        if (revisions !== undefined) {
          assert.ok(!written.has(title), `${title} came twice`);
          written.add(title);
        }
      }
      if (more === undefined) break;
      rest = Object.entries(more)
        .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`)
        .join("");
    }
    assert.equal(callCount, 2);
    assert.deepEqual([...located].sort(), [...titles].sort());
    assert.deepEqual([...written].sort(), [...titles].sort());
  });

  it("leaves articles to a continuation that are too large for one result", async () => {
    const titles = ["Boston", "Lisbon", "Munich", "Tokyo", "Porto", "Porto/Old Town"];
    const batch = encodeURIComponent([...titles, "Boston/Downtown", "Boston/North End"].join("|"));
    const small = await startTestProviders({ seed: 1, now: () => NOW_MS, maxWikivoyageResultBytes: 180_000 });
    try {
      const base = `${small.server("wikivoyage").baseUrl}/w/api.php?action=query&format=json&formatversion=2&titles=${batch}&${PROP}`;
      const get = async (url: string) =>
        answerSchema.parse(await (await fetch(url, { headers: { "user-agent": "Wayfarer/0.1" } })).json());
      const first = await get(base);
      assert.equal(first.batchcomplete, undefined);
      const next = new URLSearchParams(first.continue ?? {});
      assert.ok(next.has("rvcontinue"));
      const second = await get(`${base}&${next.toString()}`);
      const count = (answer: z.infer<typeof answerSchema>): number =>
        (answer.query?.pages ?? []).filter(({ revisions }) => revisions !== undefined).length;
      assert.equal(count(first) + count(second), 8);
      assert.ok(count(first) > 0 && count(second) > 0);
    } finally {
      await small.close();
    }
  });

  it("tells namesakes apart and says where it cannot", async () => {
    const { query } = await ask(`titles=Springfield|Springfield (Illinois)|Paris|Yokohama&${PROP}`);
    const [ambiguous, illinois, paris, yokohama] = query?.pages ?? [];
    assert.equal(ambiguous?.pageprops?.["disambiguation"], "");
    assert.ok(Math.abs((illinois?.coordinates?.[0]?.lat ?? 0) - 39.8) < 0.1);
    assert.ok(Math.abs((paris?.coordinates?.[0]?.lat ?? 0) - 48.85) < 0.1);
    // Near to Tokyo, but a city of its own.
    assert.equal(yokohama?.title, "Yokohama");
  });

  it("finds articles by words and by place", async () => {
    const { query: found } = await ask("list=search&srsearch=Alfama");
    assert.deepEqual(
      found?.search?.map(({ title }) => title),
      ["Lisbon/Alfama"],
    );
    const { query: near } = await ask("list=geosearch&gscoord=38.7117|-9.1302&gsradius=10000&gslimit=3");
    assert.deepEqual(
      near?.geosearch?.map(({ title }) => title),
      ["Lisbon/Alfama", "Lisbon", "Lisbon/Baixa"],
    );
    const { query: generated } = await ask(
      "generator=geosearch&ggscoord=38.7117|-9.1302&ggsradius=1000&prop=coordinates",
    );
    assert.equal(generated?.pages?.[0]?.title, "Lisbon/Alfama");
  });

  it("reports errors in a 200, and refuses who does not say who calls", async () => {
    const { error: radius } = await ask("list=geosearch&gscoord=1|1&gsradius=99999");
    assert.equal(radius?.code, "badinteger");
    const { error: titles } = await ask(
      `titles=${Array.from({ length: 51 }, (_, index) => `T${index}`).join("|")}`,
    );
    assert.equal(titles?.code, "toomanyvalues");
    providers.setFault("wikivoyage", { kind: "remark" });
    const { error: lag } = await ask("titles=Lisbon");
    assert.equal(lag?.code, "maxlag");
    providers.reset();
    const unnamed = await fetch(`${providers.server("wikivoyage").baseUrl}/w/api.php?action=query`, {
      headers: { "user-agent": "" },
    });
    assert.equal(unnamed.status, 403);
  });
});
