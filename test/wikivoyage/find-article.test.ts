import assert from "node:assert/strict";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { wikivoyage } from "../../services/content-fetcher/providers/wikivoyage/wikivoyage.ts";
import { queryOf, type QueryParts } from "../adapters/harness.ts";
import { serveAdapter } from "../adapters/served-adapter.ts";
import { smallWiki, type WikiOptions } from "./small-wiki.ts";

const text = (introduction: string, mark = "usablecity"): string =>
  `${introduction}\n==Get in==\nBy road.\n{{${mark}}}`;

describe("the article about a destination", () => {
  const served = serveAdapter(wikivoyage);

  /** Title of the article that is cited, and how many requests it took; `nothing` when there is none. */
  async function find(
    wiki: WikiOptions,
    destination: NonNullable<QueryParts["destination"]>,
  ): Promise<readonly [title: string, requestCount: number]> {
    served.answerWith(smallWiki(wiki));
    const { content, outcome } = await served.adapter().fetch(SectionKind.OVERVIEW, queryOf({ destination }));
    assert.deepEqual(served.adapter().defects, []);
    const count = served.server().requests.length;
    assert.ok(count <= 6, `${count} requests`);
    if (outcome.kind === OutcomeKind.NOTHING_FOUND) return ["nothing", count];
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    return [content?.narratives[0]?.citations[0]?.title.replace("Wikivoyage: ", "") ?? "", count];
  }

  const springfield = {
    displayName: "Springfield",
    region: "Illinois",
    countryCode: "US",
    location: { $typeName: "google.type.LatLng" as const, latitude: 39.8, longitude: -89.64 },
  };

  it("has its name, and lies where it lies", async () => {
    const pages = { Springfield: { wikitext: text("A city."), at: [39.79, -89.65] } } as const;
    assert.deepEqual(await find({ pages }, springfield), ["Springfield", 1]);
  });

  it("is reached over a redirect", async () => {
    const pages = {
      Springfield: { redirectTo: "Springville" },
      Springville: { wikitext: text("A city."), at: [39.79, -89.65] },
    } as const;
    assert.deepEqual(await find({ pages }, springfield), ["Springville", 1]);
  });

  it("is not the one that a redirect leads to when that is far off", async () => {
    const pages = {
      Springfield: { redirectTo: "The Prairie" },
      // Within what is allowed for an article of the same name.
      "The Prairie": { wikitext: text("A region."), at: [39.8, -89.25] },
    } as const;
    assert.deepEqual(await find({ pages }, springfield), ["nothing", 4]);
  });

  it("has the region or the country in its title when the plain one is another place", async () => {
    const pages = {
      Springfield: { wikitext: text("In Massachusetts."), at: [42.1, -72.6] },
      "Springfield (Illinois)": { wikitext: text("In Illinois."), at: [39.8, -89.65] },
      "Springfield (United States)": { wikitext: text("?"), at: [37.2, -93.3] },
    } as const;
    assert.deepEqual(await find({ pages }, springfield), ["Springfield (Illinois)", 3]);
  });

  it("is the one of a disambiguation page that is nearest", async () => {
    const pages = {
      Springfield: {
        wikitext:
          "'''Springfield''' could be:\n* [[Springfield (Oregon)]]\n* [[Lincoln Town#Centre|Springfield]], once\n* [[File:x.jpg]] [[wikipedia:Springfield]]\n{{disamb}}",
      },
      "Springfield (Oregon)": { wikitext: text("In Oregon."), at: [44.05, -123.02] },
      "Lincoln Town": { wikitext: text("In Illinois."), at: [39.81, -89.64] },
    } as const;
    assert.deepEqual(await find({ pages }, springfield), ["Lincoln Town", 3]);
  });

  it("is no disambiguation page, whether its property or its template says so", async () => {
    const pages = {
      Springfield: { wikitext: text("Many."), at: [39.8, -89.64], disambiguation: true },
      "Springfield (Illinois)": { wikitext: `${text("Many.")}{{Disamb}}`, at: [39.8, -89.64] },
    } as const;
    assert.deepEqual((await find({ pages }, springfield))[0], "nothing");
  });

  it("is found among the articles nearby, by its name", async () => {
    const pages = {
      "Springfield/Downtown": { wikitext: text("A district."), at: [39.8, -89.64] },
      "Lake/Springfield": { wikitext: text("On the lake."), at: [39.76, -89.6] },
    } as const;
    const wiki = { pages, nearby: Object.keys(pages) };
    assert.deepEqual(await find(wiki, springfield), ["Lake/Springfield", 4]);
  });

  it("is found by a search when it says itself that it has that name", async () => {
    const munich = {
      displayName: "München",
      region: "Bayern",
      countryCode: "DE",
      location: { $typeName: "google.type.LatLng" as const, latitude: 48.137, longitude: 11.575 },
    };
    const page = (introduction: string): WikiOptions => ({
      pages: { Munich: { wikitext: text(introduction), at: [48.137, 11.575] } },
      nearby: ["Munich"],
      found: ["Munich"],
    });
    const named = page("'''Munich''' (German: ''München'') is the capital of Bavaria.");
    assert.deepEqual(await find(named, munich), ["Munich", 5]);
    served.server().reset();
    assert.deepEqual(await find(page("'''Munich''', on the way to [https://a.test München]."), munich), [
      "nothing",
      5,
    ]);
  });

  it("is the city's and not the country's of the same name", async () => {
    const luxembourg = {
      displayName: "Luxembourg",
      region: "Luxembourg",
      countryCode: "LU",
      location: { $typeName: "google.type.LatLng" as const, latitude: 49.61, longitude: 6.13 },
    };
    const country = { wikitext: text("A grand duchy.", "usablecountry"), at: [49.8, 6.1] } as const;
    const city = { wikitext: text("Its capital."), at: [49.61, 6.13] } as const;
    const both = { Luxembourg: country, "Luxembourg (city)": city };
    assert.deepEqual(await find({ pages: both }, luxembourg), ["Luxembourg (city)", 3]);
    served.server().reset();
    // An island or a city state has no other.
    assert.deepEqual(await find({ pages: { Luxembourg: country } }, luxembourg), ["Luxembourg", 2]);
  });

  it("lies where its own text says when it has no position", async () => {
    const geo = { Springfield: { wikitext: `${text("A city.")}{{geo|39.8|-89.6|zoom=12}}` } };
    assert.deepEqual(await find({ pages: geo }, springfield), ["Springfield", 1]);
    served.server().reset();
    const part = { Springfield: { wikitext: `${text("A city.")}{{IsPartOf|Central_Illinois}}` } };
    assert.deepEqual(await find({ pages: part }, springfield), ["Springfield", 1]);
    served.server().reset();
    const nowhere = { Springfield: { wikitext: text("A city.") } };
    assert.equal((await find({ pages: nowhere }, springfield))[0], "nothing");
  });

  it("is not asked for with characters that no title can have", async () => {
    const odd = { ...springfield, displayName: "Spring|field#[x]" };
    await find({ pages: {} }, odd);
    assert.equal(served.server().requests[0]?.url.searchParams.get("titles"), "Spring field x");
  });
});
