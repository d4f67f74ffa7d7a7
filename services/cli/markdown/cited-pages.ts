import type { Guide } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Citation } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { bareLink, escapeLine, escapeMarkdown, hostOf, link, safeUri } from "./escape.ts";

/** Pages are told apart by their address, data sets without one by provider and title. */
const pageOf = ({ provider, uri, title }: Citation): string =>
  safeUri(uri) === undefined ? `${provider} ${title}` : uri;

/**
 * The pages that a guide rests on. One that several things cite has a number and stands in the list of pages; one that
 * a single listing cites, such as its object on a map, is linked right there. So every citation stays, and the list stays
 * readable.
 */
export class CitedPages {
  readonly #useCounts = new Map<string, number>();
  readonly #numbered: Citation[] = [];
  /** By host: how many pages are linked at their entries, under which licence. */
  readonly #linked = new Map<string, { readonly count: number; readonly license: string }>();

  constructor(guide: Guide) {
    for (const { narratives, facts, listings, forecasts, contradictedListings } of guide.sections) {
      for (const { citations } of [...listings, ...contradictedListings]) this.#count(citations, 1);
      // What is no listing has no room for a link and counts as several.
      for (const { citations } of [...narratives, ...facts, ...forecasts]) this.#count(citations, 2);
    }
  }

  #count(citations: readonly Citation[], uses: number): void {
    for (const page of new Set(citations.map(pageOf)))
      this.#useCounts.set(page, (this.#useCounts.get(page) ?? 0) + uses);
  }

  /** Numbers of the shared pages among the citations of one thing, such as `[1][3]`. */
  numbers(citations: readonly Citation[]): string {
    return [...new Set(citations.filter((own) => !this.#isSingle(own)).map((own) => this.#number(own)))].join(
      "",
    );
  }

  /**
   * Links to the pages that only this thing cites.
   *
   * @param linked what is linked beside them, as `safeUri` writes it, and is not linked again
   */
  links(citations: readonly Citation[], linked: ReadonlySet<string> = new Set()): readonly string[] {
    const single = citations.filter((own) => this.#isSingle(own));
    // Several providers can tell of the same page.
    const firstOf = new Map(single.toReversed().map((own) => [pageOf(own), own]));
    return single
      .filter((own) => firstOf.get(pageOf(own)) === own)
      .flatMap((own) => {
        const made = this.#link(own);
        return linked.has(safeUri(own.uri) ?? "") ? [] : [made];
      });
  }

  #isSingle(citation: Citation): boolean {
    return safeUri(citation.uri) !== undefined && this.#useCounts.get(pageOf(citation)) === 1;
  }

  #number(citation: Citation): string {
    const known = this.#numbered.findIndex((other) => pageOf(other) === pageOf(citation));
    return `[${known === -1 ? this.#numbered.push(citation) : known + 1}]`;
  }

  #link({ uri, license }: Citation): string {
    const host = hostOf(uri);
    const known = this.#linked.get(host);
    this.#linked.set(host, { count: (known?.count ?? 0) + 1, license: known?.license ?? license });
    return link(host, uri);
  }

  /** The list of pages; to be called when everything has been marked. */
  render(): string {
    const numbered = this.#numbered.map(({ title, uri, license }, index) =>
      [
        `${index + 1}. ${escapeLine(title)}`,
        license === "" ? "" : ` (${escapeMarkdown(license)})`,
        bareLink(uri) === "" ? "" : `, ${bareLink(uri)}`,
      ].join(""),
    );
    const linked = [...this.#linked].map(
      ([host, { count, license }]) =>
        `- ${count} ${count === 1 ? "page" : "pages"} of ${escapeMarkdown(host)}${license === "" ? "" : ` (${escapeMarkdown(license)})`}, linked at ${count === 1 ? "its entry" : "their entries"}`,
    );
    if (numbered.length + linked.length === 0) return "";
    return ["## Where this comes from", numbered.join("\n"), linked.join("\n")]
      .filter((part) => part !== "")
      .join("\n\n");
  }
}
