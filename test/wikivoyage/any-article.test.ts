import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { wikivoyage } from "../../services/content-fetcher/providers/wikivoyage/wikivoyage.ts";
import type { HttpClient } from "../../services/content-fetcher/http/http-client.ts";
import type { Answer, FetchContext } from "../../services/content-fetcher/provider.ts";
import { NOW_MS, queryOf } from "../adapters/harness.ts";

const KINDS = wikivoyage.offerings.map(({ kind }) => kind);

/** The adapter over one page, without a network in between: only what it makes of the text counts here. */
async function answers(wikitext: string): Promise<Answer[]> {
  const page = {
    title: "Lisbon",
    fullurl: "https://en.wikivoyage.org/wiki/Lisbon",
    coordinates: [{ lat: 38.717, lon: -9.133 }],
    revisions: [{ slots: { main: { content: wikitext } } }],
  };
  const json: HttpClient["json"] = ({ query = {} }, schema, judge) => {
    const pages = query["titles"] === "Lisbon" ? [page] : [];
    const body = schema.parse({ batchcomplete: true, query: { pages } });
    const answer = { status: 200, body, headers: {}, fetchMs: NOW_MS };
    judge?.(answer);
    return Promise.resolve(answer);
  };
  const shared = new Map<string, Promise<unknown>>();
  const context: FetchContext = {
    http: { json },
    signal: new AbortController().signal,
    now: () => NOW_MS,
    switchedOn: new Set(),
    texts: new Map(),
    kinds: new Set<SectionKind>(KINDS),
    giveWay: () => Promise.resolve(),
    share: <T>(key: string, load: () => Promise<T>): Promise<T> => {
      const running = shared.get(key) ?? load();
      shared.set(key, running);
      // A key belongs to one adapter, which always loads the same type under it.
      return running as Promise<T>;
    },
  };
  return await Promise.all(KINDS.map((kind) => wikivoyage.fetch(kind, queryOf(), context)));
}

const LINES = [
  "==See==",
  "==Eat==",
  "===Budget===",
  "==Districts==",
  "==Get in==",
  "==Do==",
  "==Understand==",
  "* {{see|name=A '''b'''|lat=38.7|long=-9.1|content=Some [[text|words]]. More.}}",
  "* {{eat|name=C|price=€5|hours=9AM|url=http://c.test",
  "{{event|name=D|year=annual|month=December|date=2|content=''x''}}",
  "{{Regionlist|region1name=[[Lisbon/E|E]]|region1description='''f''' {{mi|5}}",
  "{{Climate|dechigh=15|declow=9|decprecip=x",
  "* '''G''' — h [http://i.test j]",
  "** [[Lisbon/K|K]]: l:",
  "{| class=x",
  "| m || n",
  "|}",
  "}}",
  "{{dead link}} ''o [[p",
  "<ref>q</ref><nowiki>[[r]]</nowiki><!-- s",
  "-->",
  "plain words. And more of them, &amp; so on.",
  "",
];
const article = fc.array(fc.oneof(fc.constantFrom(...LINES), fc.string({ maxLength: 20 })), {
  maxLength: 30,
});

describe("any article of Wikivoyage", () => {
  it("is answered without an error, with text within the limits and without markup", async () => {
    await fc.assert(
      fc.asyncProperty(article, async (lines) => {
        for (const answer of await answers(lines.join("\n"))) {
          if (answer.state === "nothing-found") continue;
          const { narratives = [], listings = [], facts = [] } = answer.content;
          for (const { text = "", citations = [] } of narratives) {
            assert.ok(text.trim() !== "" && text.length <= 4000 && citations.length > 0);
            assert.doesNotMatch(text, /\[\[|\]\]|\{\{|\}\}|''/);
          }
          for (const { title = "", summary = "", key = "", citations = [] } of listings) {
            assert.ok(title.trim() === title && title !== "" && key !== "" && citations.length > 0);
            assert.ok(summary.length <= 600);
            assert.doesNotMatch(`${title} ${summary}`, /\[\[|\]\]|\{\{|\}\}|''/);
          }
          assert.equal(new Set(listings.map(({ key }) => key)).size, listings.length);
          for (const { value = "" } of facts) assert.notEqual(value, "");
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is answered in time, whatever is repeated in it", async () => {
    // Work that grows with the square would take a minute.
    const repeated = [...LINES, "a. ", "'''b''' ", "[http://c.test d] ", "* e\n", "# f\n** g\n", "=h=\n"];
    for (const line of repeated) {
      const count = Math.ceil(30_000 / Math.max(1, line.length));
      await answers(`==Get in==\n${line.repeat(count)}\n==See==\n${`${line}\n`.repeat(count)}`);
    }
  }).timeout(30_000);
});
