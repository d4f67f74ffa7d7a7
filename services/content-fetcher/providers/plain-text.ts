type Text = string | null | undefined;

/** Single spaces between the words, none around them; empty for what is not there. */
export const oneLine = (text: Text): string => text?.replaceAll(/\s+/g, " ").trim() ?? "";

/** A web address as it is written; empty when it is none. */
export const webUriOf = (text: Text): string => {
  const uri = text?.trim() ?? "";
  return /^https?:\/\/\S+$/i.test(uri) && URL.canParse(uri) ? uri : "";
};

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  nbsp: " ",
  quot: '"',
  "#39": "'",
};

/** On one line and without tags of HTML, which people paste where providers ask for text. */
export const plainText = (text: Text): string =>
  oneLine(
    text
      ?.replaceAll(/<\/?[a-z][^<>]*>/gi, " ")
      .replaceAll(/&(amp|apos|gt|lt|nbsp|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole),
  );
