import type { Random } from "../providers/world/random.ts";

/** Kinds of places with what another language calls them, as models mix languages. */
const KINDS: Readonly<Record<string, string>> = {
  museum: "Museu",
  museu: "Museum",
  church: "Igreja",
  igreja: "Church",
  castle: "Schloss",
  castelo: "Castle",
  park: "Parc",
  garden: "Giardino",
  theatre: "Teatro",
  gallery: "Galerie",
  tower: "Torre",
  torre: "Tower",
  market: "Mercado",
  mercado: "Market",
  bridge: "Ponte",
  palace: "Palais",
};

const withoutAccents = (title: string): string => title.normalize("NFKD").replaceAll(/[\u0300-\u036F]/g, "");

const ARTICLE = /^(?:The|O|A|Os|As|Das|Der|Die|Le|La|Il) /;

/** How else a place is written that stays the same place. Each gives the title back where it does not apply. */
const SPELLINGS = [
  (title: string) => title,
  withoutAccents,
  (title: string) => title.toUpperCase(),
  (title: string) => (ARTICLE.test(title) ? title.replace(ARTICLE, "") : `The ${title}`),
  (title: string) => title.replaceAll(/\b\p{L}+\b/gu, (word) => KINDS[word.toLowerCase()] ?? word),
  (title: string) => title.replaceAll("-", " ").replaceAll("’", "'"),
  (title: string) => title.replaceAll(" & ", " and ").replaceAll(" and ", " & "),
  // A letter doubled, or one of two: long names only, in short ones it makes another name.
  (title: string) => (title.length < 12 ? title : title.replace(/(?<=\p{L}{3})(\p{Ll})\1/u, "$1")),
] as const;

/** Spellings that need to know where, or in which script, the place is. */
export function spell(title: string, localName: string, city: string, random: Random): string {
  const choice = random.whole(0, SPELLINGS.length + 1);
  const spelling = SPELLINGS[choice];
  if (spelling !== undefined) return spelling(title);
  if (choice === SPELLINGS.length) return `${title} ${city}`;
  return localName === "" || localName === title ? title : `${title} (${localName})`;
}
