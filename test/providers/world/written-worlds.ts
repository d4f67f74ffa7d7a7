import { readdirSync, readFileSync } from "node:fs";
import { CLIMATES } from "./climates.ts";
import { parseOsmLines, toArticle, type Article, type World } from "./world.ts";

const DATA = new URL("../data/", import.meta.url);
const BOSTON_SAMPLE = new URL("../../fixtures/wikivoyage/Boston.wikitext.txt", import.meta.url);
const SUFFIX = ".wikitext.txt";

/** Items in Wikidata that are certain; pages of districts have none here. */
const WIKIDATA: Readonly<Record<string, string>> = {
  Boston: "Q100",
  Lisbon: "Q597",
  Munich: "Q1726",
  Tokyo: "Q1490",
};

export interface WrittenWorlds {
  readonly worlds: readonly World[];
  readonly redirects: ReadonlyMap<string, string>;
  /** All written articles by title. */
  readonly pages: ReadonlyMap<string, Article>;
}

/**
 * The cities that were written by hand: `data/wikivoyage/{Title}.wikitext.txt`, their districts in a folder of the same
 * name, `data/wikivoyage/redirects.txt`, and `data/osm/{Title}.txt`. Boston's article is the recorded one.
 */
export function loadWrittenWorlds(): WrittenWorlds {
  const folder = new URL("wikivoyage/", DATA);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(SUFFIX))
    .map((path) => ({
      title: path.slice(0, -SUFFIX.length).normalize("NFC"),
      file: new URL(encodeURI(path), folder),
    }));
  const pages = new Map<string, Article>();
  for (const [index, { title, file }] of [{ title: "Boston", file: BOSTON_SAMPLE }, ...files].entries())
    pages.set(title, toArticle(title, readFileSync(file, "utf8"), 10_001 + index, WIKIDATA[title]));
  const worlds = Object.entries(CLIMATES).map(([title, climate], index): World => {
    const main = pages.get(title);
    if (main?.coordinates === undefined) throw new Error(`${title} has no article with {{geo}}`);
    return {
      title,
      latitude: main.coordinates.lat,
      longitude: main.coordinates.lon,
      climate,
      articles: new Map([...pages].filter(([name]) => name === title || name.startsWith(`${title}/`))),
      elements: parseOsmLines(readFileSync(new URL(`osm/${title}.txt`, DATA), "utf8"), index + 1),
    };
  });
  const redirects = new Map(
    readFileSync(new URL("redirects.txt", folder), "utf8")
      .split("\n")
      .flatMap((line): [string, string][] => {
        const [from, to] = line.split(" > ");
        return from !== undefined && to !== undefined ? [[from, to.trim()]] : [];
      }),
  );
  return { worlds, redirects, pages };
}
