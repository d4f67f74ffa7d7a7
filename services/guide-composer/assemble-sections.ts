import { assembleSection, type AssembledSection } from "./assemble/section.ts";
import { bearsWitness, namesPlaces } from "./assemble/verify/rests-on.ts";
import { createWitnesses, type Witnesses } from "./assemble/verify/witnesses.ts";
import type { Memos } from "./composition.ts";
import type { Plan, SettledContent } from "./plan.ts";
import type { SettledSection } from "./settle-sections.ts";

/** First that the contents of a section have settled, then, at once or later, what was made of them. */
export type SectionEvent =
  | { readonly type: "settled"; readonly settled: SettledSection }
  | {
      readonly type: "assembled";
      readonly settled: SettledSection;
      readonly result: AssembledSection;
      /** What it was made of. */
      readonly madeOf: readonly object[];
    };

/**
 * Assembles sections as they land. One in which a language model names places waits for all others, because these are
 * checked against the places of every section, and a verdict must not depend on who was faster.
 */
export async function* assembleSections(
  landing: AsyncIterable<SettledSection>,
  { guideName, resolved }: Plan,
  memos: Pick<Memos, "sections">,
): AsyncGenerator<SectionEvent> {
  const landed: SettledSection[] = [];
  const waiting: SettledSection[] = [];

  function assembled(settled: SettledSection, others: readonly SettledSection[]): SectionEvent {
    const { section } = settled;
    const contents = contentsOf(settled);
    const madeOf = contents.map(({ source }) => source);
    const known = others.flatMap(contentsOf);
    const things = [...madeOf, ...known.map(({ source }) => source)];
    const result = memos.sections.of(`${guideName} ${section.kind}`, things, () =>
      assembleSection(section, contents, resolved, known, () => witnesses(known)),
    );
    return { type: "assembled", settled, result, madeOf };
  }

  let shared: Witnesses | undefined;
  const witnesses = (all: readonly SettledContent[]): Witnesses =>
    (shared ??= createWitnesses(
      all.filter(bearsWitness).flatMap(({ content }) => content ?? []),
      resolved.destination,
    ));

  for await (const settled of landing) {
    landed.push(settled);
    yield { type: "settled", settled };
    if (contentsOf(settled).some(namesPlaces)) waiting.push(settled);
    else yield assembled(settled, []);
  }
  // In one order, whatever that of landing was.
  landed.sort((a, b) => a.section.kind - b.section.kind);
  for (const settled of waiting) yield assembled(settled, landed);
}

const contentsOf = ({ found }: SettledSection): SettledContent[] => found.map(({ settled }) => settled);
