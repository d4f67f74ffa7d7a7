const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** Shorter words have too many neighbours to guess from. */
const MIN_LENGTH = 4;
const MAX_LENGTH = 40;

/** Folded names that differ by one typing error: a letter left out, doubled, wrong, or two exchanged. */
export function oneEditAway(folded: string): string[] {
  if (folded.length < MIN_LENGTH || folded.length > MAX_LENGTH) return [];
  const variants = new Set<string>();
  for (let at = 0; at <= folded.length; at += 1) {
    const before = folded.slice(0, at);
    const after = folded.slice(at);
    if (after !== "") variants.add(before + after.slice(1));
    if (after.length > 1) variants.add(before + after.charAt(1) + after.charAt(0) + after.slice(2));
    for (const letter of LETTERS) {
      variants.add(before + letter + after);
      if (after !== "") variants.add(before + letter + after.slice(1));
    }
  }
  variants.delete(folded);
  return [...variants];
}
